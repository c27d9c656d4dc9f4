import { HOUR_MS } from '../kernel/units.js';
import { quantileOf } from './distribution.js';
import { minuteOfDay, weekdayOf } from './history.js';
import { isWeekend, meanOf, sampleOf, type SlotView } from './seasonal-models.js';
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
      if (value !== undefined) usual.push(value - meanOf(sampleOf(viewOf(slot).past, 7)));
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
  const week = sampleOf(past, 7);
  const fortnight = sampleOf(past, 14).sort();
  const month = sampleOf(past, 28).sort();
  if (fortnight.length < 3) return undefined;
  const median = quantileOf(fortnight, 0.5);
  const weekMean = week.length > 0 ? meanOf(week) : median;
  const naiveW = (weekMean + median) / 2;
  const monthMean = meanOf(month);
  const means = around.map((one) => orElse(meanOf(sampleOf(one, 7)), weekMean));
  const spreadW = month.reduce((sum, value) => sum + Math.abs(value - monthMean), 0) / month.length;
  const scaleW = spreadW + 0.05 * monthMean + 0.05 * (means[0]! + means[1]!);
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
    (monthMean - naiveW) / scaleW,
    (orElse(kind, naiveW) - naiveW) / scaleW,
    (quantileOf(month, 0.1) - naiveW) / scaleW,
    (quantileOf(month, 0.9) - naiveW) / scaleW,
    (means[0]! - weekMean) / scaleW,
    (means[1]! - weekMean) / scaleW,
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
