import type { Database as SqliteDatabase, Statement } from 'better-sqlite3';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Quantity, type Sample, type SampleValues, STORED_QUANTITIES } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import { floorTo, SLOT_MS } from '../../kernel/interval.js';
import type { DurationMs, EpochMs } from '../../kernel/units.js';
import { type RangePoint, type RangeQuery, type Reading, ReadingStore, type SamplesQuery } from '../reading-store.port.js';
import { isStored } from './running-summary.js';
import { stepsOf } from './sqlite-range.js';
import {
  column,
  openReadingFile,
  openReadingFileToRead,
  type ReadingRow,
  sqliteFault,
  Statements,
  valuesOf,
} from './sqlite-reading-file.js';
import { LEVELS, makeQuarters, RollUps, type RollUpTable } from './sqlite-roll-ups.js';

type Told = Map<number, Set<Quantity>>;

/** What a transaction finds out; it may still come to nothing. */
interface Batch {
  readonly numbers: Map<DeviceId, number>;
  readonly told: Told;
  readonly touched: Set<number>;
}

const noteIn = (told: Told, device: number, quantity: Quantity): void => {
  const quantities = told.get(device);
  if (quantities) quantities.add(quantity);
  else told.set(device, new Set([quantity]));
};

/** A later word on the same moment stands, what it does not name stays. */
const upsertSource = (named: readonly Quantity[]): string => `INSERT INTO readings (device, ts, ${named.map(column).join(', ')})
  VALUES (?, ?, ${named.map(() => '?').join(', ')})
  ON CONFLICT DO UPDATE SET ${named.map((quantity) => `${column(quantity)} = excluded.${column(quantity)}`).join(', ')}`;

/** Rows forgotten in one go, so that polling never waits long for it. */
const PRUNE_ROWS = 5_000;

/** Readings in an SQLite file of their own. SQLite works in the calling thread, so long queries let others in between devices. */
export class SqliteReadingStore extends ReadingStore {
  private readonly statements: Statements;
  private readonly rollUps: RollUps;
  private readonly numbers = new Map<DeviceId, number>();
  private readonly told: Told = new Map();
  private readonly upserts = new Map<string, Statement>();
  /** Readings from before are gone or going; they may be in the roll-ups, so none is taken. */
  private forgottenBeforeMs: EpochMs;

  private constructor(private readonly database: SqliteDatabase) {
    super();
    this.statements = new Statements(database);
    for (const { id, name } of this.statements.of<{ id: number; name: string }>('SELECT id, name FROM devices').all()) {
      this.numbers.set(name, id);
    }
    for (const { device, quantity } of this.statements
      .of<{ device: number; quantity: Quantity }>('SELECT device, quantity FROM told')
      .all()) {
      noteIn(this.told, device, quantity);
    }
    this.forgottenBeforeMs = this.statements.of<{ ms: EpochMs }>('SELECT before_ms AS ms FROM forgotten').get()?.ms ?? -Infinity;
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
      const batch: Batch = { numbers: new Map(), told: new Map(), touched: new Set() };
      try {
        this.database.transaction(() => this.insert(samples, batch))();
      } catch (error) {
        this.rollUps.undo(batch.touched);
        throw error;
      }
      // Only what is committed may be remembered.
      for (const [id, number] of batch.numbers) this.numbers.set(id, number);
      for (const [device, quantities] of batch.told) for (const quantity of quantities) noteIn(this.told, device, quantity);
    });
  }

  latest(deviceIds: readonly DeviceId[]): Promise<Map<DeviceId, Sample>> {
    return this.attempt('reading the latest', () => {
      const newest = this.statements.of<ReadingRow>('SELECT * FROM readings WHERE device = ? ORDER BY ts DESC LIMIT 1');
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
        this.statements.of<ReadingRow>(source).all(this.numbers.get(deviceId), fromMs, toMs),
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
      const completeToMs = this.rollUps.completeTo(device);
      const steps = new Map<EpochMs, SampleValues>();
      for (const quantity of quantities) {
        if (!this.told.get(device)?.has(quantity)) continue;
        const values = await this.attempt('reading a range', () =>
          stepsOf(this.statements, { device, quantity, startMs: fromMs, endMs: toMs, stepMs, aggregate, completeToMs }),
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

  oldestMs(): Promise<EpochMs | undefined> {
    return this.attempt('reading the oldest moment', () => {
      const moments = [this.extreme('min', Math.min) ?? Infinity];
      for (const { table } of LEVELS) {
        const one = this.statements.of<{ ts: EpochMs | null }>(`SELECT min(ts) AS ts FROM ${table} WHERE device = ? AND quantity = ?`);
        for (const [device, told] of this.told) for (const quantity of told) moments.push(one.get(device, quantity)?.ts ?? Infinity);
      }
      const oldestMs = moments.reduce((a, b) => Math.min(a, b));
      return oldestMs === Infinity ? undefined : oldestMs;
    });
  }

  keepsFromMs(): Promise<EpochMs> {
    return Promise.resolve(this.forgottenBeforeMs);
  }

  async prune(beforeMs: EpochMs, minutesBeforeMs?: EpochMs): Promise<void> {
    const borderMs = floorTo(beforeMs, SLOT_MS);
    const minutesBorderMs = Math.min(floorTo(minutesBeforeMs ?? beforeMs, SLOT_MS), borderMs);
    await this.attempt('closing what goes', () => this.database.transaction(() => this.refuseBefore(borderMs))());
    for (const [device, told] of this.told) {
      await this.forget('readings', 'device = ?', [device], borderMs);
      for (const quantity of told) {
        const of = 'device = ? AND quantity = ?';
        await this.forget('minutes', of, [device, quantity], minutesBorderMs);
        if (minutesBeforeMs === undefined) await this.forget('quarters', of, [device, quantity], borderMs);
      }
    }
  }

  async close(): Promise<void> {
    await this.attempt('closing', () => this.database.close());
  }

  /** What is rolled up and then forgotten is closed for good. */
  private refuseBefore(borderMs: EpochMs): void {
    for (const device of this.told.keys()) this.rollUps.close(device, borderMs);
    if (borderMs <= this.forgottenBeforeMs) return;
    this.statements.of('INSERT OR REPLACE INTO forgotten (id, before_ms) VALUES (1, ?)').run(borderMs);
    this.forgottenBeforeMs = borderMs;
  }

  private insert(samples: readonly Sample[], batch: Batch): void {
    for (const sample of samples) {
      const { deviceId, atMs, values } = sample;
      if (atMs < this.forgottenBeforeMs) throw new Error(`readings of ${new Date(atMs).toISOString()} are forgotten already`);
      const named: Quantity[] = [];
      for (const quantity in values) if (isStored(quantity) && values[quantity] !== undefined) named.push(quantity);
      if (named.length === 0) continue;
      const device = this.numbers.get(deviceId) ?? batch.numbers.get(deviceId) ?? this.enrol(deviceId, batch.numbers);
      batch.touched.add(device);
      this.upsertOf(named).run(device, atMs, ...named.map((quantity) => values[quantity]));
      for (const quantity of named) this.noteTold(device, quantity, batch.told);
      this.rollUps.follow(device, sample);
    }
    this.rollUps.finish();
  }

  /** One statement for each set of quantities that devices tell: to bind the twenty that are not told takes half the time. */
  private upsertOf(named: readonly Quantity[]): Statement {
    const shape = named.join(' ');
    let upsert = this.upserts.get(shape);
    if (!upsert) this.upserts.set(shape, (upsert = this.statements.of(upsertSource(named))));
    return upsert;
  }

  private enrol(deviceId: DeviceId, numbers: Map<DeviceId, number>): number {
    const number = Number(this.statements.of('INSERT INTO devices (name) VALUES (?)').run(deviceId).lastInsertRowid);
    numbers.set(deviceId, number);
    return number;
  }

  /** Which device tells what is kept, so that nobody searches a month of rows for a counter that does not exist. */
  private noteTold(device: number, quantity: Quantity, told: Told): void {
    if (this.told.get(device)?.has(quantity) || told.get(device)?.has(quantity)) return;
    noteIn(told, device, quantity);
    this.statements.of('INSERT OR IGNORE INTO told (device, quantity) VALUES (?, ?)').run(device, quantity);
  }

  private nearest(
    deviceId: DeviceId,
    quantity: Quantity,
    fromMs: EpochMs,
    toMs: EpochMs,
    order: 'ASC' | 'DESC',
  ): Promise<Reading | undefined> {
    const device = this.numbers.get(deviceId);
    if (device === undefined || !this.told.get(device)?.has(quantity)) return Promise.resolve(undefined);
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
