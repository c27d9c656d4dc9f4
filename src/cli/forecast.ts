import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { type DayForecaster, type ModelScore, naiveForecaster, rollingOrigin, scoreDays, testDays } from '../forecast/backtest.js';
import { seriesFromCsv } from '../forecast/csv-history.js';
import type { Forecaster } from '../forecast/forecaster.port.js';
import { knownAt, type PowerSeries } from '../forecast/history.js';
import type { StoredNetwork, TrainingEffort } from '../forecast/network.js';
import { NAIVE_MODELS } from '../forecast/seasonal-naive.js';
import { WorkerForecaster } from '../forecast/worker-forecaster.js';
import { BadInput, messageOf } from '../kernel/errors.js';
import type { Interval } from '../kernel/interval.js';
import { isZone } from '../kernel/local-day.js';
import { monotonicMs } from '../platform/clock.js';

interface BacktestOptions {
  csv: string;
  column: string;
  zone: string;
  testDays: string;
  seed: string;
  json?: boolean;
}

/** A backtest has a year to learn from, and time. */
const EFFORT: TrainingEffort = { nets: 4, hidden: 12, epochs: 20, maxRows: 9_000 };
/** The network learns anew so often. */
const TRAIN_EVERY_DAYS = 30;

const EXAMPLE = `
The file has a header, a column start_utc (ISO 8601 with zone) and a column of mean powers in W, rows at an even step.

Example:
  vpp forecast backtest --csv home.csv --column load_w --zone Europe/Berlin --test-days 90`;

/** `vpp forecast …` */
export const forecastCommand = (): Command => {
  const command = new Command('forecast').description('forecasts of demand and sun');
  command
    .command('backtest')
    .description('score the models on your own history: issued at each local midnight, for the next day')
    .requiredOption('--csv <file>', 'history')
    .option('--column <name>', 'column of mean powers in W', 'load_w')
    .requiredOption('--zone <zone>', 'IANA zone whose days count, such as Europe/Berlin')
    .option('--test-days <days>', 'how many days at the end are the test', '90')
    .option('--seed <seed>', 'seed of the networks', '1')
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXAMPLE)
    .action(backtest);
  return command;
};

const wholeNumber = (text: string, name: string, least: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new BadInput(`--${name} must be a whole number from ${least} on, not "${text}"`);
  return value;
};

const backtest = async (options: BacktestOptions): Promise<void> => {
  const { zone } = options;
  if (!isZone(zone)) throw new BadInput(`--zone "${zone}" is no IANA zone such as America/Los_Angeles`);
  const days = wholeNumber(options.testDays, 'test-days', 1);
  const seed = wholeNumber(options.seed, 'seed', 0);
  const text = await readFile(options.csv, 'utf8').catch((error: unknown) => {
    throw new BadInput(`${options.csv}: can't be read: ${messageOf(error)}`);
  });
  const series = seriesFromCsv(text, options.column, options.csv);
  const test = testDays(series, zone, days);
  const networks = new WorkerForecaster();
  try {
    const models: ModelScore[] = [];
    for (const name of Object.keys(NAIVE_MODELS)) models.push(await timed(name, series, zone, test, naiveForecaster(name, zone)));
    models.push(await timed('brain.js', series, zone, test, networkForecaster(networks, series, zone, test, seed)));
    print(models, options, series, test);
  } finally {
    await networks.close();
  }
};

const timed = async (name: string, series: PowerSeries, zone: string, days: Interval[], forecaster: DayForecaster): Promise<ModelScore> => {
  const beganMs = monotonicMs();
  const ahead = await rollingOrigin(series, days, forecaster);
  return { name, ...scoreDays(series, zone, days, ahead), seconds: (monotonicMs() - beganMs) / 1_000 };
};

const networkForecaster = (
  forecaster: Forecaster,
  all: PowerSeries,
  zone: string,
  days: readonly Interval[],
  seed: number,
): DayForecaster => {
  let network: StoredNetwork | undefined;
  return async (known, day, slots) => {
    if (days.indexOf(day) % TRAIN_EVERY_DAYS === 0)
      ({ network } = await forecaster.train({ series: knownAt(all, day.startMs), zone, seed, effort: EFFORT }));
    const ahead = {
      issuedAtMs: day.startMs,
      startMs: Math.ceil((day.startMs - known.startMs) / known.stepMs) * known.stepMs + known.startMs,
      slots,
    };
    const { powersW } = await forecaster.predict({ ...ahead, items: [{ series: known, zone, network }] });
    return powersW[0] ?? [];
  };
};

const COLUMNS = ['mae', 'rmse', 'mase', 'top2', 'bias', 'seconds'] as const;

const print = (models: readonly ModelScore[], options: BacktestOptions, series: PowerSeries, test: readonly Interval[]): void => {
  const range = { from: new Date(test[0]!.startMs).toISOString(), to: new Date(test.at(-1)!.endMs).toISOString() };
  if (options.json) {
    console.log(
      JSON.stringify({ csv: options.csv, column: options.column, zone: options.zone, testDays: test.length, ...range, models }, null, 2),
    );
    return;
  }
  const step = series.stepMs / 60_000;
  console.log(`${options.column} of ${options.csv}, ${step}-minute steps, ${test.length} days from ${range.from}; errors in W\n`);
  console.log(['model'.padEnd(16), ...COLUMNS.map((name) => name.padStart(9))].join(''));
  for (const model of models) {
    const cells = COLUMNS.map((name) => model[name].toFixed(name === 'mase' ? 3 : name === 'seconds' ? 2 : 0).padStart(9));
    console.log([model.name.padEnd(16), ...cells].join(''));
  }
};
