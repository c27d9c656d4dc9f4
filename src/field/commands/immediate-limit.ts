import type { Watt } from '../../kernel/units.js';
import { scaled } from '../../registers/sunspec/model.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import type { ModelRegisters } from './model-registers.js';
import { KEEPS_NO_TIMER, timer16, writtenAndReadBack } from './written.js';

/**
 * Limits active power by model 123. The limit is a percentage of WMax (model 121), rounded down so that it is never above
 * what was asked; the timer stands before the limit is enabled, so that there is no moment at which it could stay for ever.
 * Without `leaseS` it has none, since something else ends it.
 */
export const limitByImmediateControls = async (
  controls: ModelRegisters,
  settings: ModelRegisters,
  maxW: Watt,
  leaseS: number | undefined,
): Promise<CommandOutcome> => {
  const { WMax: ratedW } = await settings.read('WMax');
  if (!ratedW) return { kind: 'refused', reason: 'the device does not tell WMax, which its limit is a percentage of' };
  await controls.read('WMaxLimPct');
  const stepPct = controls.stepOf('WMaxLimPct');
  const limitPct = percentDown(maxW, ratedW, stepPct);
  return writtenAndReadBack(
    async () => {
      await controls.write({ WMaxLimPct: limitPct, WMaxLimPct_WinTms: 0, WMaxLimPct_RvrtTms: timer16(leaseS) });
      await controls.write({ WMaxLim_Ena: 1 });
    },
    async () => {
      const seen = await controls.read('WMaxLimPct', 'WMaxLimPct_RvrtTms', 'WMaxLim_Ena');
      if (leaseS !== undefined && !seen.WMaxLimPct_RvrtTms) return KEEPS_NO_TIMER;
      return limitOutcome(seen.WMaxLim_Ena, seen.WMaxLimPct, limitPct, stepPct, ratedW);
    },
    () => releaseImmediateLimit(controls),
  );
};

/** Switches the limit of model 123 off and clears its timer; true once the device shows it. */
export const releaseImmediateLimit = async (controls: ModelRegisters): Promise<boolean> => {
  await controls.write({ WMaxLim_Ena: 0 });
  await controls.write({ WMaxLimPct_RvrtTms: 0 });
  return !(await holdsImmediateLimit(controls));
};

/** Whether the limit of model 123 is on. */
export const holdsImmediateLimit = async (controls: ModelRegisters): Promise<boolean> =>
  (await controls.read('WMaxLim_Ena')).WMaxLim_Ena === 1;

/** The limit of model 123 while it is on and below the rating. */
export const shownImmediateLimit = async (controls: ModelRegisters): Promise<string | undefined> => {
  const { WMaxLim_Ena: enabled, WMaxLimPct: limitPct } = await controls.read('WMaxLimPct', 'WMaxLim_Ena');
  return enabled === 1 ? limitShown(limitPct) : undefined;
};

/** What `shownImmediateLimit` will say once somebody has told it `maxW`. */
export const shownWhenTold = async (controls: ModelRegisters, settings: ModelRegisters, maxW: Watt): Promise<string | undefined> => {
  const { WMax: ratedW } = await settings.read('WMax');
  await controls.read('WMaxLimPct');
  const stepPct = controls.stepOf('WMaxLimPct');
  // As it is read back: 33 steps of 0.1 are 3.3, and not what multiplying makes of them.
  return ratedW ? limitShown(scaled(Math.round(percentDown(maxW, ratedW, stepPct) / stepPct), Math.log10(stepPct))) : undefined;
};

const limitShown = (limitPct: number | undefined): string | undefined =>
  limitPct !== undefined && limitPct < 100 ? `a limit of ${limitPct} %` : undefined;

/** `maxW` in percent of the rating, 0 to 100, on the step below. */
export const percentDown = (maxW: Watt, ratedW: Watt, stepPct: number): number => {
  const steps = Math.floor((Math.min(Math.max(maxW / ratedW, 0), 1) * 100) / stepPct + 1e-9);
  return steps * stepPct;
};

export const limitOutcome = (
  enabled: number | undefined,
  seenPct: number | undefined,
  limitPct: number,
  stepPct: number,
  ratedW: Watt,
): CommandOutcome => {
  if (enabled !== 1 || seenPct === undefined) return { kind: 'refused', reason: 'the device did not switch the limit on' };
  if (Math.abs(seenPct - limitPct) < stepPct / 2) return { kind: 'confirmed' };
  return { kind: 'clamped', readbackW: (seenPct / 100) * ratedW };
};
