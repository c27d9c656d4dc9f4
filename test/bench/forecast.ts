import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BRAIN_NETS } from '../../src/forecast/adapters/brain-network.js';
import { backtest, scoreDays, testDays } from '../../src/forecast/backtest.js';
import { seriesFromCsv } from '../../src/forecast/csv-history.js';
import { knownAt, type PowerSeries } from '../../src/forecast/history.js';
import { learn, type LearningTask } from '../../src/forecast/learning.js';
import { DEFAULT_EFFORT } from '../../src/forecast/network.js';
import type { Score } from '../../src/forecast/score.js';
import type { ForecastQuantity } from '../../src/forecast/series-models.js';
import { BadInput } from '../../src/kernel/errors.js';
import type { BenchOptions, BenchRow } from './bench-row.js';
import { fleetForecastRows } from './forecast-fleet.js';
import { syntheticSunRows } from './forecast-sun.js';

const ZONE = 'America/Los_Angeles';
const TEST_DAYS = 90;

/** Errors of others under the same protocol, from the README beside the homes; W. By home, the last of all eight summed. */
const REFERENCES = {
  load: {
    'best of the references': [582, 683, 366, 622, 357, 545, 396, 680, 2128],
    'gradient boosting': [753, 685, 366, 723, 357, 594, 423, 680, 2128],
    'top-2 of gradient boosting': [1289, 1462, 923, 1755, 952, 1456, 981, 1983, 4446],
    'pinball of 28 days': [142, 156, 94, 146, 92, 128, 106, 148, 539],
  },
  pv: { 'median of 14 days': [148, 104, 111, 118, 116, 124, 134, 115, 914] },
} as const;

interface HomeResult {
  readonly name: string;
  readonly meanW: number;
  readonly mixture: Score;
  readonly brain: Score;
  readonly trainS: number;
}

/** The bar of the forecast: the measured homes against the references, training and issuing times, and sun with a weather forecast. */
export const forecastBench = async ({ data }: BenchOptions): Promise<BenchRow[]> => {
  const files = homeFiles(join(data, 'homes'));
  const load = quantityResults('load', files);
  const sun = quantityResults('pv', files);
  return [...loadRows(load), ...sunRows(sun), ...syntheticSunRows(), ...(await fleetForecastRows())];
};

const homeFiles = (folder: string): string[] => {
  try {
    const files = readdirSync(folder).filter((file) => /^home-\d+\.csv$/.test(file));
    if (files.length !== 8) throw new BadInput(`${folder}: the references are of eight homes, and there are ${files.length}`);
    return files.toSorted().map((file) => join(folder, file));
  } catch (error) {
    throw error instanceof BadInput ? error : new BadInput(`--data: ${folder} can't be read`);
  }
};

const quantityResults = (quantity: ForecastQuantity, files: readonly string[]): HomeResult[] => {
  const all = files.map((file) => seriesFromCsv(readFileSync(file, 'utf8'), `${quantity}_w`, file));
  const named = [...all.map((series, index) => [`home-0${index + 1}`, series] as const), ['sum', summed(all)] as const];
  return named.map(([name, series]) => homeResult(name, quantity, series));
};

const summed = (all: readonly PowerSeries[]): PowerSeries => ({
  ...all[0]!,
  values: all[0]!.values.map((_, slot) => {
    const values = all.map((series) => series.values[slot]);
    return values.every((value) => value !== undefined) ? values.reduce((a, b) => a + b, 0) : undefined;
  }),
});

const homeResult = (name: string, quantity: ForecastQuantity, series: PowerSeries): HomeResult => {
  const task: LearningTask = { quantity, series, zone: ZONE, seed: 1, effort: DEFAULT_EFFORT };
  const days = testDays(series, ZONE, TEST_DAYS);
  const trainS = quantity === 'load' ? trainingSeconds(task, days[0]!.startMs) : 0;
  const result = backtest(task, days, BRAIN_NETS);
  const scores = (ahead: typeof result.mixture): Score => scoreDays(series, ZONE, days, ahead);
  const truth = result.mixture.flatMap(({ actualW }) => actualW).filter((powerW) => powerW !== undefined);
  const mixture = scores(result.mixture);
  process.stderr.write(`${name} ${quantity}: MAE ${mixture.mae.toFixed(1)} W\n`);
  return {
    name,
    meanW: truth.reduce((a, b) => a + b, 0) / truth.length,
    mixture,
    brain: scores(result.models.get('brain.js')!),
    trainS,
  };
};

const trainingSeconds = (task: LearningTask, untilMs: number): number => {
  const before = process.cpuUsage();
  learn({ ...task, series: knownAt(task.series, untilMs) }, BRAIN_NETS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const loadRows = (results: readonly HomeResult[]): BenchRow[] => {
  const reference = REFERENCES.load;
  const homes = results.slice(0, -1);
  const ratios = (pick: (result: HomeResult) => number, by: readonly number[]): number[] => homes.map((home, i) => pick(home) / by[i]!);
  const mae = ratios(({ mixture }) => mixture.mae, reference['best of the references']);
  const pinball = ratios(({ mixture }) => mixture.pinball, reference['pinball of 28 days']);
  const coverage = homes.map(({ mixture }) => 100 * mixture.coverage);
  const sum = results.at(-1)!;
  return [
    ...results.map(({ name, mixture, brain }, i) => ({
      what: `${name} load: MAE (best reference ${reference['best of the references'][i]}; brain.js ${brain.mae.toFixed(0)})`,
      value: mixture.mae,
      unit: 'W',
    })),
    { what: 'load: MAE as a ratio to the best reference of each home, average', value: mean(mae), unit: '', bound: 0.98 },
    { what: 'load: the same, worst home', value: Math.max(...mae), unit: '', bound: 1.03 },
    { what: 'load of the sum: MAE as a ratio to gradient boosting', value: sum.mixture.mae / 2128, unit: '', bound: 0.95 },
    {
      what: 'load: brain.js alone as a ratio to gradient boosting, average',
      value: mean(ratios(({ brain }) => brain.mae, reference['gradient boosting'])),
      unit: '',
      bound: 1.05,
    },
    {
      what: 'load: |bias| of the mean, average',
      value: mean(homes.map(({ mixture, meanW }) => (100 * Math.abs(mixture.bias)) / meanW)),
      unit: '% of load',
      bound: 5,
    },
    {
      what: 'load: top-2 error of the mean, average',
      value: mean(homes.map(({ mixture }) => mixture.top2)),
      unit: 'W',
      bound: Math.round(mean(reference['top-2 of gradient boosting'].slice(0, 8))),
    },
    { what: 'load: pinball as a ratio to quantiles of 28 days, average', value: mean(pinball), unit: '', bound: 0.95 },
    { what: 'load: the same, worst home', value: Math.max(...pinball), unit: '', bound: 1 },
    { what: 'load: P10-P90 coverage, average (76 to 84)', value: mean(coverage), unit: '%' },
    { what: 'load: coverage of the homes, lowest', value: Math.min(...coverage), unit: '%' },
    { what: 'load: coverage of the homes, highest', value: Math.max(...coverage), unit: '%' },
    { what: 'training one home’s year, longest', value: Math.max(...homes.map(({ trainS }) => trainS)), unit: 's of CPU', bound: 20 },
  ];
};

const sunRows = (results: readonly HomeResult[]): BenchRow[] => {
  const reference = REFERENCES.pv['median of 14 days'];
  const ratios = results.slice(0, -1).map(({ mixture }, i) => mixture.mae / reference[i]!);
  return [
    ...results.map(({ name, mixture, brain }, i) => ({
      what: `${name} sun: MAE (median of 14 days ${reference[i]}; brain.js ${brain.mae.toFixed(0)})`,
      value: mixture.mae,
      unit: 'W',
    })),
    { what: 'sun: MAE as a ratio to the median of 14 days, average', value: mean(ratios), unit: '', bound: 0.97 },
  ];
};
