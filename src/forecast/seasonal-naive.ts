import type { Watt } from '../kernel/units.js';
import { type PowerSeries, type SlotCalendar, slotDaysBefore } from './history.js';

/**
 * Forecasts that repeat the past at the same time of the local day. Each looks only at slots before `issueSlot`: what had
 * not ended when the forecast was issued does not exist for it.
 */
export interface ForecastTask {
  readonly series: PowerSeries;
  /** Covers the history and the slots ahead; starts with the series. */
  readonly calendar: SlotCalendar;
  /** First slot that was not known when the forecast was issued. */
  readonly issueSlot: number;
}

export type NaiveModel = (task: ForecastTask, targetSlot: number) => Watt | undefined;

/** Values of the last `days` local days at the target's time of day that were known at issue, newest first. */
export const sameTimes = ({ series, calendar, issueSlot }: ForecastTask, targetSlot: number, days: number): Watt[] => {
  const known: Watt[] = [];
  for (let day = 1, looked = 0; looked < days; day += 1) {
    const slot = slotDaysBefore(calendar, targetSlot, day);
    if (slot < 0) break;
    if (slot >= issueSlot) continue;
    looked += 1;
    const value = series.values[slot];
    if (value !== undefined) known.push(value);
  }
  return known;
};

export const mean = (values: readonly number[]): number | undefined =>
  values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : undefined;

export const median = (values: readonly number[]): number | undefined => {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** The same time seven days before; fourteen, where the target is more than a week ahead. */
const lastWeek: NaiveModel = (task, targetSlot) => {
  for (const days of [7, 14]) {
    const slot = slotDaysBefore(task.calendar, targetSlot, days);
    if (slot >= 0 && slot < task.issueSlot) return task.series.values[slot];
  }
  return undefined;
};

/** Half the mean of the last seven days, which keeps the energy, half the median of fourteen, which forgets odd days. */
export const blend: NaiveModel = (task, targetSlot) => {
  const fortnight = sameTimes(task, targetSlot, 14);
  const week = mean(sameTimes(task, targetSlot, 7));
  const middle = median(fortnight);
  return week === undefined || middle === undefined ? middle : (week + middle) / 2;
};

export const NAIVE_MODELS: Readonly<Record<string, NaiveModel>> = {
  yesterday: (task, targetSlot) => sameTimes(task, targetSlot, 1)[0],
  'last-week': lastWeek,
  'mean-7d': (task, targetSlot) => mean(sameTimes(task, targetSlot, 7)),
  'median-14d': (task, targetSlot) => median(sameTimes(task, targetSlot, 14)),
  'seasonal-naive': blend,
};
