import { clamp, type Watt } from '../../kernel/units.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import type { ModelRegisters } from './model-registers.js';
import { KEEPS_NO_TIMER, timer16, writtenAndReadBack } from './written.js';

const [CHARGE_BOUND, DISCHARGE_BOUND] = [1, 2] as const;
const CHARGE_AND_DISCHARGE_BOUND = 3;

/**
 * Holds a battery at a power by model 124: both its bounds are set to it, discharging at most `OutWRte` and charging at most
 * `InWRte`, of which the one against the direction is negative and so a floor. Both are percentages of WChaMax. The bounds
 * and their timer stand before the mode switches them on. ChaGriSet is left alone: whether the battery may charge from the
 * grid is its owner's to say. Without `leaseS` there is no timer, since something else ends it.
 */
export const powerByStorageControls = async (
  storage: ModelRegisters,
  powerW: Watt,
  leaseS: number | undefined,
): Promise<CommandOutcome> => {
  const { WChaMax: maxW } = await storage.read('WChaMax', 'OutWRte');
  if (!maxW) return { kind: 'refused', reason: 'the device does not tell WChaMax, which its power is a percentage of' };
  const stepPct = storage.stepOf('OutWRte');
  const wantedPct = Math.round(clamp((powerW / maxW) * 100, -100, 100) / stepPct) * stepPct;
  const beyond = Math.abs(powerW) > maxW + stepPct * (maxW / 100);
  return writtenAndReadBack(
    async () => {
      const timers = { InOutWRte_WinTms: 0, InOutWRte_RvrtTms: timer16(leaseS) };
      await storage.write({ OutWRte: wantedPct, InWRte: 0 - wantedPct, ...timers });
      await storage.write({ StorCtl_Mod: CHARGE_AND_DISCHARGE_BOUND });
    },
    async () => {
      const seen = await storage.read('StorCtl_Mod', 'OutWRte', 'InWRte', 'InOutWRte_RvrtTms');
      if (leaseS !== undefined && !seen.InOutWRte_RvrtTms) return KEEPS_NO_TIMER;
      const { OutWRte: outPct, InWRte: inPct } = seen;
      if (seen.StorCtl_Mod !== CHARGE_AND_DISCHARGE_BOUND || outPct === undefined || inPct === undefined)
        return { kind: 'refused', reason: 'the device did not switch its storage control on' };
      const asTold = Math.abs(outPct - wantedPct) < stepPct / 2 && Math.abs(inPct + wantedPct) < stepPct / 2;
      if (asTold && !beyond) return { kind: 'confirmed' };
      return { kind: 'clamped', readbackW: ((powerW < 0 ? 0 - inPct : outPct) / 100) * maxW };
    },
    () => releaseStorage(storage),
  );
};

/** Switches storage control off, opens both bounds and clears the timer; true once the device shows it. */
export const releaseStorage = async (storage: ModelRegisters): Promise<boolean> => {
  await storage.read('OutWRte');
  await storage.write({ StorCtl_Mod: 0 });
  await storage.write({ OutWRte: 100, InWRte: 100, InOutWRte_WinTms: 0, InOutWRte_RvrtTms: 0 });
  return !(await holdsStorage(storage));
};

/** The bounds of model 124 that are switched on and below its rating. */
export const shownStorage = async (storage: ModelRegisters): Promise<string | undefined> => {
  const { StorCtl_Mod: mode = 0, OutWRte: outPct = 100, InWRte: inPct = 100 } = await storage.read('StorCtl_Mod', 'OutWRte', 'InWRte');
  const bounds = [
    ...((mode & DISCHARGE_BOUND) !== 0 && outPct < 100 ? [`at most ${outPct} % out`] : []),
    ...((mode & CHARGE_BOUND) !== 0 && inPct < 100 ? [`at most ${inPct} % in`] : []),
  ];
  return bounds.length === 0 ? undefined : `a battery bound to ${bounds.join(' and ')}`;
};

/** Whether either bound of model 124 is switched on. */
export const holdsStorage = async (storage: ModelRegisters): Promise<boolean> => (await storage.read('StorCtl_Mod')).StorCtl_Mod !== 0;
