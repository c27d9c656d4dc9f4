import type { MinimumTimes } from '../fleet/load-times.js';
import type { GeneratorRating } from '../fleet/plant.js';
import type { GeneratorCourse } from './generator-course.js';
import { clamp, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';

/** What is known of a generator: whether it turns, and since when. */
export interface GeneratorNow {
  readonly running: boolean;
  readonly sinceMs: EpochMs | undefined;
  /** We have told it to run since it does; who started it otherwise stops it. */
  readonly isOurs?: true;
  /** Starts that failed since it last ran, and until when it rests after the last of them. */
  readonly failedStarts?: number;
  readonly restUntilMs?: EpochMs;
  /** What it gives, and how fast that changes. */
  readonly course?: GeneratorCourse;
  /** Since when it warms up for a start of ours. */
  readonly warmingSinceMs?: EpochMs;
  /** What it was to give by the last decision, as soon as others have made room for it. */
  readonly comesToW?: Watt;
}

/** After so many failed starts in a row it stands until somebody has looked at it. */
export const MOST_FAILED_STARTS = 3;

export type GeneratorHold = 'min-up' | 'min-down' | 'rests' | 'failed';

/** What a hold is called on a decision. */
export const WHY_HELD: Readonly<Record<GeneratorHold, string>> = {
  'min-up': 'minimum up time',
  'min-down': 'minimum down time',
  rests: 'its start failed, and it rests before the next',
  failed: `${MOST_FAILED_STARTS} starts in a row failed`,
};

/**
 * Whether it may run, given that it should: minimum up and down times hold even against the plan. An unknown time since
 * the last change counts as long enough for a stop, and as too short for a start only while `sinceMs` says so.
 */
export const mayRun = (
  times: MinimumTimes,
  now: GeneratorNow,
  wanted: boolean,
  atMs: EpochMs,
): { run: boolean; heldBy?: GeneratorHold } => {
  if (!now.running && (now.failedStarts ?? 0) >= MOST_FAILED_STARTS) return wanted ? { run: false, heldBy: 'failed' } : { run: false };
  if (!now.running && wanted && now.restUntilMs !== undefined && atMs < now.restUntilMs) return { run: false, heldBy: 'rests' };
  if (now.running === wanted || now.sinceMs === undefined) return { run: wanted };
  const heldMs = (now.running ? times.minUpS : times.minDownS) * SECOND_MS;
  if (atMs - now.sinceMs >= heldMs) return { run: wanted };
  return now.running ? { run: true, heldBy: 'min-up' } : { run: false, heldBy: 'min-down' };
};

/** Whether its minimum up time is not over yet. */
export const isHeldOn = (times: MinimumTimes, now: GeneratorNow | undefined, atMs: EpochMs): boolean =>
  now?.running === true && mayRun(times, now, false, atMs).run;

/** A running generator between its minimum and its rating. */
export const generatorPower = (rating: GeneratorRating, wantedW: Watt): Watt => clamp(wantedW, rating.minW, rating.maxW);
