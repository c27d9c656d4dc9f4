import { DAY_MS, type Watt } from '../kernel/units.js';
import { type PowerSeries, type SlotCalendar, slotDaysBefore } from './history.js';
import { mean } from './seasonal-naive.js';

/** How a model did on forecasts of whole local days. Errors in W; `bias` is forecast less truth. */
export interface Score {
  readonly mae: number;
  readonly rmse: number;
  /** Mean absolute error as a multiple of that of "as a week ago" on the days before the test (Hyndman and Koehler 2006). */
  readonly mase: number;
  /** Mean absolute error at each day's two highest slots. */
  readonly top2: number;
  readonly bias: number;
  readonly slots: number;
}

/** One local day ahead: what was forecast and what came; a slot is absent where either is not known. */
export interface DayAhead {
  readonly forecastW: readonly (Watt | undefined)[];
  readonly actualW: readonly (Watt | undefined)[];
}

export const scoreOf = (days: readonly DayAhead[], scaleW: number): Score => {
  const pairs = days.map(({ forecastW, actualW }) =>
    actualW.flatMap((actual, slot) => {
      const forecast = forecastW[slot];
      return actual === undefined || forecast === undefined ? [] : [{ actual, error: forecast - actual }];
    }),
  );
  const errors = pairs.flat().map(({ error }) => error);
  const peaks = pairs.flatMap((day) => day.toSorted((a, b) => b.actual - a.actual).slice(0, 2)).map(({ error }) => Math.abs(error));
  const mae = mean(errors.map(Math.abs)) ?? NaN;
  return {
    mae,
    rmse: Math.sqrt(mean(errors.map((error) => error ** 2)) ?? NaN),
    mase: mae / scaleW,
    top2: mean(peaks) ?? NaN,
    bias: mean(errors) ?? NaN,
    slots: errors.length,
  };
};

/** Mean absolute error of "as a week ago" before a slot: what errors are measured against. */
export const weeklyNaiveErrorW = (series: PowerSeries, calendar: SlotCalendar, beforeSlot: number): number => {
  const errors: number[] = [];
  for (let slot = (7 * DAY_MS) / series.stepMs; slot < beforeSlot; slot += 1) {
    const now = series.values[slot];
    const then = series.values[slotDaysBefore(calendar, slot, 7)];
    if (now !== undefined && then !== undefined) errors.push(Math.abs(now - then));
  }
  return mean(errors) ?? NaN;
};
