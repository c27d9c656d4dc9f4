import Database, { type Database as SqliteDatabase, type Statement } from 'better-sqlite3';
import { type Quantity, type SampleValues, STORED_QUANTITIES } from '../../field/sample.js';
import { AdapterError, BadInput, messageOf } from '../../kernel/errors.js';
import { ceilTo, floorTo, SLOT_MS } from '../../kernel/interval.js';
import { type EpochMs, MINUTE_MS } from '../../kernel/units.js';

export const READINGS_VERSION = 3;

/** A quantity's name holds a dot, so as a column it stands in quotes. */
export const column = (quantity: Quantity): string => `"${quantity}"`;

/** A row of `readings`, or some of its columns. */
export type ReadingRow = { ts: EpochMs } & { readonly [quantity in Quantity]?: number | null };

export const valuesOf = (row: ReadingRow, quantities: readonly Quantity[]): SampleValues => {
  const values: SampleValues = {};
  for (const quantity of quantities) {
    const value = row[quantity];
    if (value !== null && value !== undefined) values[quantity] = value;
  }
  return values;
};

/** Rows of one device lie together in order of time: what is asked is nearly always one device over a stretch. */
const TABLES = `
  CREATE TABLE IF NOT EXISTS devices (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS readings (
    device INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    ${STORED_QUANTITIES.map((quantity) => `${column(quantity)} REAL`).join(', ')},
    PRIMARY KEY (device, ts)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS told (device INTEGER NOT NULL, quantity TEXT NOT NULL, PRIMARY KEY (device, quantity)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS forgotten (id INTEGER PRIMARY KEY, before_ms INTEGER NOT NULL);
  ${['minutes', 'quarters']
    .map(
      (table) => `CREATE TABLE IF NOT EXISTS ${table} (
    device INTEGER NOT NULL,
    quantity TEXT NOT NULL,
    ts INTEGER NOT NULL,
    n INTEGER NOT NULL,
    total REAL NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL,
    last REAL NOT NULL,
    PRIMARY KEY (device, quantity, ts)
  ) WITHOUT ROWID;`,
    )
    .join('\n')}
`;

/**
 * Opens or makes the file of readings. Every commit is synced to the disk, since what is acknowledged must survive a power
 * cut. Throws `BadInput` for a file from a newer version and for one that is no database.
 */
export const openReadingFile = (file: string): SqliteDatabase => {
  let database: SqliteDatabase | undefined;
  try {
    database = new Database(file);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('busy_timeout = 5000');
    const version = database.pragma('user_version', { simple: true }) as number;
    if (version > READINGS_VERSION) {
      throw new BadInput(
        `${file}: readings were written by a newer version (${version} > ${READINGS_VERSION}); run that version, or move the file`,
      );
    }
    database.exec(TABLES);
    addMissingColumns(database);
    if (version > 0 && version < 3) closePartlyForgotten(database);
    database.pragma(`user_version = ${READINGS_VERSION}`);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof BadInput) throw error;
    throw new BadInput(`${file}: cannot be opened as the file of readings: ${messageOf(error)}`);
  }
};

/** Opens a file of readings and changes nothing in it. Throws `BadInput` where there is none, and for one of another version. */
export const openReadingFileToRead = (file: string): SqliteDatabase => {
  let database: SqliteDatabase | undefined;
  try {
    database = new Database(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
    const version = database.pragma('user_version', { simple: true }) as number;
    if (version !== READINGS_VERSION)
      throw new BadInput(
        `${file}: readings are of version ${version}, and this program reads ${READINGS_VERSION}; ` +
          (version > READINGS_VERSION ? 'use that version' : 'start the plant on them once, which brings them up'),
      );
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof BadInput) throw error;
    throw new BadInput(`${file}: cannot be read as the file of readings: ${messageOf(error)}`);
  }
};

const addMissingColumns = (database: SqliteDatabase): void => {
  const present = new Set((database.pragma('table_info(readings)') as { name: string }[]).map(({ name }) => name));
  for (const quantity of STORED_QUANTITIES) {
    if (!present.has(quantity)) database.exec(`ALTER TABLE readings ADD COLUMN ${column(quantity)} REAL`);
  }
};

/** Older versions forgot by the minute: the first quarter-hour with readings may lack some that its roll-up knows. */
const closePartlyForgotten = (database: SqliteDatabase): void => {
  const firstMs = database
    .prepare('SELECT min((SELECT min(ts) FROM readings WHERE device = id)) FROM devices')
    .pluck()
    .get() as EpochMs | null;
  if (firstMs === null || database.prepare('SELECT 1 FROM minutes WHERE ts < ?').get(floorTo(firstMs, MINUTE_MS)) === undefined) return;
  database.prepare('INSERT OR IGNORE INTO forgotten (id, before_ms) VALUES (1, ?)').run(ceilTo(firstMs, SLOT_MS));
};

/** Statements of one database, compiled once each. */
export class Statements {
  private readonly compiled = new Map<string, Statement>();

  constructor(private readonly database: SqliteDatabase) {}

  of<Row = unknown>(source: string): Statement<unknown[], Row> {
    let statement = this.compiled.get(source);
    if (!statement) this.compiled.set(source, (statement = this.database.prepare(source)));
    return statement as Statement<unknown[], Row>;
  }
}

/** What SQLite refuses because of the data itself: it would refuse it again. */
const REFUSED = ['SQLITE_CONSTRAINT', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG', 'SQLITE_RANGE'];

export const sqliteFault = (what: string, error: unknown): AdapterError => {
  const code = error instanceof Database.SqliteError ? error.code : '';
  const retryable = code !== '' && !REFUSED.some((refused) => code.startsWith(refused));
  return new AdapterError(`readings file: ${what}: ${messageOf(error)}`, retryable, { cause: error });
};
