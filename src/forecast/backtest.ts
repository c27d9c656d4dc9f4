import { BadInput } from '../kernel/errors.js';
import type { Interval } from '../kernel/interval.js';
import { addDays, type LocalDate, localDate, localDay } from '../kernel/local-day.js';
import { DAY_MS, type Watt } from '../kernel/units.js';
import { calendarOf, knownAt, type PowerSeries, seriesEndMs } from './history.js';
import { type DayAhead, type Score, scoreOf, weeklyNaiveErrorW } from './score.js';
import { type ForecastTask, NAIVE_MODELS } from './seasonal-naive.js';

export interface ModelScore extends Score {
  readonly name: string;
  readonly seconds: number;
}

/** The last whole local days of a series, oldest first. */
export const testDays = (series: PowerSeries, zone: string, count: number): Interval[] => {
  const days: Interval[] = [];
  let date: LocalDate = localDate(zone, seriesEndMs(series) - 1);
  if (localDay(zone, date).endMs > seriesEndMs(series)) date = addDays(date, -1);
  for (; days.length < count; date = addDays(date, -1)) days.unshift(localDay(zone, date));
  const trainingMs = days[0]!.startMs - series.startMs;
  if (trainingMs < 28 * DAY_MS)
    throw new BadInput(
      `the history leaves ${Math.max(0, Math.floor(trainingMs / DAY_MS))} days before the ${count} days of the test; it takes 28`,
    );
  return days;
};

/** The slots of a series that a day holds; days that do not begin on a slot begin with the next. */
const slotsIn = (series: PowerSeries, day: Interval): { first: number; count: number } => {
  const first = Math.ceil((day.startMs - series.startMs) / series.stepMs);
  return { first, count: Math.floor((day.endMs - series.startMs) / series.stepMs) - first };
};

/** What forecasts a day from what was known at its beginning. */
export type DayForecaster = (
  known: PowerSeries,
  day: Interval,
  slots: number,
) => readonly (Watt | undefined)[] | Promise<readonly (Watt | undefined)[]>;

/** One forecast a day, issued at local midnight with only what had ended by then. */
export const rollingOrigin = async (series: PowerSeries, days: readonly Interval[], forecast: DayForecaster): Promise<DayAhead[]> => {
  const ahead: DayAhead[] = [];
  for (const day of days) {
    const { first, count } = slotsIn(series, day);
    const forecastW = await forecast(knownAt(series, day.startMs), day, count);
    ahead.push({ forecastW, actualW: series.values.slice(first, first + count) });
  }
  return ahead;
};

/** A naive model as a forecaster of days. */
export const naiveForecaster = (name: string, zone: string): DayForecaster => {
  const model = NAIVE_MODELS[name]!;
  return (known, day, slots) => {
    const first = Math.ceil((day.startMs - known.startMs) / known.stepMs);
    const task: ForecastTask = {
      series: known,
      calendar: calendarOf(zone, known.startMs, known.stepMs, first + slots),
      issueSlot: known.values.length,
    };
    return Array.from({ length: slots }, (_, slot) => model(task, first + slot));
  };
};

export const scoreDays = (series: PowerSeries, zone: string, days: readonly Interval[], ahead: readonly DayAhead[]): Score => {
  const { first } = slotsIn(series, days[0]!);
  return scoreOf(ahead, weeklyNaiveErrorW(series, calendarOf(zone, series.startMs, series.stepMs, series.values.length), first));
};
