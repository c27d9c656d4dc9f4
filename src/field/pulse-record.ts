import type { DurationMs, Watt } from '../kernel/units.js';
import type { CommandOutcome } from './drivers/device-driver.js';
import type { SiteSample, Trial } from './pulse-trial.js';

/** A stretch of a trial in which the device was told one thing, or left to itself. */
export interface Phase {
  readonly toldW: Watt | undefined;
  /** Just before it was told. */
  readonly beganAtMs: DurationMs;
  readonly samples: readonly SiteSample[];
}

/** The last setpoint, which nobody renewed. */
export interface LastPhase extends Phase {
  readonly registerFreeAtMs?: DurationMs;
  readonly endedAtMs: DurationMs;
}

export interface TrialRecord {
  readonly trial: Trial;
  readonly phases: readonly Phase[];
  readonly last?: LastPhase;
  /** Where the device did not take what it was told: then nothing more was tried. */
  readonly refusal?: Extract<CommandOutcome, { reason: string }>;
}
