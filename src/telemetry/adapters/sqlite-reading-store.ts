import type { Database as SqliteDatabase } from 'better-sqlite3';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Quantity, type Sample, type SampleValues, STORED_QUANTITIES } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import { floorTo } from '../../kernel/interval.js';
import { type DurationMs, type EpochMs, MINUTE_MS } from '../../kernel/units.js';
import { type RangePoint, type RangeQuery, type Reading, ReadingStore, type SamplesQuery } from '../reading-store.port.js';
import { stepsOf } from './sqlite-range.js';
import { column, openReadingFile, openReadingFileToRead, sqliteFault, Statements } from './sqlite-reading-file.js';
import { makeQuarters, RollUps, type RollUpTable } from './sqlite-roll-ups.js';

type Row = { ts: EpochMs } & { readonly [quantity in Quantity]?: number | null };

/** A later word on the same moment stands, what it does not name stays. */
const UPSERT = `INSERT INTO readings (device, ts, ${STORED_QUANTITIES.map(column).join(', ')})
  VALUES (?, ?, ${STORED_QUANTITIES.map(() => '?').join(', ')})
  ON CONFLICT DO UPDATE SET ${STORED_QUANTITIES.map((quantity) => `${column(quantity)} = coalesce(excluded.${column(quantity)}, ${column(quantity)})`).join(', ')}`;

/** Rows forgotten in one go, so that polling never waits long for it. */
const PRUNE_ROWS = 5_000;

/** Readings in an SQLite file of their own. SQLite works in the calling thread, so long queries let others in between devices. */
export class SqliteReadingStore extends ReadingStore {
  private readonly statements: Statements;
  private readonly rollUps: RollUps;
  private readonly numbers = new Map<DeviceId, number>();
  private readonly told = new Set<string>();

  private constructor(private readonly database: SqliteDatabase) {
    super();
    this.statements = new Statements(database);
    for (const { id, name } of this.statements.of<{ id: number; name: string }>('SELECT id, name FROM devices').all()) {
      this.numbers.set(name, id);
    }
    for (const { device, quantity } of this.statements
      .of<{ device: number; quantity: string }>('SELECT device, quantity FROM told')
      .all()) {
      this.told.add(`${device} ${quantity}`);
    }
    if (!database.readonly && this.statements.of('SELECT 1 FROM quarters LIMIT 1').get() === undefined)
      database.transaction(() => makeQuarters(this.statements))();
    this.rollUps = new RollUps(this.statements);
  }

  /** Throws `BadInput` where the file cannot be used. */
  static open(file: string): SqliteReadingStore {
    return new SqliteReadingStore(openReadingFile(file));
  }

  /** Beside a plant that writes: what it writes meanwhile may be seen or not. Throws `BadInput` where the file cannot be read. */
  static openToRead(file: string): SqliteReadingStore {
    return new SqliteReadingStore(openReadingFileToRead(file));
  }

  append(samples: readonly Sample[]): Promise<void> {
    return this.attempt('storing readings', () => {
      const numbers = new Map<DeviceId, number>();
      const told = new Set<string>();
      const rolledUp = this.database.transaction(() => this.insert(samples, numbers, told))();
      // Only what is committed may be remembered.
      for (const [id, number] of numbers) this.numbers.set(id, number);
      for (const key of told) this.told.add(key);
      rolledUp();
    });
  }

  latest(deviceIds: readonly DeviceId[]): Promise<Map<DeviceId, Sample>> {
    return this.attempt('reading the latest', () => {
      const newest = this.statements.of<Row>('SELECT * FROM readings WHERE device = ? ORDER BY ts DESC LIMIT 1');
      const found = new Map<DeviceId, Sample>();
      for (const deviceId of deviceIds) {
        const row = newest.get(this.numbers.get(deviceId));
        if (row) found.set(deviceId, { deviceId, atMs: row.ts, values: valuesOf(row, STORED_QUANTITIES) });
      }
      return found;
    });
  }

  async samples({ deviceIds, quantities, fromMs, toMs }: SamplesQuery): Promise<Sample[]> {
    const all: Sample[] = [];
    if (quantities.length === 0) return all;
    const columns = quantities.map(column);
    const source = `SELECT ts, ${columns.join(', ')} FROM readings
      WHERE device = ? AND ts >= ? AND ts < ? AND coalesce(${[...columns, 'NULL'].join(', ')}) IS NOT NULL ORDER BY ts`;
    for (const deviceId of deviceIds) {
      const rows = await this.attempt('reading samples', () =>
        this.statements.of<Row>(source).all(this.numbers.get(deviceId), fromMs, toMs),
      );
      for (const row of rows) all.push({ deviceId, atMs: row.ts, values: valuesOf(row, quantities) });
      if (deviceIds.length > 1) await nextTurn();
    }
    return all;
  }

  async range({ deviceIds, quantities, fromMs, toMs, stepMs, aggregate }: RangeQuery): Promise<RangePoint[]> {
    const points: RangePoint[] = [];
    for (const deviceId of deviceIds) {
      const device = this.numbers.get(deviceId);
      if (device === undefined) continue;
      const completeTo = (length: DurationMs): EpochMs => this.rollUps.completeTo(device, length);
      const steps = new Map<EpochMs, SampleValues>();
      for (const quantity of quantities) {
        if (!this.told.has(`${device} ${quantity}`)) continue;
        const values = await this.attempt('reading a range', () =>
          stepsOf(this.statements, { device, quantity, startMs: fromMs, endMs: toMs, stepMs, aggregate, completeTo }),
        );
        for (const [at, value] of values) {
          const step = steps.get(at);
          if (step) step[quantity] = value;
          else steps.set(at, { [quantity]: value });
        }
      }
      const inOrder = quantities.length === 1 ? steps : [...steps].sort(([a], [b]) => a - b);
      for (const [atMs, values] of inOrder) points.push({ deviceId, atMs, values });
      if (deviceIds.length > 1) await nextTurn();
    }
    return points;
  }

  lastAtOrBefore(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined> {
    return this.nearest(deviceId, quantity, atMs - reachMs, atMs, 'DESC');
  }

  firstAtOrAfter(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined> {
    return this.nearest(deviceId, quantity, atMs, atMs + reachMs, 'ASC');
  }

  firstMs(): Promise<EpochMs | undefined> {
    return this.attempt('reading the first moment', () => this.extreme('min', Math.min));
  }

  lastMs(): Promise<EpochMs | undefined> {
    return this.attempt('reading the last moment', () => this.extreme('max', Math.max));
  }

  async prune(beforeMs: EpochMs, minutesBeforeMs?: EpochMs): Promise<void> {
    await this.attempt('rolling up old readings', () => this.database.transaction(() => this.rollUps.passTo(beforeMs))()());
    for (const device of this.numbers.values()) {
      await this.forget('readings', 'device = ?', [device], floorTo(beforeMs, MINUTE_MS));
      for (const quantity of STORED_QUANTITIES) {
        if (this.told.has(`${device} ${quantity}`)) {
          const of = 'device = ? AND quantity = ?';
          await this.forget('minutes', of, [device, quantity], minutesBeforeMs ?? beforeMs);
          if (minutesBeforeMs === undefined) await this.forget('quarters', of, [device, quantity], beforeMs);
        }
      }
    }
  }

  async close(): Promise<void> {
    await this.attempt('closing', () => this.database.close());
  }

  private insert(samples: readonly Sample[], numbers: Map<DeviceId, number>, told: Set<string>): () => void {
    const upsert = this.statements.of(UPSERT);
    const touched = new Map<number, Set<EpochMs>>();
    for (const { deviceId, atMs, values } of samples) {
      const named = STORED_QUANTITIES.filter((quantity) => values[quantity] !== undefined);
      if (named.length === 0) continue;
      const device = this.numbers.get(deviceId) ?? numbers.get(deviceId) ?? this.enrol(deviceId, numbers);
      upsert.run(device, atMs, ...STORED_QUANTITIES.map((quantity) => values[quantity] ?? null));
      for (const quantity of named) this.noteTold(`${device} ${quantity}`, told);
      const minutes = touched.get(device) ?? new Set();
      touched.set(device, minutes.add(floorTo(atMs, MINUTE_MS)));
    }
    return this.rollUps.follow(touched);
  }

  private enrol(deviceId: DeviceId, numbers: Map<DeviceId, number>): number {
    const number = Number(this.statements.of('INSERT INTO devices (name) VALUES (?)').run(deviceId).lastInsertRowid);
    numbers.set(deviceId, number);
    return number;
  }

  /** Which device tells what is kept, so that nobody searches a month of rows for a counter that does not exist. */
  private noteTold(key: string, told: Set<string>): void {
    if (this.told.has(key) || told.has(key)) return;
    told.add(key);
    this.statements.of('INSERT OR IGNORE INTO told (device, quantity) VALUES (?, ?)').run(...key.split(' '));
  }

  private nearest(
    deviceId: DeviceId,
    quantity: Quantity,
    fromMs: EpochMs,
    toMs: EpochMs,
    order: 'ASC' | 'DESC',
  ): Promise<Reading | undefined> {
    const device = this.numbers.get(deviceId);
    if (device === undefined || !this.told.has(`${device} ${quantity}`)) return Promise.resolve(undefined);
    const c = column(quantity);
    const source = `SELECT ts AS atMs, ${c} AS value FROM readings
      WHERE device = ? AND ts >= ? AND ts <= ? AND ${c} IS NOT NULL ORDER BY ts ${order} LIMIT 1`;
    return this.attempt('looking for a reading', () => this.statements.of<Reading>(source).get(device, fromMs, toMs));
  }

  private extreme(aggregate: 'min' | 'max', choose: (...moments: number[]) => number): EpochMs | undefined {
    const one = this.statements.of<{ ts: EpochMs | null }>(`SELECT ${aggregate}(ts) AS ts FROM readings WHERE device = ?`);
    const moments = [...this.numbers.values()].flatMap((device) => one.get(device)?.ts ?? []);
    return moments.length > 0 ? choose(...moments) : undefined;
  }

  /** Deletes rows before a moment in strides, each a transaction of its own. */
  private async forget(table: 'readings' | RollUpTable, of: string, keys: readonly unknown[], beforeMs: EpochMs): Promise<void> {
    const stride = this.statements.of<{ ts: EpochMs }>(
      `SELECT ts FROM ${table} WHERE ${of} AND ts < ? ORDER BY ts LIMIT 1 OFFSET ${PRUNE_ROWS}`,
    );
    const remove = this.statements.of(`DELETE FROM ${table} WHERE ${of} AND ts < ?`);
    for (let more = true; more;) {
      more = await this.attempt('forgetting old readings', () => {
        const next = stride.get(...keys, beforeMs);
        remove.run(...keys, next?.ts ?? beforeMs);
        return next !== undefined;
      });
      await nextTurn();
    }
  }

  private async attempt<T>(what: string, work: () => T): Promise<T> {
    try {
      return work();
    } catch (error) {
      throw sqliteFault(what, error);
    }
  }
}

const valuesOf = (row: Row, quantities: readonly Quantity[]): SampleValues => {
  const values: SampleValues = {};
  for (const quantity of quantities) {
    const value = row[quantity];
    if (value !== null && value !== undefined) values[quantity] = value;
  }
  return values;
};
