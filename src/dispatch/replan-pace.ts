import { type DurationMs, type EpochMs, SECOND_MS } from '../kernel/units.js';

/** What comes and goes so soon after a plan is gathered for the next one. */
const GATHERED_MS: DurationMs = 20 * SECOND_MS;
/** Plans for what comes and goes take at most this share of the time, however large the fleet is. */
export const PLANNING_SHARE = 0.2;

export interface LastPlan {
  readonly endedAtMs: EpochMs;
  readonly tookMs: DurationMs;
}

/** From when on a car that comes or goes is worth a new plan: the first after a quiet time at once, those after it together. */
export const mayReplanFromMs = ({ endedAtMs, tookMs }: LastPlan): EpochMs =>
  endedAtMs + Math.max(GATHERED_MS, tookMs * (1 / PLANNING_SHARE - 1));
