import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database, { type Database as SqliteDatabase, type Statement } from 'better-sqlite3';
import { type DurationMs, type EpochMs, MINUTE_MS } from '../../kernel/units.js';

/** A row of a file: its moment, its line, and the value of each column, `null` where there is none. */
export interface FileRow {
  readonly atMs: EpochMs;
  readonly line: number;
  readonly values: readonly (number | null)[];
}

/** So many rows tell how far rows usually are apart. */
const ROWS_LOOKED_AT = 10_000;

/** Puts rows in order of time on disk, however many they are: a file may be newest first, or in no order at all. */
export class SortedRows {
  private readonly insert: Statement;
  private newestMs = -Infinity;
  private inOrder = true;

  private constructor(
    private readonly folder: string,
    private readonly database: SqliteDatabase,
    private readonly columns: number,
  ) {
    const names = Array.from({ length: columns }, (_, i) => `v${i}`);
    database.pragma('journal_mode = OFF');
    database.pragma('synchronous = OFF');
    database.exec(`CREATE TABLE rows (at INTEGER NOT NULL, line INTEGER NOT NULL, ${names.map((name) => `${name} REAL`).join(', ')})`);
    this.insert = database.prepare(`INSERT INTO rows VALUES (?, ?, ${names.map(() => '?').join(', ')})`);
    database.exec('BEGIN');
  }

  static open(columns: number): SortedRows {
    const folder = mkdtempSync(join(tmpdir(), 'vpp-import-'));
    return new SortedRows(folder, new Database(join(folder, 'rows.sqlite')), columns);
  }

  add({ atMs, line, values }: FileRow): void {
    if (atMs < this.newestMs) this.inOrder = false;
    this.newestMs = Math.max(this.newestMs, atMs);
    this.insert.run(atMs, line, ...values);
  }

  /** How far rows are usually apart: the median of the first ones. A minute where there are too few to tell. */
  usualPeriodMs(): DurationMs {
    const distances = this.database
      .prepare(`SELECT at - lag(at) OVER (ORDER BY at) AS d FROM (SELECT DISTINCT at FROM rows ORDER BY at LIMIT ${ROWS_LOOKED_AT})`)
      .pluck()
      .all() as (number | null)[];
    const known = distances.filter((distance) => distance !== null).sort((a, b) => a - b);
    return known[known.length >> 1] ?? MINUTE_MS;
  }

  /** All rows by time, then by line, each so much later than the file has it. */
  *batches(size: number, laterMs: DurationMs = 0): Generator<FileRow[]> {
    const order = this.inOrder ? 'rowid' : 'at, line';
    let batch: FileRow[] = [];
    for (const cells of this.database.prepare(`SELECT * FROM rows ORDER BY ${order}`).raw().iterate() as Iterable<(number | null)[]>) {
      batch.push({ atMs: cells[0]! + laterMs, line: cells[1]!, values: cells.slice(2, 2 + this.columns) });
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  close(): void {
    this.database.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
