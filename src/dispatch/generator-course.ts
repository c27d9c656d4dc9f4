import type { GeneratorRating } from '../fleet/plant.js';
import { clamp, type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';

/** What a generator gave when it was last read, and how fast that changed since the reading before. */
export interface GeneratorCourse {
  readonly atMs: EpochMs;
  readonly powerW: Watt;
  readonly wPerS: number;
}

/** What is decided now stands until the next decision. */
const AHEAD_MS: DurationMs = SECOND_MS;
/** A change that was last seen so long ago tells nothing of the present. */
const STALE_AFTER_MS: DurationMs = 3 * SECOND_MS;

/** Its course with another reading; the same reading again changes nothing. */
export const courseWith = (before: GeneratorCourse | undefined, powerW: Watt, readAtMs: EpochMs): GeneratorCourse => {
  if (before && readAtMs <= before.atMs) return before;
  const wPerS = before ? ((powerW - before.powerW) * SECOND_MS) / (readAtMs - before.atMs) : 0;
  return { atMs: readAtMs, powerW, wPerS };
};

/**
 * By how much more, or less, it will give when the next decision is made, on its way to `toldW`: as fast as it was seen to change, and no faster
 * than its ramp. One that was not seen to move is not counted on, since it may not follow.
 */
export const comingW = (course: GeneratorCourse | undefined, toldW: Watt, { rampWPerS }: GeneratorRating, atMs: EpochMs): Watt => {
  if (!course || atMs - course.atMs > STALE_AFTER_MS) return 0;
  const openW = toldW - course.powerW;
  const movesW = (clamp(course.wPerS, -rampWPerS, rampWPerS) * AHEAD_MS) / SECOND_MS;
  return openW > 0 ? clamp(movesW, 0, openW) : clamp(movesW, openW, 0);
};
