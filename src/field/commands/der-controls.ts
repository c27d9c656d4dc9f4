import { clamp, type Watt } from '../../kernel/units.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import { limitOutcome, percentDown } from './immediate-limit.js';
import type { ModelRegisters } from './model-registers.js';
import { KEEPS_NO_TIMER, timer32, writtenAndReadBack } from './written.js';

const IN_WATTS = 1;

/**
 * Holds a battery at a power by model 704, in watts, positive out of the device. What it reverts to and when stands before
 * the power, and the power before it is enabled. It reverts to no setpoint at all, not to one of our choosing. Without `leaseS` it
 * does not revert by itself, since something else ends it.
 */
export const powerByDerControls = async (
  controls: ModelRegisters,
  capacity: ModelRegisters | undefined,
  powerW: Watt,
  leaseS: number | undefined,
): Promise<CommandOutcome> => {
  const rated = await capacity?.read('WChaRteMax', 'WDisChaRteMax');
  await controls.read('WSet');
  const stepW = controls.stepOf('WSet');
  const wantedW = Math.round(clamp(powerW, -(rated?.WChaRteMax ?? Infinity), rated?.WDisChaRteMax ?? Infinity) / stepW) * stepW;
  return writtenAndReadBack(
    async () => {
      await controls.write({ WSetRvrt: 0 });
      await controls.write({ WSetEnaRvrt: 0, WSetRvrtTms: timer32(leaseS) });
      await controls.write({ WSetMod: IN_WATTS, WSet: wantedW });
      await controls.write({ WSetEna: 1 });
    },
    async () => {
      const seen = await controls.read('WSetEna', 'WSetMod', 'WSet', 'WSetRvrtTms');
      if (leaseS !== undefined && !seen.WSetRvrtTms) return KEEPS_NO_TIMER;
      if (seen.WSetEna !== 1 || seen.WSetMod !== IN_WATTS || seen.WSet === undefined)
        return { kind: 'refused', reason: 'the device did not switch its setpoint on' };
      return Math.abs(seen.WSet - powerW) <= stepW ? { kind: 'confirmed' } : { kind: 'clamped', readbackW: seen.WSet };
    },
    () => releaseDerPower(controls),
  );
};

export const releaseDerPower = async (controls: ModelRegisters): Promise<boolean> => {
  await controls.write({ WSetEna: 0 });
  await controls.write({ WSetRvrtTms: 0 });
  return !(await holdsDerPower(controls));
};

export const holdsDerPower = async (controls: ModelRegisters): Promise<boolean> => (await controls.read('WSetEna')).WSetEna === 1;

/** The power of model 704 while it is on. */
export const shownDerPower = async (controls: ModelRegisters): Promise<string | undefined> => {
  const { WSetEna: enabled, WSetMod: mode, WSet: powerW, WSetPct: powerPct } = await controls.read('WSetEna', 'WSetMod', 'WSet', 'WSetPct');
  if (enabled !== 1) return undefined;
  return mode === IN_WATTS ? `a power of ${powerW} W` : `a power of ${powerPct} %`;
};

/**
 * Limits active power by model 704, in percent of WMax (model 702), in the same order as `powerByDerControls`. When its timer ends
 * the device goes over to `fallbackW`, and to no limit where there is none.
 */
export const limitByDerControls = async (
  controls: ModelRegisters,
  capacity: ModelRegisters,
  maxW: Watt,
  leaseS: number | undefined,
  fallbackW?: Watt,
): Promise<CommandOutcome> => {
  const { WMax, WMaxRtg } = await capacity.read('WMax', 'WMaxRtg');
  const ratedW = WMax ?? WMaxRtg;
  if (!ratedW) return { kind: 'refused', reason: 'the device does not tell WMax, which its limit is a percentage of' };
  await controls.read('WMaxLimPct');
  const stepPct = controls.stepOf('WMaxLimPct');
  const limitPct = percentDown(maxW, ratedW, stepPct);
  return writtenAndReadBack(
    async () => {
      const fallback =
        fallbackW === undefined
          ? { WMaxLimPctRvrt: 100, WMaxLimPctEnaRvrt: 0 }
          : { WMaxLimPctRvrt: percentDown(fallbackW, ratedW, stepPct), WMaxLimPctEnaRvrt: 1 };
      await controls.write({ ...fallback, WMaxLimPctRvrtTms: timer32(leaseS) });
      await controls.write({ WMaxLimPct: limitPct });
      await controls.write({ WMaxLimPctEna: 1 });
    },
    async () => {
      const seen = await controls.read('WMaxLimPctEna', 'WMaxLimPct', 'WMaxLimPctRvrtTms');
      if (leaseS !== undefined && !seen.WMaxLimPctRvrtTms) return KEEPS_NO_TIMER;
      return limitOutcome(seen.WMaxLimPctEna, seen.WMaxLimPct, limitPct, stepPct, ratedW);
    },
    () => releaseDerLimit(controls),
  );
};

export const releaseDerLimit = async (controls: ModelRegisters): Promise<boolean> => {
  await controls.write({ WMaxLimPctEna: 0 });
  await controls.write({ WMaxLimPctRvrtTms: 0 });
  return !(await holdsDerLimit(controls));
};

export const holdsDerLimit = async (controls: ModelRegisters): Promise<boolean> =>
  (await controls.read('WMaxLimPctEna')).WMaxLimPctEna === 1;

/** What `shownDerLimit` says once the timer of model 704 has ended, by what the device has stored for then. */
export const shownDerFallback = async (controls: ModelRegisters): Promise<string | undefined> => {
  const { WMaxLimPctEnaRvrt: enabled, WMaxLimPctRvrt: limitPct } = await controls.read('WMaxLimPctEnaRvrt', 'WMaxLimPctRvrt');
  return limitShown(enabled, limitPct);
};

const limitShown = (enabled: number | undefined, limitPct: number | undefined): string | undefined =>
  enabled === 1 && limitPct !== undefined && limitPct < 100 ? `a limit of ${limitPct} %` : undefined;

/** The limit of model 704 while it is on and below the rating. */
export const shownDerLimit = async (controls: ModelRegisters): Promise<string | undefined> => {
  const { WMaxLimPctEna: enabled, WMaxLimPct: limitPct } = await controls.read('WMaxLimPctEna', 'WMaxLimPct');
  return limitShown(enabled, limitPct);
};
