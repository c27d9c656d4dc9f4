import { basename } from 'node:path';
import { Command } from 'commander';
import { BadInput } from '../../kernel/errors.js';
import { isZone } from '../../kernel/local-day.js';
import { DAY_MS } from '../../kernel/units.js';
import { type Config, configOf } from '../../platform/config.js';
import { Progress } from '../progress.js';
import { readFleet } from '../serve-fleet.js';
import { readCsv } from './csv-rows.js';
import { type ImportColumn, parseColumns } from './import-columns.js';
import { type ImportReport, ImportTally, reportLines } from './import-report.js';
import { type Importer, PlantImporter, StoreImporter } from './importer.js';
import type { FileRow, SortedRows } from './sorted-rows.js';

interface ImportOptions {
  readonly csv: string;
  readonly device: string;
  readonly column: readonly string[];
  readonly unit: readonly string[];
  readonly time?: string;
  readonly zone?: string;
  readonly fleet?: string;
  readonly plant?: string;
  readonly means?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Few enough that a plant which takes them polls and dispatches on time beside it. */
const BATCH_ROWS = 500;

const HELP = `
The file has a header. A time is ISO 8601 with an offset, seconds or milliseconds since 1970, or a local time with --zone.
Powers are positive into the site's bus: import, sun, discharge. Rows go through the same gate as live readings; what is stored
already is never written over, and what the plant measures itself is not filled in. Running it again stores nothing twice.
A file with a column "device", such as an export of several, is read for this one alone.

Examples:
  vpp telemetry import --csv home.csv --device anna-meter --column grid.powerW=load_w --means --fleet my-fleet.yaml --dry-run
  vpp telemetry import --csv inverter.csv --device anna-pv --time Zeit --zone Europe/Berlin --unit kW --unit kWh --column pv.powerW=P --column pv.toBusCounterWh=E
  vpp telemetry import --csv battery.csv --device anna-battery --column battery.powerW=-charge_w --plant http://127.0.0.1:8080

Exit code: 0 some values are stored or were known, 1 none of them could be taken, 2 the file or an option can't be used.`;

const each = (value: string, all: readonly string[] = []): string[] => [...all, value];

export const importCommand = (): Command =>
  new Command('import')
    .description('bring in readings from a CSV file: history, for forecasts to learn from; it is neither paid nor proven')
    .requiredOption('--csv <file>', 'the file')
    .requiredOption('--device <id>', 'the device of the fleet file that the readings are of')
    .requiredOption('--column <quantity=column>', 'what a column holds, as grid.powerW=load_w; once for each; -column turns its sign', each)
    .option('--unit <unit>', 'unit of the powers (W, kW) and of the counters (Wh, kWh); once for each', each, [])
    .option('--time <column>', 'the column of times; without it time, start_utc, timestamp, datetime or date_time')
    .option('--zone <zone>', 'IANA zone of local times')
    .option('--means', 'a row is the mean of the time up to the next: it stands for the middle of that')
    .option('--fleet <file>', 'the fleet file (VPP_FLEET)')
    .option('--plant <url>', 'go through the plant that runs there, as VPP_USER with VPP_PASSWORD')
    .option('--dry-run', 'say what would be stored, and store nothing')
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action(importFile);

const importFile = async (options: ImportOptions): Promise<void> => {
  const { csv: file, device: deviceId, zone, time } = options;
  const columns = parseColumns(options.column, options.unit);
  if (zone !== undefined && !isZone(zone)) throw new BadInput(`--zone "${zone}" is no IANA zone such as Europe/Berlin`);
  const config = configOf({ ...process.env, ...(options.fleet === undefined ? {} : { VPP_FLEET: options.fleet }) });
  const progress = new Progress();
  const tally = new ImportTally();
  const importer = await importerOf(config, options);
  try {
    const rows = await readCsv({ file, columns, timeColumn: time, zone, deviceId }, tally, progress);
    try {
      const report = tally.report(await bring(rows, importer, { ...options, columns, tally, progress }));
      progress.clear();
      print(report, options);
      if (report.stored + report.known === 0) process.exitCode = 1;
    } finally {
      rows.close();
    }
  } finally {
    progress.clear();
    await importer.close();
  }
};

const importerOf = (config: Config, { plant, dryRun }: ImportOptions): Promise<Importer> =>
  plant === undefined ? StoreImporter.open(config, readFleet(config).plant, dryRun === true) : PlantImporter.login(plant, config);

interface Bringing extends ImportOptions {
  readonly columns: readonly ImportColumn[];
  readonly tally: ImportTally;
  readonly progress: Progress;
}

const bring = async (
  rows: SortedRows,
  importer: Importer,
  { csv, device, means, dryRun, columns, tally, progress }: Bringing,
): Promise<number> => {
  const request = { deviceId: device, readingPeriodMs: Math.min(rows.usualPeriodMs(), DAY_MS), dryRun: dryRun === true };
  await importer.begin(
    request,
    columns.map(({ quantity }) => quantity),
    basename(csv).slice(0, 200),
  );
  let brought = 0;
  for (const batch of rows.batches(BATCH_ROWS, means === true ? Math.round(rows.usualPeriodMs() / 2) : 0)) {
    const outcome = await importer.take(batch);
    tally.stored += outcome.stored;
    tally.known += outcome.known;
    tally.forEnergy += outcome.forEnergy;
    tally.rebased += outcome.rebased;
    for (const { index, quantity, reason } of outcome.refused) tally.refuse(reason, exampleOf(batch[index]!, columns, quantity));
    brought += batch.length;
    progress.show(
      () =>
        `${dryRun === true ? 'looking at' : 'storing'} ${device}: ${brought.toLocaleString('en')} of ${tally.rows.toLocaleString('en')} rows`,
    );
  }
  return importer.finish();
};

const exampleOf = ({ line, atMs, values }: FileRow, columns: readonly ImportColumn[], quantity: string | undefined) => {
  const column = columns.findIndex((one) => one.quantity === quantity);
  if (column < 0) return { line, column: 'time', value: new Date(atMs).toISOString() };
  return { line, column: columns[column]!.name, value: String(values[column]) };
};

const print = (report: ImportReport, { csv, device, dryRun, json }: ImportOptions): void => {
  if (json === true) console.log(JSON.stringify({ csv, device, dryRun: dryRun === true, ...report }));
  else for (const line of reportLines(report, dryRun === true)) console.log(line);
};
