import { randomStream } from '../kernel/random.js';
import { DAY_MS, HOUR_MS } from '../kernel/units.js';
import { type FeatureRow, featureRow, type IssueState, issueState, scalingOf, standardise } from './features.js';
import { calendarOf, minuteOfDay, type PowerSeries, type SlotCalendar } from './history.js';
import type { NetworkWeights, StoredNetwork, TrainingEffort } from './network.js';
import type { ForecastTask } from './seasonal-naive.js';

/** How far ahead a forecast looks. */
export const HORIZON_HOURS = 36;
/** Days of past a row needs before its issue. */
const RUN_UP_DAYS = 7;
/** Fewer rows than this teach nothing. */
const LEAST_ROWS = 200;

export interface TrainingRow {
  readonly inputs: readonly number[];
  readonly target: number;
}

/** Trains one net on rows of standardised inputs and targets in (-1, 1); the same seed gives the same weights. */
export type NetTrainer = (rows: readonly TrainingRow[], effort: TrainingEffort, seed: number) => NetworkWeights;
/** The output of one net. */
export type NetRunner = (net: NetworkWeights) => (inputs: readonly number[]) => number;

interface Example {
  readonly issueSlot: number;
  readonly targetSlot: number;
  readonly row: FeatureRow;
  readonly residualW: number;
}

/**
 * Random moments of the past at which a forecast might have been issued, half of them local midnights, and for each a
 * slot up to the horizon ahead with what came. A row holds nothing later than its issue.
 */
export const examplesOf = (series: PowerSeries, zone: string, seed: number, maxRows: number): Example[] => {
  const calendar = calendarOf(zone, series.startMs, series.stepMs, series.values.length + 1);
  const perHour = HOUR_MS / series.stepMs;
  const firstIssue = (RUN_UP_DAYS * DAY_MS) / series.stepMs;
  const issues = series.values.length - firstIssue;
  if (issues <= 0) return [];
  const random = randomStream(seed);
  const states = new Map<number, IssueState>();
  const examples: Example[] = [];
  for (let attempt = 0; attempt < maxRows; attempt += 1) {
    let issueSlot = firstIssue + Math.floor(random() * issues);
    if (random() < 0.5) issueSlot = Math.max(firstIssue, midnightBefore(calendar, issueSlot));
    const targetSlot = issueSlot + Math.floor(random() * HORIZON_HOURS * perHour);
    const actualW = series.values[targetSlot];
    if (actualW === undefined) continue;
    const task: ForecastTask = { series, calendar, issueSlot };
    let state = states.get(issueSlot);
    if (!state) states.set(issueSlot, (state = issueState(task)));
    const row = featureRow(task, state, targetSlot);
    if (row) examples.push({ issueSlot, targetSlot, row, residualW: actualW - row.naiveW });
  }
  return examples;
};

const midnightBefore = (calendar: SlotCalendar, slot: number): number =>
  slot - Math.floor((minuteOfDay(calendar, slot) * 60_000) / calendar.stepMs);

/**
 * Fits the mean of a few nets to what the naive blend misses. How far their correction is to be believed is learnt first,
 * with one net that has not seen the last fifth of the history. Undefined with too little to learn from.
 */
export const fitNetwork = (
  series: PowerSeries,
  zone: string,
  seed: number,
  effort: TrainingEffort,
  trainer: NetTrainer,
  runner: NetRunner,
): { network: StoredNetwork; rowsUsed: number } | undefined => {
  const examples = examplesOf(series, zone, seed, effort.maxRows);
  if (examples.length < LEAST_ROWS) return undefined;
  const splitSlot = Math.floor(series.values.length * 0.8);
  const early = examples.filter(({ targetSlot }) => targetSlot < splitSlot);
  const late = examples.filter(({ issueSlot }) => issueSlot >= splitSlot);
  const trust = trustIn(fitOn(early, series.stepMs, 1, seed, effort, trainer), late, runner);
  const network = { ...fitOn(examples, series.stepMs, trust > 0 ? effort.nets : 1, seed + 1, effort, trainer), trust };
  return { network, rowsUsed: examples.length };
};

const fitOn = (
  examples: readonly Example[],
  stepMs: number,
  nets: number,
  seed: number,
  effort: TrainingEffort,
  trainer: NetTrainer,
): StoredNetwork => {
  const scaling = scalingOf(examples.map(({ row }) => row.inputs));
  const squares = examples.reduce((sum, { residualW }) => sum + residualW ** 2, 0);
  const residualScaleW = 2.5 * Math.sqrt(squares / Math.max(1, examples.length)) || 1;
  const rows = examples.map(({ row, residualW }) => ({
    inputs: standardise(row.inputs, scaling),
    target: Math.max(-0.95, Math.min(0.95, residualW / residualScaleW)),
  }));
  const trained = Array.from({ length: nets }, (_, net) => trainer(rows, effort, seed + 1_000 * net));
  return { version: 1, stepMs, scaling, residualScaleW, trust: 1, nets: trained };
};

/** The share of the correction with the least absolute error on examples the net has not seen; 0 where none of it helps. */
const trustIn = (network: StoredNetwork, unseen: readonly Example[], runner: NetRunner): number => {
  const correct = corrector(network, runner);
  const corrected = unseen.map(({ row, residualW }) => ({ correctionW: correct(row.inputs), residualW }));
  let best = { share: 0, error: Infinity };
  for (let share = 0; share <= 1.0001; share += 0.1) {
    const error = corrected.reduce((sum, { correctionW, residualW }) => sum + Math.abs(residualW - share * correctionW), 0);
    if (error < best.error) best = { share, error };
  }
  return corrected.length > 0 ? Math.min(1, best.share) : 0;
};

const corrector = (network: StoredNetwork, runner: NetRunner): ((inputs: readonly number[]) => number) => {
  const runs = network.nets.map(runner);
  return (inputs) => {
    const standard = standardise(inputs, network.scaling);
    return (network.trust * network.residualScaleW * runs.reduce((sum, run) => sum + run(standard), 0)) / runs.length;
  };
};

/**
 * Powers of `slots` slots from `startMs`, as they could be told when everything before `issuedAtMs` was known: the naive
 * blend with the network's correction, never below 0, and 0 where the past at that time of day was always 0 (night for
 * the sun). Undefined where some slot has no past to go by.
 */
export const predict = (
  series: PowerSeries,
  zone: string,
  network: StoredNetwork | undefined,
  ahead: { readonly issuedAtMs: number; readonly startMs: number; readonly slots: number },
  runner: NetRunner,
): number[] | undefined => {
  const firstSlot = Math.round((ahead.startMs - series.startMs) / series.stepMs);
  const issueSlot = Math.min(series.values.length, Math.floor((ahead.issuedAtMs - series.startMs) / series.stepMs));
  const calendar = calendarOf(zone, series.startMs, series.stepMs, firstSlot + ahead.slots + HOUR_MS / series.stepMs);
  const task: ForecastTask = { series, calendar, issueSlot };
  const state = issueState(task);
  const correct = network && network.trust > 0 && network.stepMs === series.stepMs ? corrector(network, runner) : () => 0;
  const powersW: number[] = [];
  for (let slot = firstSlot; slot < firstSlot + ahead.slots; slot += 1) {
    const row = featureRow(task, state, slot);
    if (!row) return undefined;
    const dark = row.naiveW === 0 && row.inputs[6] === 0;
    powersW.push(dark ? 0 : Math.max(0, row.naiveW + correct(row.inputs)));
  }
  return powersW;
};
