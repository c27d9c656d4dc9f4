import { DAY_MS } from '../kernel/units.js';
import { type KnownRoof, learnRoof } from './clear-sky.js';
import { calendarOf, type PowerSeries, seriesEndMs } from './history.js';
import { learningRows, type Material, midnights } from './learning-rows.js';
import { materialOf, materials, opinionsAhead, scoredDay } from './market.js';
import { fitNetwork, type Nets, type StoredNetwork, type TrainingEffort, untimed } from './network.js';
import { fitRidge, type LearningRow } from './ridge.js';
import { type ForecastQuantity, generationsOf, modelsAt, type SeriesModels, untaught } from './series-models.js';
import type { Weather } from './weather.js';

/** With fewer days of history than this nothing is trained. */
export const DAYS_TO_LEARN = 14;
/** Days after which a walk through history trains for the first time, and how much longer each next stretch is. */
const FIRST_DAYS = 28;
const GROWTH = 1.5;

export interface LearningTask {
  readonly quantity: ForecastQuantity;
  readonly series: PowerSeries;
  readonly zone: string;
  readonly seed: number;
  readonly effort: TrainingEffort;
  readonly weather?: Weather;
  readonly roof?: KnownRoof;
  /** What had been learnt before; absent: the history is walked through from its start. */
  readonly models?: SeriesModels;
}

/**
 * Learns from a history up to its end. What had been learnt before is first held against what came since: each local midnight an
 * issue from what was known then, by models that had seen nothing later, scored by its day. Then the models are trained on. Without
 * earlier models the history is walked through in ever longer stretches in just this way, so that the weights of the mixture
 * rest on forecasts and never on fits. The same task gives the same models.
 */
export const learn = (task: LearningTask, nets: Nets): SeriesModels => {
  const { series } = task;
  const endMs = seriesEndMs(series);
  if (task.models?.stepMs === series.stepMs && task.models.quantity === task.quantity)
    return trained(task, scored(task, task.models, endMs, nets), endMs, nets);
  let models = untaught(task.quantity, series.stepMs, series.startMs, scaleOf(series));
  for (let days = FIRST_DAYS; days * DAY_MS < endMs - series.startMs; days *= GROWTH) {
    const untilMs = series.startMs + Math.round(days) * DAY_MS;
    models = trained(task, scored(task, models, untilMs, nets), untilMs, nets);
  }
  // The stretches of the walk have issued nothing.
  return { ...trained(task, scored(task, models, endMs, nets), endMs, nets), earlier: [] };
};

/** Scores whole local days that have ended since the last time. */
export const scored = (task: LearningTask, before: SeriesModels, untilMs: number, nets: Nets): SeriesModels => {
  const { series, zone, weather } = task;
  const slotOf = (atMs: number): number => Math.floor((atMs - series.startMs) / series.stepMs);
  const materialUnder = materials(series, zone, weather);
  const untilSlot = Math.min(slotOf(untilMs), series.values.length);
  const starts = midnights(calendarOf(zone, series.startMs, series.stepMs, series.values.length + 1), untilSlot + 1);
  let models = before;
  starts.slice(0, -1).forEach((startSlot, day) => {
    const endSlot = starts[day + 1]!;
    const startMs = series.startMs + startSlot * series.stepMs;
    if (startMs < models.scoredToMs || startMs < series.startMs + 7 * DAY_MS) return;
    const issuing = modelsAt(models, startMs);
    if (!issuing) return;
    const targets = Array.from({ length: endSlot - startSlot }, (_, slot) => startSlot + slot);
    const opinions = opinionsAhead(materialUnder(issuing), issuing, startSlot, targets, nets);
    models = scoredDay(models, opinions, series.values.slice(startSlot, endSlot), series.startMs + endSlot * series.stepMs);
  });
  return models;
};

/** Trains on everything before a moment, on from the weights there are. */
const trained = (task: LearningTask, before: SeriesModels, untilMs: number, nets: Nets): SeriesModels => {
  const { series, seed, effort, quantity } = task;
  const endSlot = Math.min(Math.floor((untilMs - series.startMs) / series.stepMs), series.values.length);
  const past = { ...series, values: series.values.slice(0, endSlot) };
  const roof = quantity === 'pv' ? (learnRoof(past, task.zone, task.roof, seed) ?? before.roof) : undefined;
  const models: SeriesModels = { ...before, ...(roof ? { roof } : {}), scaleW: before.scaleW > 0 ? before.scaleW : scaleOf(past) };
  const material = materialOf(past, task.zone, 0, models, task.weather);
  const rows = learningRows(material, endSlot, seed + endSlot, effort.maxRows);
  const fits = fitted(rows, effort, seed + endSlot, nets, before.network);
  return { ...models, ...fits, earlier: generationsOf(before), trainedToMs: series.startMs + endSlot * series.stepMs };
};

/** Ridge and network on rows, of one site or of many: rows are in multiples of their own scale. */
export const fitted = (
  rows: readonly LearningRow[],
  effort: TrainingEffort,
  seed: number,
  nets: Nets,
  warm?: StoredNetwork,
): Pick<SeriesModels, 'ridge' | 'network' | 'rowsUsed'> => {
  const { timed = untimed } = nets;
  const network = timed('brain.js', () => fitNetwork(rows, effort, seed, nets.train, warm)) ?? warm;
  return { ridge: timed('ridge', () => fitRidge(rows)), ...(network ? { network } : {}), rowsUsed: rows.length };
};

/** Mean distance of the known values from their mean; 1 where there is none, so that nothing is divided by 0. */
const scaleOf = ({ values }: PowerSeries): number => {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return 1;
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  return known.reduce((sum, value) => sum + Math.abs(value - mean), 0) / known.length || 1;
};

/** Rows of one site for a model that many share. */
export const rowsToShare = (task: LearningTask, models: SeriesModels, maxRows: number): LearningRow[] => {
  const material: Material = materialOf(task.series, task.zone, 0, models, task.weather);
  return learningRows(material, task.series.values.length, task.seed, maxRows);
};
