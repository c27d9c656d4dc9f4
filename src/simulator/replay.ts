import { CsvError, parse } from 'csv-parse/sync';
import { BadInput } from '../kernel/errors.js';
import type { Interval } from '../kernel/interval.js';
import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';
import { lastNotAfter } from './day-series.js';
import type { ReplayRow } from './spec.js';

const COLUMNS = ['start_utc', 'load_w', 'pv_w'] as const;
/** More faults than this help nobody. */
const MOST_FAULTS = 10;

/** Measured rows of one home, and where between the first and the last nothing is known. */
export interface Replay {
  readonly rows: readonly ReplayRow[];
  readonly stepMs: DurationMs;
  readonly gaps: readonly Interval[];
}

/**
 * Reads measured load and sun: columns `start_utc` (ISO 8601; UTC, also where no zone is written), `load_w` and `pv_w` (mean
 * powers, W, not negative), ascending. The step is the most frequent distance between rows; each row holds for one step or
 * until the next row, and what is longer is a gap. Throws `BadInput` with a line for each fault, named `file:line`.
 */
export const parseReplay = (text: string, file: string): Replay => {
  const [header = [], ...records] = recordsOf(text, file);
  const missing = COLUMNS.filter((column) => !header.includes(column));
  if (missing.length > 0) throw new BadInput(`${file}:1: no column ${missing.join(', ')}; the header must name ${COLUMNS.join(',')}`);
  const [startAt, loadAt, pvAt] = COLUMNS.map((column) => header.indexOf(column)) as [number, number, number];
  const faults: Fault[] = [];
  const rows: { startMs: EpochMs; loadW: Watt; pvW: Watt }[] = [];
  for (const [index, record] of records.entries()) {
    const startText = record[startAt]!;
    const startMs = momentOf(startText);
    const [loadW, pvW] = [powerOf(record[loadAt]!), powerOf(record[pvAt]!)];
    const fault = (what: string): unknown => faults.push({ record: index + 1, what });
    if (startMs === undefined) fault(`start_utc "${startText}" is not a time like 2024-05-31T13:00:00Z`);
    if (loadW === undefined) fault(`load_w "${record[loadAt]}" is not a number of watts from 0 up`);
    if (pvW === undefined) fault(`pv_w "${record[pvAt]}" is not a number of watts from 0 up`);
    if (startMs === undefined || loadW === undefined || pvW === undefined) continue;
    const last = rows.at(-1)?.startMs;
    if (last === startMs) fault(`${startText} stands there twice`);
    else if (last !== undefined && startMs < last) fault(`${startText} is earlier than the row before; sort the rows by time`);
    else rows.push({ startMs, loadW, pvW });
  }
  if (faults.length > 0) throw new BadInput(faultLines(faults, text, file));
  if (rows.length < 2)
    throw new BadInput(`${file}: ${rows.length === 0 ? 'no rows' : 'one row alone'}; at least two are needed to know the step`);
  return replayOf(rows);
};

interface Fault {
  /** Counted from the header, which is 0. */
  readonly record: number;
  readonly what: string;
}

/** Which line a record stands on takes three times as long to find out as its text, so it is asked only when there is a fault. */
const faultLines = (faults: readonly Fault[], text: string, file: string): string[] => {
  const lines = parse(text, { ...CSV, info: true }) as unknown as { info: { lines: number } }[];
  const named = faults.slice(0, MOST_FAULTS).map(({ record, what }) => `${file}:${lines[record]!.info.lines}: ${what}`);
  return faults.length > MOST_FAULTS ? [...named, `${file}: and ${faults.length - MOST_FAULTS} more`] : named;
};

const CSV = { bom: true, trim: true, skip_empty_lines: true } as const;

/** The line on which the reader of CSV gave up. */
export const lineOf = (error: CsvError): string => (typeof error['lines'] === 'number' ? String(error['lines']) : '?');

const recordsOf = (text: string, file: string): string[][] => {
  try {
    return parse(text, CSV);
  } catch (error) {
    if (error instanceof CsvError) throw new BadInput(`${file}:${lineOf(error)}: ${error.message}`);
    throw error;
  }
};

const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/;

const momentOf = (text: string): EpochMs | undefined => {
  const parsed = ISO_TIME.exec(text);
  if (!parsed) return undefined;
  const moment = Date.parse(`${text.replace(' ', 'T')}${parsed[3] ? '' : 'Z'}`);
  return Number.isNaN(moment) ? undefined : moment;
};

const powerOf = (text: string): Watt | undefined => {
  if (text === '') return undefined;
  const power = Number(text);
  return Number.isFinite(power) && power >= 0 ? power : undefined;
};

const replayOf = (measured: readonly { startMs: EpochMs; loadW: Watt; pvW: Watt }[]): Replay => {
  const counts = new Map<DurationMs, number>();
  for (let i = 1; i < measured.length; i += 1) {
    const distanceMs = measured[i]!.startMs - measured[i - 1]!.startMs;
    counts.set(distanceMs, (counts.get(distanceMs) ?? 0) + 1);
  }
  const [stepMs] = [...counts].reduce((best, entry) => (entry[1] > best[1] || (entry[1] === best[1] && entry[0] < best[0]) ? entry : best));
  const rows = measured.map((row, i) => ({ ...row, endMs: Math.min(row.startMs + stepMs, measured[i + 1]?.startMs ?? Infinity) }));
  const gaps = rows.slice(1).flatMap((row, i) => (row.startMs > rows[i]!.endMs ? [{ startMs: rows[i]!.endMs, endMs: row.startMs }] : []));
  return { rows, stepMs, gaps };
};

/** Mean of measured rows over a stretch of time; `undefined` where any of it is not covered. */
export const replayed = (rows: readonly ReplayRow[]): ((startMs: EpochMs, endMs: EpochMs) => { loadW: Watt; pvW: Watt } | undefined) => {
  const starts = Float64Array.from(rows, (row) => row.startMs);
  return (startMs, endMs) => {
    let [loadWms, pvWms] = [0, 0];
    let at = startMs;
    for (let i = lastNotAfter(starts, startMs); at < endMs; i += 1) {
      const row = rows[i];
      if (!row || at < row.startMs || at >= row.endMs) return undefined;
      const until = Math.min(endMs, row.endMs);
      if (until - at === endMs - startMs) return { loadW: row.loadW, pvW: row.pvW };
      loadWms += row.loadW * (until - at);
      pvWms += row.pvW * (until - at);
      at = until;
    }
    return { loadW: loadWms / (endMs - startMs), pvW: pvWms / (endMs - startMs) };
  };
};
