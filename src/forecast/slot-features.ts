import { HOUR_MS } from '../kernel/units.js';
import { minuteOfDay, weekdayOf } from './history.js';
import { isWeekend, type SlotView } from './seasonal-models.js';
import type { ForecastTask } from './seasonal-naive.js';
import { type Weather, WEATHER_INPUTS, weatherInputs } from './weather.js';

/** What a learning model sees of one slot ahead. All but the clock are in multiples of `scaleW`, so that sites are alike. */
export interface SlotFeatures {
  readonly inputs: Float64Array;
  /** The naive blend that the model corrects: half the mean of seven days, which keeps the energy, half the median of fourteen. */
  readonly naiveW: number;
  /** How much this time of day has usually differed from day to day. */
  readonly scaleW: number;
}

/** How the last hours and the last day before an issue compared to what was usual; W. */
export interface IssueLevel {
  readonly lastHourW: number;
  readonly lastHoursW: number;
  readonly dayW: number;
  readonly weekW: number;
}

/** Surprises fade: a third is left of them after so many hours. */
const FADE_HOURS = 4;

const meanKnown = (values: readonly (number | undefined)[], from: number, to: number): number => {
  let [sum, count] = [0, 0];
  for (let slot = Math.max(0, from); slot < to; slot += 1) {
    const value = values[slot];
    if (value === undefined) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
};

const orZero = (value: number): number => (Number.isFinite(value) ? value : 0);

/** `viewOf` must be of the same issue: the usual is then never later than the issue either. */
export const issueLevel = ({ series: { values, stepMs }, issueSlot }: ForecastTask, viewOf: (slot: number) => SlotView): IssueLevel => {
  const perHour = Math.max(1, Math.round(HOUR_MS / stepMs));
  const surprise = (hours: number): number => {
    const usual: number[] = [];
    for (let slot = Math.max(0, issueSlot - hours * perHour); slot < issueSlot; slot += 1) {
      const value = values[slot];
      // Seen from its own slot the value itself is the last of its time of day; the week before it begins with the next.
      if (value !== undefined) usual.push(value - viewOf(slot).past.summary(7).mean);
    }
    return orZero(usual.reduce((a, b) => a + b, 0) / usual.length);
  };
  const day = meanKnown(values, issueSlot - 24 * perHour, issueSlot);
  const week = meanKnown(values, issueSlot - 168 * perHour, issueSlot);
  const month = meanKnown(values, issueSlot - 672 * perHour, issueSlot);
  return { lastHourW: surprise(1), lastHoursW: surprise(4), dayW: orZero(day - week), weekW: orZero(week - month) };
};

/** The row of one slot ahead; absent where there is no past at that time of day. */
export const slotFeatures = (view: SlotView, level: IssueLevel, weather?: Weather): SlotFeatures | undefined => {
  const { task, targetSlot, past, around } = view;
  if (past.sample(14).length < 3) return undefined;
  const month = past.summary(28);
  const median = past.summary(14).p50;
  const weekMean = orElse(past.summary(7).mean, median);
  const naiveW = (weekMean + median) / 2;
  const means = [orElse(around[0].summary(7).mean, weekMean), orElse(around[1].summary(7).mean, weekMean)] as const;
  const scaleW = spreadOf(past.sample(28), month.mean) + 0.05 * (month.mean + means[0] + means[1]);
  if (!(scaleW > 0)) return { inputs: new Float64Array(INPUTS), naiveW, scaleW: 0 };
  const lag = (values: Float64Array, index: number): number => (orElse(values[index]!, naiveW) - naiveW) / scaleW;
  const hoursAhead = ((targetSlot - task.issueSlot + 1) * task.series.stepMs) / HOUR_MS;
  const fade = Math.exp(-hoursAhead / FADE_HOURS);
  const kind = sameKind(view);
  const angle = (2 * Math.PI * minuteOfDay(task.calendar, targetSlot)) / 1_440;
  const weekday = weekdayOf(task.calendar, targetSlot);
  const inputs = Float64Array.of(
    lag(past.values, 0),
    lag(past.values, 1),
    lag(past.values, 2),
    lag(past.values, 7 - past.firstDay),
    lag(around[0].values, 0),
    lag(around[1].values, 0),
    (weekMean - naiveW) / scaleW,
    (month.mean - naiveW) / scaleW,
    (orElse(kind, naiveW) - naiveW) / scaleW,
    (month.p10 - naiveW) / scaleW,
    (month.p90 - naiveW) / scaleW,
    (means[0] - weekMean) / scaleW,
    (means[1] - weekMean) / scaleW,
    (level.lastHourW * fade) / scaleW,
    (level.lastHoursW * fade) / scaleW,
    level.dayW / scaleW,
    level.weekW / scaleW,
    naiveW / scaleW,
    Math.sin(angle),
    Math.cos(angle),
    Math.sin(2 * angle),
    Math.cos(2 * angle),
    weekday === 0 || weekday === 6 ? 1 : 0,
    weekday === 0 || weekday === 5 ? 1 : 0,
    hoursAhead / 24,
    ...weatherInputs(view, naiveW, scaleW, weather),
  );
  for (let index = 0; index < inputs.length; index += 1) inputs[index] = Math.max(-5, Math.min(5, inputs[index]!));
  return { inputs, naiveW, scaleW };
};

const INPUTS = 25 + WEATHER_INPUTS;

/** Mean distance from the mean. */
const spreadOf = (sample: Float64Array, mean: number): number => {
  let sum = 0;
  for (let index = 0; index < sample.length; index += 1) sum += Math.abs(sample[index]! - mean);
  return sum / sample.length;
};

const orElse = (value: number, other: number): number => (Number.isFinite(value) ? value : other);

/** Mean of the days of the target's kind, weekend or not, of four weeks. */
const sameKind = ({ task: { calendar }, targetSlot, past: { values, slots } }: SlotView): number => {
  const weekend = isWeekend(calendar, targetSlot);
  let [sum, count] = [0, 0];
  for (let index = 0; index < 28; index += 1) {
    if (Number.isNaN(values[index]!) || isWeekend(calendar, slots[index]!) !== weekend) continue;
    sum += values[index]!;
    count += 1;
  }
  return sum / count;
};
