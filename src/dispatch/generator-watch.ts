import type { GeneratorRating } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import type { GeneratorNow } from './generator-rules.js';

/** What a genset says of itself; see `generator.state`. */
export const GENERATOR_STATE = { warmingUp: 1, running: 2, failed: 4 } as const;

/** A warm-up that takes so much longer than rated has failed. */
const WARM_UP_GRACE_MS: DurationMs = 30 * SECOND_MS;
/** One that does not begin to warm up so long after its minimum down time is over has failed as well. */
const BEGIN_GRACE_MS: DurationMs = 90 * SECOND_MS;
const SHORTEST_REST_MS: DurationMs = MINUTE_MS;

/** A generator and the start that is under way, if any. */
export interface WatchedGenerator extends GeneratorNow {
  readonly failedStarts: number;
  readonly askedSinceMs?: EpochMs;
}

/**
 * Follows a start from the order to the word that it runs: it has to begin to warm up, and to be warm in time, from when on its minimum up time counts. A start that fails
 * is told, then the generator rests before it is tried again; one that runs has forgotten its failures. `asked`: it was told to run.
 */
export const watchGenerator = (
  known: WatchedGenerator | undefined,
  { state, asked }: { readonly state: number; readonly asked: boolean },
  rating: GeneratorRating,
  atMs: EpochMs,
): WatchedGenerator => {
  const running = state === GENERATOR_STATE.warmingUp || state === GENERATOR_STATE.running;
  const hasWarmedUp = known?.warmingSinceMs !== undefined && state === GENERATOR_STATE.running;
  const sinceMs = known && known.running === running && !hasWarmedUp ? known.sinceMs : known && atMs;
  const { failedStarts = 0, restUntilMs } = known ?? {};
  const ours = running && (asked || known?.isOurs) ? { isOurs: true as const } : {};
  const now = { running, sinceMs, failedStarts, ...ours, ...(restUntilMs === undefined || restUntilMs <= atMs ? {} : { restUntilMs }) };
  if (state === GENERATOR_STATE.running) return { running, sinceMs, failedStarts: 0, ...ours };
  if (!asked) return now;
  const askedSinceMs = known?.askedSinceMs ?? atMs;
  const warmingSinceMs = state === GENERATOR_STATE.warmingUp ? (known?.warmingSinceMs ?? atMs) : undefined;
  const lateMs =
    warmingSinceMs === undefined
      ? atMs - askedSinceMs - rating.minDownS * SECOND_MS - BEGIN_GRACE_MS
      : atMs - warmingSinceMs - rating.warmUpS * SECOND_MS - WARM_UP_GRACE_MS;
  if (state !== GENERATOR_STATE.failed && lateMs <= 0)
    return { ...now, askedSinceMs, ...(warmingSinceMs === undefined ? {} : { warmingSinceMs }) };
  const restMs = Math.max(SHORTEST_REST_MS, rating.minDownS * SECOND_MS);
  return { running, sinceMs, failedStarts: failedStarts + 1, restUntilMs: atMs + restMs };
};
