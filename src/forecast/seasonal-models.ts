import { HOUR_MS } from '../kernel/units.js';
import { type Distribution, ofSample, quantileOf } from './distribution.js';
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
  const known = new Map<number, PastDays>();
  const pastOf = (slot: number): PastDays => {
    let past = known.get(slot);
    if (!past) known.set(slot, (past = clearW ? underSunOf(slot, pastDays(task, slot), clearW) : pastDays(task, slot)));
    return past;
  };
  return (targetSlot) => ({
    task,
    targetSlot,
    past: pastOf(targetSlot),
    around: [pastOf(targetSlot - perHour), pastOf(targetSlot + perHour)],
  });
};

/** The known ones of the first `days` values. */
export const sampleOf = ({ values }: PastDays, days: number): Float64Array => values.slice(0, days).filter((value) => value === value);

export const meanOf = (sample: Float64Array): number => sample.reduce((a, b) => a + b, 0) / sample.length;

/** What a model says of a slot; absent where it has nothing to go by. */
export type SlotModel = (view: SlotView) => Distribution | undefined;

/** Differences of values `days` apart over four weeks say how far a repeated value has usually been off. */
const repeated =
  (days: number): SlotModel =>
  ({ past: { values, firstDay } }) => {
    // The last day that is a whole number of `days` back and had ended.
    const back = Math.ceil(firstDay / days) * days - firstDay;
    const value = values[back]!;
    if (Number.isNaN(value)) return undefined;
    const misses: number[] = [];
    for (let index = 0; index < 28 && index + days < values.length; index += 1) {
      const miss = values[index]! - values[index + days]!;
      if (miss === miss) misses.push(miss);
    }
    if (misses.length < 7) return { mean: value, p10: value, p50: value, p90: value };
    const sorted = Float64Array.from(misses).sort();
    return { mean: value, p10: value + quantileOf(sorted, 0.1), p50: value, p90: value + quantileOf(sorted, 0.9) };
  };

/** The middle from the last `days`, how wide from four weeks around their own middle. */
const averaged =
  (days: number, middle: 'mean' | 'p50'): SlotModel =>
  ({ past }) => {
    const recent = sampleOf(past, days);
    if (recent.length === 0) return undefined;
    const value = ofSample(recent)[middle];
    const month = ofSample(sampleOf(past, 28));
    return { mean: value, p10: value + month.p10 - month[middle], p50: value, p90: value + month.p90 - month[middle] };
  };

/** What came on the last `days`, each as likely as another. */
const sampled =
  (days: number): SlotModel =>
  ({ past }) => {
    const sample = sampleOf(past, days);
    return sample.length < Math.min(days, 7) ? undefined : ofSample(sample);
  };

/** The same of the days of the target's kind, weekend or not, of eight weeks. */
const dayKind: SlotModel = ({ task: { calendar }, targetSlot, past: { values, slots } }) => {
  const weekend = isWeekend(calendar, targetSlot);
  const sample = values.filter((value, index) => value === value && isWeekend(calendar, slots[index]!) === weekend).slice(0, 20);
  return sample.length < 4 ? undefined : ofSample(sample);
};

/** The last three weeks with an hour before and after: rougher in time, but of three times as many values. */
const neighbourly: SlotModel = ({ past, around }) => {
  const sample = Float64Array.from([past, ...around].flatMap((one) => [...sampleOf(one, 21)]));
  return sample.length < 12 ? undefined : ofSample(sample);
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
