import { DAY_MS, HOUR_MS } from '../kernel/units.js';
import { minuteOfDay, slotDaysBefore, weekdayOf } from './history.js';
import { blend, type ForecastTask, mean, median, sameTimes } from './seasonal-naive.js';

/** What a network sees of one slot ahead, in watts and plain numbers; standardised before use. */
export interface FeatureRow {
  readonly inputs: readonly number[];
  /** The naive blend the network corrects; W. */
  readonly naiveW: number;
}

/** What is the same for every slot ahead of one issue: how the last hours compared to what was usual. */
export interface IssueState {
  readonly surpriseW: number;
  readonly dayLevelW: number;
}

const known = (task: ForecastTask, from: number, to: number): number[] =>
  task.series.values.slice(Math.max(0, from), Math.max(0, Math.min(to, task.issueSlot))).filter((value) => value !== undefined);

/** How far the last three hours lay above the week's mean at their times, and the last day above the last week. */
export const issueState = (task: ForecastTask): IssueState => {
  const { issueSlot, series } = task;
  const perHour = HOUR_MS / series.stepMs;
  const perDay = DAY_MS / series.stepMs;
  const surprises: number[] = [];
  for (let slot = Math.max(0, issueSlot - 3 * perHour); slot < issueSlot; slot += 1) {
    const value = series.values[slot];
    const usual = mean(sameTimes({ ...task, issueSlot: slot }, slot, 7));
    if (value !== undefined && usual !== undefined) surprises.push(value - usual);
  }
  const day = mean(known(task, issueSlot - perDay, issueSlot));
  const week = mean(known(task, issueSlot - 7 * perDay, issueSlot));
  return { surpriseW: mean(surprises) ?? 0, dayLevelW: day === undefined || week === undefined ? 0 : day - week };
};

/** Surprises fade: half is gone after about four hours. */
const FADE_HOURS = 6;

/** The row of one slot ahead, from nothing that ended after the issue; absent where there is no past at that time of day. */
export const featureRow = (task: ForecastTask, state: IssueState, targetSlot: number): FeatureRow | undefined => {
  const fortnight = sameTimes(task, targetSlot, 14);
  const naiveW = blend(task, targetSlot);
  if (naiveW === undefined || fortnight.length === 0) return undefined;
  const { calendar, issueSlot, series } = task;
  const perHour = HOUR_MS / series.stepMs;
  const hoursAhead = (targetSlot - issueSlot + 1) / perHour;
  const newest = fortnight[0]!;
  const week = mean(sameTimes(task, targetSlot, 7)) ?? naiveW;
  const weekBack = slotDaysBefore(calendar, targetSlot, 7);
  const lastWeek = weekBack >= 0 && weekBack < issueSlot ? (series.values[weekBack] ?? naiveW) : naiveW;
  const spread = Math.sqrt(mean(fortnight.map((value) => (value - week) ** 2)) ?? 0);
  const around = (hours: number): number => mean(sameTimes(task, targetSlot + Math.round(hours * perHour), 7)) ?? week;
  const angle = (2 * Math.PI * minuteOfDay(calendar, targetSlot)) / 1_440;
  const weekday = weekdayOf(calendar, targetSlot);
  return {
    naiveW,
    inputs: [
      naiveW,
      newest - naiveW,
      (fortnight[1] ?? newest) - naiveW,
      lastWeek - naiveW,
      week - naiveW,
      (median(fortnight) ?? naiveW) - naiveW,
      spread,
      around(-1) - week,
      around(1) - week,
      state.surpriseW * Math.exp(-hoursAhead / FADE_HOURS),
      state.dayLevelW,
      Math.sin(angle),
      Math.cos(angle),
      Math.sin(2 * angle),
      Math.cos(2 * angle),
      weekday === 0 || weekday === 6 ? 1 : 0,
      weekday === 0 ? 1 : 0,
      hoursAhead / 24,
    ],
  };
};

/** Mean and spread of each input over the training rows. */
export interface Scaling {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export const scalingOf = (rows: readonly (readonly number[])[]): Scaling => {
  const width = rows[0]?.length ?? 0;
  const means = Array.from({ length: width }, (_, column) => mean(rows.map((row) => row[column]!)) ?? 0);
  const deviation = means.map((centre, column) => Math.sqrt(mean(rows.map((row) => (row[column]! - centre) ** 2)) ?? 0) || 1);
  return { mean: means, deviation };
};

/** Inputs as multiples of their usual spread, cut at ±4 so that no odd reading carries a network away. */
export const standardise = (inputs: readonly number[], scaling: Scaling): number[] =>
  inputs.map((value, column) => Math.max(-4, Math.min(4, (value - scaling.mean[column]!) / scaling.deviation[column]!)));
