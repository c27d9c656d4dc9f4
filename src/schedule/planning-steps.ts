import { ceilTo, floorTo, type Interval, SLOT_MS } from '../kernel/interval.js';
import { type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';

/** Planning looks this far ahead. */
const HORIZON_MS = 36 * HOUR_MS;
/** Far-off detail only costs time: after this it goes by hours. */
const FINE_MS = 2 * HOUR_MS;
/** A step is not cut shorter than this. */
const SHORTEST_MS = 30 * SECOND_MS;

/**
 * The plan's steps from now on: what is left of the running quarter-hour, quarter-hours while the plan is likely to be executed
 * before it is made anew, then hours. Events, limits and overrides cut steps where they begin and end.
 */
export const planningSteps = (nowMs: EpochMs, cuts: readonly Interval[] = []): { startMs: EpochMs; stepMinutes: number[] } => {
  const startMs = floorTo(nowMs, SECOND_MS);
  const slotMs = floorTo(startMs, SLOT_MS);
  const endMs = slotMs + HORIZON_MS;
  const fineUntilMs = ceilTo(slotMs + FINE_MS, HOUR_MS);
  const edges = cuts.flatMap(({ startMs: fromMs, endMs: toMs }) => [fromMs, toMs]).filter((edgeMs) => edgeMs > startMs && edgeMs < endMs);
  for (let atMs = slotMs + SLOT_MS; atMs < endMs; atMs += atMs < fineUntilMs ? SLOT_MS : HOUR_MS) edges.push(atMs);
  edges.push(endMs);
  const stepMinutes: number[] = [];
  let fromMs = startMs;
  for (const edgeMs of edges.toSorted((a, b) => a - b)) {
    if (edgeMs - fromMs < SHORTEST_MS && edgeMs < endMs) continue;
    stepMinutes.push((edgeMs - fromMs) / MINUTE_MS);
    fromMs = edgeMs;
  }
  return { startMs, stepMinutes };
};
