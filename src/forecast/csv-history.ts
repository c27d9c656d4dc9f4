import { parse } from 'csv-parse/sync';
import { BadInput } from '../kernel/errors.js';
import { DAY_MS, type DurationMs, type EpochMs } from '../kernel/units.js';
import type { PowerSeries } from './history.js';
import type { Weather } from './weather.js';

/** The column that holds when a row's stretch of time begins. */
const START_COLUMN = 'start_utc';
const FAULTS_SHOWN = 10;
/** More than any grid carries; W. */
const LARGEST = 1e12;
const LONGEST_GAP_MS: DurationMs = 366 * DAY_MS;

/**
 * A power series from CSV text with a header, `start_utc` (ISO 8601 with zone) and the column asked for, in watts. The step is
 * the commonest distance of two rows; rows that are not there and empty cells are not known. Throws `BadInput` with every bad
 * row (the first ten), by line. Below 0 there is nothing, unless `signed`.
 */
export const seriesFromCsv = (text: string, column: string, file: string, signed = false): PowerSeries => {
  const rows = rowsOf(text, file);
  const [header, ...lines] = rows;
  const start = header?.cells.indexOf(START_COLUMN) ?? -1;
  const value = header?.cells.indexOf(column) ?? -1;
  if (!header || start < 0) throw new BadInput(`${file}: the first line must name a column ${START_COLUMN}`);
  if (value < 0) throw new BadInput(`${file}: there is no column "${column}"; there is ${header.cells.join(', ')}`);
  const faults: string[] = [];
  const points: { atMs: EpochMs; powerW: number | undefined }[] = [];
  for (const { line, cells } of lines) {
    const atMs = momentOf(cells[start] ?? '');
    const cell = (cells[value] ?? '').trim();
    const powerW = cell === '' ? undefined : Number(cell);
    if (atMs === undefined) faults.push(`${file}:${line}: "${cells[start]}" is no time such as 2024-05-01T13:00:00Z`);
    else if (powerW !== undefined && !(Math.abs(powerW) < LARGEST))
      faults.push(`${file}:${line}: "${cell}" is no number${signed ? '' : ' of watts'}`);
    else if (points.length > 0 && atMs <= points.at(-1)!.atMs)
      faults.push(`${file}:${line}: ${cells[start]} does not come after the row before`);
    else if (points.length > 0 && atMs - points.at(-1)!.atMs > LONGEST_GAP_MS)
      faults.push(`${file}:${line}: ${cells[start]} comes more than a year after the row before: is its year right?`);
    else points.push({ atMs, powerW });
  }
  if (faults.length > FAULTS_SHOWN) faults.splice(FAULTS_SHOWN, Infinity, `${file}: and ${faults.length - FAULTS_SHOWN} more`);
  if (faults.length > 0) throw new BadInput(faults);
  if (points.length < 2) throw new BadInput(`${file}: has too few rows`);
  if (points.every(({ powerW }) => powerW === undefined)) throw new BadInput(`${file}: there is no value in the column "${column}"`);
  return evenSeries(points, file, signed);
};

const WEATHER_COLUMNS = { temperatureC: 'temperature_c', irradianceWm2: 'irradiance_wm2', cloudPct: 'cloud_pct' } as const;

/** Weather from CSV text with `start_utc` and at least one of `temperature_c`, `irradiance_wm2` and `cloud_pct`. Throws `BadInput`. */
export const weatherFromCsv = (text: string, file: string): Weather => {
  const header = rowsOf(text, file)[0]?.cells ?? [];
  const there = Object.entries(WEATHER_COLUMNS).filter(([, column]) => header.includes(column));
  if (there.length === 0) throw new BadInput(`${file}: there is none of the columns ${Object.values(WEATHER_COLUMNS).join(', ')}`);
  const series = there.map(([name, column]) => [name, seriesFromCsv(text, column, file, true)] as const);
  const { startMs, stepMs } = series[0]![1];
  const columns = Object.fromEntries(series.map(([name, { values }]) => [name, values]));
  return { temperatureC: [], irradianceWm2: [], cloudPct: [], ...columns, startMs, stepMs };
};

const rowsOf = (text: string, file: string): { line: number; cells: string[] }[] => {
  try {
    const records = parse(text, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    return records.map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (error) {
    throw new BadInput(`${file}: is no CSV: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** Times without a zone are refused: a guess would be an hour off twice a year. */
const momentOf = (text: string): EpochMs | undefined => {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text.trim())) return undefined;
  const atMs = Date.parse(text.trim());
  // Some read the 30th of February as the 1st of March.
  const day = Date.parse(`${text.trim().slice(0, 10)}T00:00:00Z`);
  const isDate = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.trim().slice(0, 10));
  return Number.isNaN(atMs) || !isDate ? undefined : atMs;
};

const evenSeries = (points: readonly { atMs: EpochMs; powerW: number | undefined }[], file: string, signed: boolean): PowerSeries => {
  const stepMs = commonest(points.slice(1).map(({ atMs }, index) => atMs - points[index]!.atMs));
  if (DAY_MS % stepMs !== 0) throw new BadInput(`${file}: rows ${stepMs / 60_000} minutes apart do not divide a day`);
  const startMs = points[0]!.atMs;
  const count = Math.floor((points.at(-1)!.atMs - startMs) / stepMs) + 1;
  const values = Array.from<number | undefined>({ length: count });
  for (const { atMs, powerW } of points) {
    if ((atMs - startMs) % stepMs !== 0)
      throw new BadInput(
        `${file}: ${new Date(atMs).toISOString()} is not a whole number of ${stepMs / 60_000}-minute steps after the first row`,
      );
    values[(atMs - startMs) / stepMs] = powerW === undefined ? undefined : signed ? powerW : Math.max(0, powerW);
  }
  return { startMs, stepMs, values };
};

const commonest = (values: readonly DurationMs[]): DurationMs => {
  const counts = new Map<DurationMs, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
};
