import { DAY_MS, HOUR_MS, type Watt } from '../kernel/units.js';
import { type Distribution, LEVEL, pinball } from './distribution.js';
import { type PowerSeries, type SlotCalendar, slotDaysBefore } from './history.js';

/**
 * How a model did on forecasts of whole local days. Each functional is held to its own loss: MAE and MASE are of the median, the others
 * but for the quantiles of the mean. Errors in W; `bias` is forecast less truth.
 */
export interface Score {
  readonly mae: number;
  readonly rmse: number;
  /** MAE as a multiple of that of "as a week ago" on the days before the test (Hyndman and Koehler, 2006). */
  readonly mase: number;
  /** Mean absolute error at each day's two highest hours. */
  readonly top2: number;
  readonly bias: number;
  /** Mean absolute error of a day's energy from 17 to 21 h; Wh. */
  readonly eveningWh: number;
  /** Mean of the pinball losses of P10 and P90. */
  readonly pinball: number;
  /** Share of what came that lay from P10 to P90. */
  readonly coverage: number;
  readonly slots: number;
}

/** One local day ahead: what was forecast and what came; a slot is absent where either is not known. */
export interface DayAhead {
  readonly forecasts: readonly (Distribution | undefined)[];
  readonly actualW: readonly (Watt | undefined)[];
  /** Local hour of each slot. */
  readonly hours: readonly number[];
}

interface Pair extends Distribution {
  readonly actual: number;
  readonly hour: number;
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

export const scoreOf = (days: readonly DayAhead[], scaleW: number, stepMs: number): Score => {
  const byDay = days.map(({ forecasts, actualW, hours }) =>
    actualW.flatMap((actual, slot): Pair[] => {
      const forecast = forecasts[slot];
      return actual === undefined || forecast === undefined ? [] : [{ ...forecast, actual, hour: hours[slot]! }];
    }),
  );
  const pairs = byDay.flat();
  const peaks = days.flatMap((day) =>
    hoursOf(day, stepMs)
      .toSorted((a, b) => b.actual - a.actual)
      .slice(0, 2),
  );
  const evenings = byDay.map((day) => day.filter(({ hour }) => hour >= 17 && hour < 21)).filter((evening) => evening.length > 0);
  const mae = meanOf(pairs.map(({ p50, actual }) => Math.abs(p50 - actual)));
  return {
    mae,
    rmse: Math.sqrt(meanOf(pairs.map(({ mean, actual }) => (mean - actual) ** 2))),
    mase: mae / scaleW,
    top2: meanOf(peaks.map(({ mean, actual }) => Math.abs(mean - actual))),
    bias: meanOf(pairs.map(({ mean, actual }) => mean - actual)),
    eveningWh: meanOf(
      evenings.map((evening) => Math.abs(evening.reduce((sum, { mean, actual }) => sum + mean - actual, 0) * stepMs) / HOUR_MS),
    ),
    pinball: meanOf(pairs.map(({ p10, p90, actual }) => (pinball(LEVEL.p10, p10, actual) + pinball(LEVEL.p90, p90, actual)) / 2)),
    coverage: meanOf(pairs.map(({ p10, p90, actual }) => (actual >= p10 && actual <= p90 ? 1 : 0))),
    slots: pairs.length,
  };
};

/** Means of the hours of a day whose slots are all known; of the slots themselves where they are longer. */
const hoursOf = ({ forecasts, actualW }: DayAhead, stepMs: number): { mean: number; actual: number }[] => {
  const perHour = Math.max(1, Math.round(HOUR_MS / stepMs));
  return Array.from({ length: Math.floor(actualW.length / perHour) }, (_, hour) => hour * perHour).flatMap((from) => {
    const actual = actualW.slice(from, from + perHour).filter((powerW) => powerW !== undefined);
    const ahead = forecasts.slice(from, from + perHour).filter((forecast) => forecast !== undefined);
    if (actual.length < perHour || ahead.length < perHour) return [];
    return [{ mean: meanOf(ahead.map(({ mean }) => mean)), actual: meanOf(actual) }];
  });
};

/** Mean absolute error of "as a week ago" before a slot: what errors are measured against. */
export const weeklyNaiveErrorW = (series: PowerSeries, calendar: SlotCalendar, beforeSlot: number): number => {
  const errors: number[] = [];
  for (let slot = (7 * DAY_MS) / series.stepMs; slot < beforeSlot; slot += 1) {
    const now = series.values[slot];
    const then = series.values[slotDaysBefore(calendar, slot, 7)];
    if (now !== undefined && then !== undefined) errors.push(Math.abs(now - then));
  }
  return meanOf(errors);
};
