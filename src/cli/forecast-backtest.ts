import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { BRAIN_NETS } from '../forecast/adapters/brain-network.js';
import { backtest, type Backtest, scoreDays, testDays } from '../forecast/backtest.js';
import { seriesFromCsv, weatherFromCsv } from '../forecast/csv-history.js';
import type { PowerSeries } from '../forecast/history.js';
import type { LearningTask } from '../forecast/learning.js';
import { mixtureWeights } from '../forecast/market.js';
import { DEFAULT_EFFORT, type Stopwatch } from '../forecast/network.js';
import type { Score } from '../forecast/score.js';
import { QUANTITIES } from '../forecast/series-models.js';
import { BadInput, messageOf } from '../kernel/errors.js';
import type { Interval } from '../kernel/interval.js';
import { isZone } from '../kernel/local-day.js';
import { monotonicMs } from '../platform/clock.js';
import { backtestChart } from './forecast-chart.js';

interface BacktestOptions {
  csv: string;
  column: string;
  zone: string;
  quantity?: (typeof QUANTITIES)[number];
  weather?: string;
  testDays: string;
  seed: string;
  chart?: string;
  json?: boolean;
}

interface ModelScore extends Score {
  readonly name: string;
  /** What it took to learn and to forecast, all days together; of the mixture: of all models, and of what they are asked by. */
  readonly seconds: number;
}

const NOTES = `
The file has a header, a column start_utc (ISO 8601 with zone) and a column of mean powers in W, rows at an even step; what is below 0
counts as 0, since neither load nor sun can be.
A weather file has start_utc and at least one of temperature_c, irradiance_wm2, cloud_pct: what was forecast for each hour.

Issued at each local midnight with only what had ended by then, for the day that begins. MAE and MASE are of the median (P50); RMSE,
the error on each day's two highest hours (top2), the bias and the energy error of 17-21 h (evening, Wh) are of the mean. MASE is
in multiples of the MAE of "as a week ago" on the days before the test. Coverage is the share that lay from P10 to P90.

Example:
  vpp forecast backtest --csv home.csv --column load_w --zone Europe/Berlin --test-days 90 --chart home.svg`;

export const backtestCommand = (): Command =>
  new Command('backtest')
    .description('score the models on your own history: issued at each local midnight, for the next day')
    .requiredOption('--csv <file>', 'history')
    .option('--column <name>', 'column of mean powers in W', 'load_w')
    .requiredOption('--zone <zone>', 'IANA zone whose days count, such as Europe/Berlin')
    .addOption(new Option('--quantity <quantity>', 'what the column holds (default: pv where its name begins so)').choices(QUANTITIES))
    .option('--weather <file>', 'weather as it was forecast')
    .option('--test-days <days>', 'how many days at the end are the test', '90')
    .option('--seed <seed>', 'seed of the networks', '1')
    .option('--chart <file>', 'draw the last two weeks into a file, .svg or .html')
    .option('--json', 'answer in JSON')
    .addHelpText('after', NOTES)
    .action(run);

const wholeNumber = (text: string, name: string, least: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new BadInput(`--${name} must be a whole number from ${least} on, not "${text}"`);
  return value;
};

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw new BadInput(`${file}: can't be read: ${messageOf(error)}`);
  });

const run = async (options: BacktestOptions): Promise<void> => {
  const { zone, column, chart } = options;
  if (!isZone(zone)) throw new BadInput(`--zone "${zone}" is no IANA zone such as America/Los_Angeles`);
  if (chart !== undefined && !/\.(svg|html)$/.test(chart)) throw new BadInput(`--chart "${chart}": end it in .svg or .html`);
  if (chart !== undefined && !existsSync(dirname(chart))) throw new BadInput(`--chart "${chart}": there is no folder ${dirname(chart)}`);
  const count = wholeNumber(options.testDays, 'test-days', 1);
  const series = seriesFromCsv(await textOf(options.csv), column, options.csv);
  const days = testDays(series, zone, count);
  const task: LearningTask = {
    quantity: options.quantity ?? (column.startsWith('pv') ? 'pv' : 'load'),
    series,
    zone,
    seed: wholeNumber(options.seed, 'seed', 0),
    effort: DEFAULT_EFFORT,
    ...(options.weather ? { weather: weatherFromCsv(await textOf(options.weather), options.weather) } : {}),
  };
  const { timed, secondsOf } = stopwatch();
  const beganMs = monotonicMs();
  const result = backtest(task, days, { ...BRAIN_NETS, timed });
  const seconds = (monotonicMs() - beganMs) / 1_000;
  const mixture: ModelScore = { name: 'mixture', ...scoreDays(series, zone, days, result.mixture), seconds };
  const models = [...result.models].map(([name, ahead]): ModelScore => {
    return { name, ...scoreDays(series, zone, days, ahead), seconds: secondsOf(name) };
  });
  if (chart !== undefined) await writeFile(chart, backtestChart(result, days, series.stepMs, { file: chart, title: `${column}, ${zone}` }));
  print({ mixture, models, result, options, series, days });
};

const stopwatch = (): { timed: Stopwatch; secondsOf: (model: string) => number } => {
  const spentMs = new Map<string, number>();
  return {
    timed: (model, act) => {
      const beganMs = monotonicMs();
      const done = act();
      spentMs.set(model, (spentMs.get(model) ?? 0) + monotonicMs() - beganMs);
      return done;
    },
    secondsOf: (model) => (spentMs.get(model) ?? 0) / 1_000,
  };
};

interface Report {
  readonly mixture: ModelScore;
  readonly models: readonly ModelScore[];
  readonly result: Backtest;
  readonly options: BacktestOptions;
  readonly series: PowerSeries;
  readonly days: readonly Interval[];
}

const COLUMNS = ['mae', 'rmse', 'mase', 'top2', 'coverage', 'pinball', 'bias', 'eveningWh', 'seconds'] as const;
const HEADS: Partial<Record<(typeof COLUMNS)[number], string>> = { eveningWh: 'evening' };
const DIGITS: Partial<Record<(typeof COLUMNS)[number], number>> = { mase: 3, coverage: 3, seconds: 1 };

const print = ({ mixture, models, result, options, series, days }: Report): void => {
  const { csv, column, zone } = options;
  const weights = mixtureWeights(
    result.learnt,
    models.map(({ name }) => name),
  ).p50;
  if (options.json) {
    const range = { from: new Date(days[0]!.startMs).toISOString(), to: new Date(days.at(-1)!.endMs).toISOString() };
    console.log(JSON.stringify({ csv, column, zone, testDays: days.length, ...range, mixture, models, weights }, null, 2));
    return;
  }
  const step = series.stepMs / 60_000;
  console.log(
    `${column} of ${csv}, ${step}-minute steps, ${days.length} days from ${new Date(days[0]!.startMs).toISOString()}; errors in W\n`,
  );
  console.log(['model'.padEnd(18), ...COLUMNS.map((name) => (HEADS[name] ?? name).padStart(9)), '   weight'].join(''));
  for (const model of [mixture, ...models.toSorted((a, b) => a.mae - b.mae)]) {
    // A series that never changes has nothing that its errors could be a multiple of.
    const cell = (value: number | undefined, digits: number): string =>
      value === undefined ? '' : Number.isFinite(value) ? value.toFixed(digits) : '-';
    const cells = COLUMNS.map((name) => cell(model[name], DIGITS[name] ?? 0).padStart(9));
    console.log([model.name.padEnd(18), ...cells, (weights[model.name]?.toFixed(2) ?? '').padStart(9)].join(''));
  }
};
