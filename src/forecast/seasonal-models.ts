import { HOUR_MS } from '../kernel/units.js';
import { type Distribution, LEVEL, ofSample, quantileOf } from './distribution.js';
import { type SlotCalendar, weekdayOf } from './history.js';
import { type ClearSky, type PastDays, pastDays, underSunOf } from './past-days.js';
import type { ForecastTask } from './seasonal-naive.js';

/** What a slot ahead is forecast from: its own time of day on past days, and the same of the hours around it. */
export interface SlotView {
  readonly task: ForecastTask;
  readonly targetSlot: number;
  readonly past: PastDays;
  /** An hour earlier and an hour later. */
  readonly around: readonly [PastDays, PastDays];
}

/** Past days of a slot are asked for by the slots around it too; they are worked out once an issue. */
export const slotViews = (task: ForecastTask, clearW?: ClearSky): ((targetSlot: number) => SlotView) => {
  const perHour = Math.max(1, Math.round(HOUR_MS / task.series.stepMs));
  const plainOf = pastDays(task);
  const known = new Map<number, PastDays>();
  const pastOf = (slot: number): PastDays => {
    let past = known.get(slot);
    if (!past) known.set(slot, (past = clearW ? underSunOf(slot, plainOf(slot), clearW) : plainOf(slot)));
    return past;
  };
  return (targetSlot) => ({
    task,
    targetSlot,
    past: pastOf(targetSlot),
    around: [pastOf(targetSlot - perHour), pastOf(targetSlot + perHour)],
  });
};

/** What a model says of a slot; absent where it has nothing to go by. */
export type SlotModel = (view: SlotView) => Distribution | undefined;

/** A value, as wide as such values have missed; as sure as can be where too little is known of that. Sorts the misses. */
export const asWideAs = (value: number, misses: Float64Array): Distribution => {
  if (misses.length < 7) return { mean: value, p10: value, p50: value, p90: value };
  misses.sort();
  return { mean: value, p10: value + quantileOf(misses, LEVEL.p10), p50: value, p90: value + quantileOf(misses, LEVEL.p90) };
};

/** Differences of values `days` apart over four weeks say how far a repeated value has usually been off. */
const repeated =
  (days: number): SlotModel =>
  ({ past: { values, firstDay } }) => {
    // The last day that is a whole number of `days` back and had ended.
    const value = values[Math.ceil(firstDay / days) * days - firstDay]!;
    if (Number.isNaN(value)) return undefined;
    const misses = new Float64Array(28);
    let count = 0;
    for (let index = 0; index < misses.length; index += 1) {
      const miss = values[index]! - values[index + days]!;
      if (miss === miss) misses[count++] = miss;
    }
    return asWideAs(value, misses.subarray(0, count));
  };

/** The middle from the last `days`, how wide from four weeks around their own middle. */
const averaged =
  (days: number, middle: 'mean' | 'p50'): SlotModel =>
  ({ past }) => {
    const value = past.summary(days)[middle];
    if (Number.isNaN(value)) return undefined;
    const month = past.summary(28);
    return { mean: value, p10: value + month.p10 - month[middle], p50: value, p90: value + month.p90 - month[middle] };
  };

/** What came on the last `days`, each as likely as another. */
const sampled =
  (days: number): SlotModel =>
  ({ past }) =>
    past.sample(days).length < Math.min(days, 7) ? undefined : past.summary(days);

/** The same of the days of the target's kind, weekend or not, of eight weeks. */
const dayKind: SlotModel = ({ task: { calendar }, targetSlot, past: { values, slots } }) => {
  const weekend = isWeekend(calendar, targetSlot);
  const sample = new Float64Array(20);
  let count = 0;
  for (let index = 0; index < values.length && count < sample.length; index += 1) {
    const value = values[index]!;
    if (value === value && isWeekend(calendar, slots[index]!) === weekend) sample[count++] = value;
  }
  return count < 4 ? undefined : ofSample(sample.subarray(0, count));
};

/** The last three weeks with an hour before and after: rougher in time, but of three times as many values. */
const neighbourly: SlotModel = ({ past, around: [before, after] }) => {
  const [own, earlier, later] = [past.sample(21), before.sample(21), after.sample(21)];
  const sample = new Float64Array(own.length + earlier.length + later.length);
  if (sample.length < 12) return undefined;
  sample.set(own);
  sample.set(earlier, own.length);
  sample.set(later, own.length + earlier.length);
  return ofSample(sample);
};

export const isWeekend = (calendar: SlotCalendar, slot: number): boolean => {
  const weekday = weekdayOf(calendar, slot);
  return weekday === 0 || weekday === 6;
};

/** For the sun: the same, of past days as if the sun had stood as it will. */
export const CLEAR_SKY_MODELS: Readonly<Record<string, SlotModel>> = {
  'clear-sky-1d': repeated(1),
  'clear-sky-7d': averaged(7, 'mean'),
  'clear-sky-14d': averaged(14, 'p50'),
  'clear-sky-28d': sampled(28),
  'clear-sky-around': neighbourly,
};

/** Models that repeat the past at the same time of the local day. They have nothing to learn. */
export const SEASONAL_MODELS: Readonly<Record<string, SlotModel>> = {
  yesterday: repeated(1),
  'last-week': repeated(7),
  'mean-7d': averaged(7, 'mean'),
  'median-14d': averaged(14, 'p50'),
  'days-28': sampled(28),
  'day-kind': dayKind,
  'hours-around': neighbourly,
};
