import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { DataSource } from 'typeorm';
import { type Quantity, type Sample, STORED_QUANTITIES } from '../../field/sample.js';
import { parseStep } from '../../grid/asked-time.js';
import { BadInput, messageOf } from '../../kernel/errors.js';
import { isZone, momentsOf, zoneOffsetMs } from '../../kernel/local-day.js';
import { DAY_MS, type EpochMs } from '../../kernel/units.js';
import { SystemClock } from '../../platform/clock.js';
import { type Config, configOf } from '../../platform/config.js';
import { databaseOptions } from '../../platform/database.js';
import { streamDurably } from '../../platform/durable-file.js';
import { IntervalEnergyEntity } from '../../telemetry/interval.entity.js';
import { IntervalRows } from '../../telemetry/interval-rows.js';
import type { IntervalEnergy } from '../../telemetry/interval-energy.js';
import type { RangeAggregate } from '../../telemetry/reading-store.port.js';
import { parseRowTime } from '../../telemetry/row-time.js';
import { openReadingStoreToRead } from '../../telemetry/telemetry.module.js';
import { readingTarget } from '../reading-target.js';
import { Progress } from '../progress.js';
import { type ExportRequest, intervalRows, quantitiesToldIn, readingRows } from './export-rows.js';

interface ExportOptions {
  readonly device: readonly string[];
  readonly quantity: readonly string[];
  readonly from: string;
  readonly to?: string;
  readonly step?: string;
  readonly aggregate: RangeAggregate;
  readonly intervals?: boolean;
  readonly zone?: string;
  readonly csv?: string;
  readonly json?: boolean;
}

const HELP = `
Reads only, also while the plant runs. --from and --to are moments or local times of --zone (UTC without it); rows have the same.
With --json and no --csv each row is a line of JSON.

Examples:
  vpp telemetry export --device anna-meter --from 2026-05-01 --to 2026-06-01 --zone Europe/Berlin --csv may.csv
  vpp telemetry export --device anna-pv --device anna-battery --from 2026-05-01 --step 15m --aggregate mean
  vpp telemetry export --device anna-meter --from 2026-05-01 --intervals`;

const each = (value: string, all: readonly string[] = []): string[] => [...all, value];

export const exportCommand = (): Command =>
  new Command('export')
    .description('readings, or closed intervals, as CSV')
    .requiredOption('--device <id>', 'once for each device', each)
    .option('--quantity <name>', 'once for each; all that there are without it', each, [])
    .requiredOption('--from <time>', 'first moment')
    .option('--to <time>', 'moment before which it ends; now without it')
    .option('--step <time>', 'in steps of 15m, 1h, 1d …, aligned to UTC, instead of single readings')
    .addOption(new Option('--aggregate <kind>', 'what stands for a step').choices(['mean', 'last', 'min', 'max']).default('mean'))
    .option('--intervals', 'the closed intervals of the devices, with their quality')
    .option('--zone <zone>', 'IANA zone of the times')
    .option('--csv <file>', 'the file to write; standard output without it')
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action(exportRows);

const exportRows = async (options: ExportOptions): Promise<void> => {
  const request = requestOf(options);
  const config = configOf(process.env);
  const written =
    options.intervals === true ? await exportIntervals(config, request, options) : await exportReadings(config, request, options);
  if (options.csv !== undefined)
    console.log(options.json === true ? JSON.stringify({ csv: options.csv, rows: written }) : `${written} rows in ${options.csv}`);
  else if (written === 0) console.error('There is nothing from that time.');
};

const requestOf = (options: ExportOptions): ExportRequest => {
  const { zone, step, intervals, aggregate } = options;
  if (zone !== undefined && !isZone(zone)) throw new BadInput(`--zone "${zone}" is no IANA zone such as Europe/Berlin`);
  const unknown = options.quantity.filter((name) => !STORED_QUANTITIES.includes(name as Quantity));
  if (unknown.length > 0) throw new BadInput(`--quantity ${unknown.join(', ')}: there are ${STORED_QUANTITIES.join(', ')}`);
  if (intervals === true && (step !== undefined || options.quantity.length > 0))
    throw new BadInput('--intervals: closed intervals have a length and energies of their own; leave --step and --quantity out');
  const startMs = momentIn('--from', options.from, zone);
  const endMs = options.to === undefined ? new SystemClock().now() : momentIn('--to', options.to, zone);
  if (endMs <= startMs) throw new BadInput(`--to: must be after --from`);
  const stepMs = step === undefined ? undefined : parseStep(step);
  if (typeof stepMs === 'string') throw new BadInput(`--step ${stepMs}`);
  if (stepMs !== undefined && DAY_MS % stepMs !== 0)
    throw new BadInput(`--step "${step}": give a step that divides a day, as 15m, 1h or 1d`);
  const asked = { startMs, endMs, deviceIds: [...new Set(options.device)], quantities: options.quantity as Quantity[] };
  return { ...asked, ...(stepMs === undefined ? {} : { step: { stepMs, aggregate } }) };
};

const momentIn = (option: string, text: string, zone = 'UTC'): EpochMs => {
  const time = parseRowTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);
  if (time.kind === 'moment') return time.atMs;
  const [atMs] = time.kind === 'local' ? momentsOf(zone, time.wallMs) : [];
  if (atMs === undefined) throw new BadInput(`${option} "${text}": give a time as 2026-05-01, 2026-05-01T12:00 or 2026-05-01T12:00:00Z`);
  return atMs;
};

type Cell = string | number | boolean | undefined;
type TableRow = Readonly<Record<string, Cell>>;

const exportReadings = async (config: Config, request: ExportRequest, options: ExportOptions): Promise<number> => {
  const store = openReadingStoreToRead(readingTarget(config));
  try {
    const known = await store.latest(request.deviceIds);
    const strange = request.deviceIds.filter((deviceId) => !known.has(deviceId));
    const faults = request.step ? [] : strange.map((deviceId) => `--device "${deviceId}": there is no reading of it`);
    if (faults.length === request.deviceIds.length) throw new BadInput(faults);
    for (const fault of faults) console.error(fault);
    const quantities = await quantitiesToldIn(store, request);
    const several = request.deviceIds.length > 1;
    const columns = ['time', ...(several ? ['device'] : []), ...quantities];
    const rowOf = ({ deviceId, atMs, values }: Sample): TableRow => ({ time: timeText(atMs, options.zone), device: deviceId, ...values });
    return await write(columns, mapped(readingRows(store, quantities, request), rowOf), options);
  } finally {
    await store.close();
  }
};

const INTERVAL_COLUMNS = [
  'start', 'end', 'site', 'device', 'flow', 'to_bus_wh', 'from_bus_wh', 'to_bus_counter_wh', 'from_bus_counter_wh', 'available_wh',
  'quality', 'commanded', 'imported', 'clock_unsure',
]; // prettier-ignore

const exportIntervals = async (config: Config, request: ExportRequest, options: ExportOptions): Promise<number> => {
  const beside = config.database.kind === 'sqlite' ? { readonly: true, fileMustExist: true } : {};
  const source = new DataSource({ ...databaseOptions(config.database), ...beside, entities: [IntervalEnergyEntity] });
  const database = await source.initialize().catch((error: unknown) => {
    throw new BadInput(`the plant's database cannot be read: ${messageOf(error)}`);
  });
  try {
    if (await database.showMigrations()) throw new BadInput('the database is of an older version; bring it to this one with `vpp migrate`');
    const rowOf = (row: IntervalEnergy): TableRow => ({
      start: timeText(row.startMs, options.zone),
      end: timeText(row.endMs, options.zone),
      site: row.siteId,
      device: row.deviceId,
      flow: row.flow,
      to_bus_wh: row.toBusWh,
      from_bus_wh: row.fromBusWh,
      to_bus_counter_wh: row.toBusCounterWh,
      from_bus_counter_wh: row.fromBusCounterWh,
      available_wh: row.availableWh,
      quality: row.quality,
      commanded: row.commanded,
      imported: row.imported === true,
      clock_unsure: row.clockUnsure === true,
    });
    return await write(INTERVAL_COLUMNS, mapped(intervalRows(new IntervalRows(database), request), rowOf), options);
  } finally {
    await database.destroy();
  }
};

async function* mapped<Row>(batches: AsyncIterable<Row[]>, rowOf: (row: Row) => TableRow): AsyncGenerator<TableRow[]> {
  for await (const batch of batches) yield batch.map(rowOf);
}

/** Answers how many rows were written. Names and numbers need no quotes. */
const write = async (columns: readonly string[], batches: AsyncIterable<TableRow[]>, { csv, json }: ExportOptions): Promise<number> => {
  const progress = new Progress();
  const asJson = json === true && csv === undefined;
  let rows = 0;
  const text = async function* (): AsyncGenerator<string> {
    if (!asJson) yield `${columns.join(',')}\n`;
    for await (const batch of batches) {
      rows += batch.length;
      if (csv !== undefined)
        progress.show(() => `${rows.toLocaleString('en')} rows, up to ${String(batch.at(-1)?.['time'] ?? batch.at(-1)?.['start'])}`);
      yield batch.map((row) => (asJson ? JSON.stringify(row) : columns.map((name) => row[name] ?? '').join(','))).join('\n') + '\n';
    }
  };
  try {
    if (csv !== undefined) await streamDurably(csv, text(), 0o644);
    else await pipeline(Readable.from(text()), process.stdout, { end: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Whoever reads has seen enough.
    if (code === 'EPIPE') return rows;
    if (csv !== undefined && code !== undefined) throw new BadInput(`--csv ${csv}: cannot be written: ${messageOf(error)}`);
    throw error;
  } finally {
    progress.clear();
  }
  return rows;
};

const timeText = (atMs: EpochMs, zone: string | undefined): string => {
  if (zone === undefined) return new Date(atMs).toISOString();
  const offsetMs = zoneOffsetMs(zone, atMs);
  const minutes = Math.abs(offsetMs) / 60_000;
  const offset = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return `${new Date(atMs + offsetMs).toISOString().slice(0, -1)}${offsetMs < 0 ? '-' : '+'}${offset}`;
};
