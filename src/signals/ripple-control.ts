import type { Watt } from '../kernel/units.js';

/** The usual contacts of a ripple-control receiver for generation, by what each leaves of the installed power, in percent. */
export const RIPPLE_STEPS_PCT = [100, 60, 30, 0] as const;
export type RippleStepPct = (typeof RIPPLE_STEPS_PCT)[number];

/**
 * The limit on generation that a receiver's closed contacts mean: the tightest of them. No contact at all means that the signal is
 * lost, which is `undefined` and never "no limit": the site's safe limit holds then (DESIGN §5.2).
 */
export const rippleLimitW = (closedPct: readonly RippleStepPct[], installedW: Watt): Watt | undefined =>
  closedPct.length === 0 ? undefined : (Math.min(...closedPct) / 100) * installedW;
