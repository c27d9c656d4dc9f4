import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { parse } from 'csv-parse';
import { BadInput, messageOf } from '../../kernel/errors.js';
import { LocalTimes, parseRowTime, type PlacedRow } from '../../telemetry/row-time.js';
import type { Progress } from '../progress.js';
import type { ImportColumn } from './import-columns.js';
import type { ImportTally } from './import-report.js';
import { SortedRows } from './sorted-rows.js';

export interface CsvRequest {
  readonly file: string;
  readonly columns: readonly ImportColumn[];
  /** Absent: the first of the usual names that the file has. */
  readonly timeColumn: string | undefined;
  readonly zone: string | undefined;
  /** Of a file of many devices, such as an export, only this one's rows are read. */
  readonly deviceId: string;
}

const TIME_COLUMNS = ['time', 'start_utc', 'timestamp', 'datetime', 'date_time'];
/** The first line is looked at in so many. */
const HEADER_BYTES = 65_536;
const DEVICE_COLUMN = 'device';

interface Layout {
  readonly time: number;
  readonly device: number;
  readonly values: readonly number[];
}

interface ParsedRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Reads a CSV file with a header, in order of time and with flat memory. What cannot be read goes to the tally, row by row.
 * Throws `BadInput` where the file as a whole cannot be used. The rows must be closed.
 */
export const readCsv = async (request: CsvRequest, tally: ImportTally, progress: Progress): Promise<SortedRows> => {
  const rows = SortedRows.open(request.columns.length);
  try {
    await new CsvReading(request, rows, tally).read(progress);
    return rows;
  } catch (error) {
    rows.close();
    throw error;
  }
};

class CsvReading {
  private readonly local: LocalTimes<ParsedRow> | undefined;
  private decimalComma = false;

  constructor(
    private readonly request: CsvRequest,
    private readonly rows: SortedRows,
    private readonly tally: ImportTally,
  ) {
    this.local = request.zone === undefined ? undefined : new LocalTimes(request.zone);
  }

  async read(progress: Progress): Promise<void> {
    const { file } = this.request;
    const bytes = sizeOf(file);
    const source = createReadStream(file);
    const delimiter = delimiterOf(file);
    this.decimalComma = delimiter !== ',';
    const parser = parse({ bom: true, delimiter, info: true, relax_column_count: true, skip_empty_lines: true, trim: true });
    source.on('error', (error) => parser.destroy(error));
    let layout: Layout | undefined;
    try {
      for await (const { record, info } of source.pipe(parser) as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
        if (!layout) layout = layoutOf(record, this.request);
        else this.take({ line: info.lines, cells: record }, layout);
        const share = (): string => `${Math.round((100 * source.bytesRead) / Math.max(bytes, 1))} %`;
        progress.show(() => `reading ${file}: ${this.tally.rows.toLocaleString('en')} rows, ${share()}`);
      }
    } catch (error) {
      if (error instanceof BadInput) throw error;
      throw new BadInput(`${file}: is no CSV that can be read: ${messageOf(error)}`);
    }
    if (!layout) throw new BadInput(`${file}: is empty; the first line must name the columns`);
    for (const placed of this.local?.end() ?? []) this.put(placed, layout);
    if (this.tally.rows === 0)
      throw new BadInput(`${file}: has no rows${layout.device < 0 ? '' : ` of device "${this.request.deviceId}"`}`);
  }

  private take(row: ParsedRow, layout: Layout): void {
    if (layout.device >= 0 && row.cells[layout.device] !== this.request.deviceId) return;
    this.tally.rows += 1;
    const text = row.cells[layout.time] ?? '';
    const time = parseRowTime(text);
    if (time.kind === 'moment') return this.put({ kind: 'placed', row, atMs: time.atMs }, layout);
    if (time.kind === 'unreadable') return this.tally.refuse('not-a-time', { line: row.line, column: this.timeName(layout), value: text });
    if (!this.local)
      throw new BadInput(`${this.request.file}:${row.line}: "${text}" is a local time; name its zone with --zone, as --zone Europe/Berlin`);
    for (const placed of this.local.place(row, time.wallMs)) this.put(placed, layout);
  }

  private put(placed: PlacedRow<ParsedRow>, layout: Layout): void {
    const { line, cells } = placed.row;
    if (placed.kind === 'refused')
      return this.tally.refuse(placed.reason, { line, column: this.timeName(layout), value: cells[layout.time] ?? '' });
    const values = this.request.columns.map(({ name, factor }, i) => {
      const cell = cells[layout.values[i]!] ?? '';
      const value = cell === '' ? null : this.numberIn(cell) * factor;
      if (value === null || Number.isFinite(value)) return value;
      this.tally.refuse('not-a-number', { line, column: name, value: cell });
      return null;
    });
    if (values.some((value) => value !== null)) this.rows.add({ atMs: placed.atMs, line, values });
  }

  private numberIn(cell: string): number {
    return Number(this.decimalComma && /^-?\d+,\d+$/.test(cell) ? cell.replace(',', '.') : cell);
  }

  private timeName({ time }: Layout): string {
    return this.request.timeColumn ?? `column ${time + 1}`;
  }
}

/** What parts the names of the columns in the first line: where the comma is a decimal one, it is another sign. */
const delimiterOf = (file: string): string => {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(HEADER_BYTES);
    const length = readSync(handle, buffer, 0, HEADER_BYTES, 0);
    const [header = ''] = buffer.toString('utf8', 0, length).split('\n');
    return [';', '\t'].find((sign) => header.includes(sign) && !header.includes(',')) ?? ',';
  } finally {
    closeSync(handle);
  }
};

const sizeOf = (file: string): number => {
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) throw new BadInput(`${file}: is a folder; name the CSV file in it`);
    return stats.size;
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(`${file}: can't be read: ${messageOf(error)}`);
  }
};

const layoutOf = (header: readonly string[], { file, columns, timeColumn }: CsvRequest): Layout => {
  const wanted = timeColumn === undefined ? TIME_COLUMNS : [timeColumn];
  const time = wanted.map((name) => header.indexOf(name)).find((index) => index >= 0);
  const there = `there is ${header.join(', ')}`;
  const faults = columns.filter(({ name }) => !header.includes(name)).map(({ name }) => `${file}: there is no column "${name}"; ${there}`);
  if (time === undefined && timeColumn !== undefined) faults.push(`${file}: there is no column "${timeColumn}"; ${there}`);
  if (time === undefined && timeColumn === undefined) faults.push(`${file}: which column is the time? Name it with --time; ${there}`);
  if (faults.length > 0) throw new BadInput(faults);
  return { time: time!, device: header.indexOf(DEVICE_COLUMN), values: columns.map(({ name }) => header.indexOf(name)) };
};
