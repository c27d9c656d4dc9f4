import { BadInput } from '../kernel/errors.js';
import type { Interval } from '../kernel/interval.js';
import { addDays, type LocalDate, localDate, localDay, localTime } from '../kernel/local-day.js';
import { DAY_MS } from '../kernel/units.js';
import type { Distribution } from './distribution.js';
import { calendarOf, knownAt, type PowerSeries, seriesEndMs } from './history.js';
import { learn, type LearningTask, scored } from './learning.js';
import { materialOf, mixedForecasts, opinionsAhead } from './market.js';
import type { Nets } from './network.js';
import { type DayAhead, type Score, scoreOf, weeklyNaiveErrorW } from './score.js';
import type { SeriesModels } from './series-models.js';

/** The models learn anew so often; in between only the weights of the mixture move. */
const TRAIN_EVERY_DAYS = 28;

/** The last whole local days of a series, oldest first. */
export const testDays = (series: PowerSeries, zone: string, count: number): Interval[] => {
  const days: Interval[] = [];
  let date: LocalDate = localDate(zone, seriesEndMs(series) - 1);
  if (localDay(zone, date).endMs > seriesEndMs(series)) date = addDays(date, -1);
  for (; days.length < count; date = addDays(date, -1)) days.unshift(localDay(zone, date));
  const trainingMs = days[0]!.startMs - series.startMs;
  if (trainingMs < 28 * DAY_MS)
    throw new BadInput(
      `the history leaves ${Math.max(0, Math.floor(trainingMs / DAY_MS))} days before the ${count} days of the test; it takes 28: take fewer days for the test, or a longer history`,
    );
  return days;
};

/** The slots of a series that a day holds; days that do not begin on a slot begin with the next. */
const slotsIn = (series: PowerSeries, day: Interval): { first: number; count: number } => {
  const first = Math.ceil((day.startMs - series.startMs) / series.stepMs);
  return { first, count: Math.floor((day.endMs - series.startMs) / series.stepMs) - first };
};

export interface Backtest {
  /** What the mixture and, by name, each model forecast for each day, next to what came. */
  readonly mixture: readonly DayAhead[];
  readonly models: ReadonlyMap<string, readonly DayAhead[]>;
  /** What had been learnt by the last issue. */
  readonly learnt: SeriesModels;
}

/**
 * One forecast a day, issued at local midnight with only what had ended by then: the models learn before the first day and every four
 * weeks, the mixture from each day once it is over. `task.series` goes to the end of the last day.
 */
export const backtest = (task: LearningTask, days: readonly Interval[], nets: Nets): Backtest => {
  const { series, zone } = task;
  const mixture: DayAhead[] = [];
  const models = new Map<string, DayAhead[]>();
  let learnt: SeriesModels | undefined;
  days.forEach((day, index) => {
    const known = { ...task, series: knownAt(series, day.startMs), ...(learnt ? { models: learnt } : {}) };
    learnt = learnt && index % TRAIN_EVERY_DAYS > 0 ? scored(known, learnt, day.startMs, nets) : learn(known, nets);
    const { first, count } = slotsIn(series, day);
    const material = materialOf(known.series, zone, count, learnt, task.weather);
    const targets = Array.from({ length: count }, (_, slot) => first + slot);
    const opinions = opinionsAhead(material, learnt, known.series.values.length, targets, nets);
    const truth = {
      actualW: series.values.slice(first, first + count),
      hours: targets.map((slot) => localTime(zone, series.startMs + slot * series.stepMs).hour),
    };
    mixture.push({ ...truth, forecasts: mixedForecasts(learnt, opinions) });
    for (const name of new Set(opinions.flatMap((said) => Object.keys(said)))) {
      const forecasts: (Distribution | undefined)[] = opinions.map((said) => said[name]);
      models.set(name, [...(models.get(name) ?? []), { ...truth, forecasts }]);
    }
  });
  return { mixture, models, learnt: learnt! };
};

export const scoreDays = (series: PowerSeries, zone: string, days: readonly Interval[], ahead: readonly DayAhead[]): Score => {
  const { first } = slotsIn(series, days[0]!);
  const calendar = calendarOf(zone, series.startMs, series.stepMs, series.values.length);
  return scoreOf(ahead, weeklyNaiveErrorW(series, calendar, first), series.stepMs);
};
