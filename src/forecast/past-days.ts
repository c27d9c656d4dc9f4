import { type Distribution, LEVEL, quantileOf } from './distribution.js';
import { slotDaysBefore } from './history.js';
import type { ForecastTask } from './seasonal-naive.js';

/** How far back the same time of day is looked at. */
const PAST_DAYS = 56;

/** The same wall-clock time on the local days before a target, newest first, of what had ended at the issue. NaN: not known. */
export interface PastDays {
  readonly values: Float64Array;
  /** The slot of each value; negative before the history begins. */
  readonly slots: Int32Array;
  /** How many days before the target the first of them is: 1, or more where yesterday's had not ended at issue. */
  readonly firstDay: number;
  /** The known ones of the first `days` values, newest first. Shared: not to be changed. */
  readonly sample: (days: number) => Float64Array;
  /** What came on the first `days`, each as likely as another; all NaN where nothing is known. Worked out once. */
  readonly summary: (days: number) => Distribution;
}

const withSummaries = (values: Float64Array, slots: Int32Array, firstDay: number): PastDays => {
  const samples: Float64Array[] = [];
  const summaries: Distribution[] = [];
  const sample = (days: number): Float64Array => (samples[days] ??= knownOf(values, days));
  return { values, slots, firstDay, sample, summary: (days) => (summaries[days] ??= summaryOf(sample(days))) };
};

const knownOf = (values: Float64Array, days: number): Float64Array => {
  const known = new Float64Array(Math.min(days, values.length));
  let count = 0;
  for (let index = 0; index < known.length; index += 1) {
    const value = values[index]!;
    if (value === value) known[count++] = value;
  }
  return known.subarray(0, count);
};

const summaryOf = (sample: Float64Array): Distribution => {
  if (sample.length === 0) return { mean: NaN, p10: NaN, p50: NaN, p90: NaN };
  let sum = 0;
  for (let index = 0; index < sample.length; index += 1) sum += sample[index]!;
  const sorted = sample.slice().sort();
  return {
    mean: sum / sample.length,
    p10: quantileOf(sorted, LEVEL.p10),
    p50: quantileOf(sorted, LEVEL.p50),
    p90: quantileOf(sorted, LEVEL.p90),
  };
};

/**
 * What is known of each target's time of day; nothing that had not ended at the issue is in it. Two targets a day apart that are both
 * beyond the issue look back on the same days, so that these are gathered once.
 */
export const pastDays = ({ series, calendar, issueSlot }: ForecastTask): ((targetSlot: number) => PastDays) => {
  const byNewest = new Map<number, PastDays>();
  return (targetSlot) => {
    let firstDay = 1;
    let newest = slotDaysBefore(calendar, targetSlot, firstDay);
    while (newest >= issueSlot) newest = slotDaysBefore(calendar, targetSlot, (firstDay += 1));
    const same = byNewest.get(newest);
    // Where the clocks change in between, the days further back may not be the same.
    if (same && same.slots[PAST_DAYS - 1] === Math.max(-1, slotDaysBefore(calendar, targetSlot, firstDay + PAST_DAYS - 1)))
      return same.firstDay === firstDay ? same : { ...same, firstDay };
    const values = new Float64Array(PAST_DAYS).fill(NaN);
    const slots = new Int32Array(PAST_DAYS).fill(-1);
    for (let index = 0; index < PAST_DAYS; index += 1) {
      const slot = slotDaysBefore(calendar, targetSlot, firstDay + index);
      if (slot < 0) break;
      slots[index] = slot;
      values[index] = series.values[slot] ?? NaN;
    }
    const past = withSummaries(values, slots, firstDay);
    byNewest.set(newest, past);
    return past;
  };
};

/** A clear sky's power of a slot; W. */
export type ClearSky = (slot: number) => number;

/** Below this the sun's angle tells too little to carry one day over to another; W. */
const DUSK_W = 60;
/** The sun of longer ago is another one. */
const SUNNY_DAYS = 29;

/** The last four weeks as if the sun had stood as it will in the target's slot: what is left of their difference is the sky's. */
export const underSunOf = (targetSlot: number, past: PastDays, clearW: ClearSky): PastDays => {
  const thereW = clearW(targetSlot);
  if (thereW < DUSK_W) return past;
  const values = past.values.slice();
  for (let index = 0; index < SUNNY_DAYS; index += 1) {
    if (past.slots[index]! < 0) break;
    const thenW = clearW(past.slots[index]!);
    if (thenW >= DUSK_W) values[index]! *= Math.max(0.5, Math.min(2, thereW / thenW));
  }
  return withSummaries(values, past.slots, past.firstDay);
};
