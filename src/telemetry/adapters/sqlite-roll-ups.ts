import { type Quantity, type SampleValues, STORED_QUANTITIES } from '../../field/sample.js';
import { floorTo, SLOT_MS } from '../../kernel/interval.js';
import { type DurationMs, type EpochMs, MINUTE_MS } from '../../kernel/units.js';
import { column, type Statements } from './sqlite-reading-file.js';

/** Lengths of roll-ups, each in a table of its own; each is made of the one before it, the first of single readings. */
export const LEVELS = [
  { table: 'minutes', stepMs: MINUTE_MS },
  { table: 'quarters', stepMs: SLOT_MS },
] as const;
export type RollUpLevel = (typeof LEVELS)[number];
export type RollUpTable = RollUpLevel['table'];

type Row = { ts: EpochMs } & SampleValues;

interface Summary {
  n: number;
  total: number;
  low: number;
  high: number;
  last: number;
}

/**
 * Readings of whole minutes and quarter-hours, kept beside them: a chart of a year reads 35,040 rows instead of millions. A
 * device's minute is worked out when the device has moved on to a later one, in the same transaction, and again if a late
 * reading falls into it; and so its quarter-hour.
 */
export class RollUps {
  /** The minute each device is in. It is not rolled up yet; every earlier one is. */
  private readonly current = new Map<number, EpochMs>();

  constructor(private readonly statements: Statements) {
    const rows = statements.of<{ device: number; ts: EpochMs }>('SELECT device, max(ts) AS ts FROM readings GROUP BY device').all();
    for (const { device, ts } of rows) this.current.set(device, floorTo(ts, MINUTE_MS));
    // A device whose readings have all gone is past everything that they left.
    const last = statements.of<{ ts: EpochMs | null }>('SELECT max(ts) AS ts FROM quarters WHERE device = ?');
    for (const { id } of statements.of<{ id: number }>('SELECT id FROM devices').all()) {
      const ts = this.current.has(id) ? null : last.get(id)!.ts;
      if (ts !== null) this.current.set(id, ts + SLOT_MS);
    }
  }

  /** Everything before this moment can be read from roll-ups of that length. */
  completeTo(device: number, stepMs: DurationMs): EpochMs {
    return floorTo(this.current.get(device) ?? 0, stepMs);
  }

  /** To be called inside the transaction that stored readings in these minutes. Answers what to do once it is committed. */
  follow(touched: ReadonlyMap<number, ReadonlySet<EpochMs>>): () => void {
    const moved = new Map<number, EpochMs>();
    for (const [device, minutes] of touched) {
      const before = this.current.get(device);
      const newest = Math.max(...minutes, before ?? 0);
      const due = [...new Set(before === undefined ? minutes : [...minutes, before])].filter((minute) => minute < newest);
      for (const minute of due) this.rollUpMinute(device, minute);
      const quarters = new Set(due.map((minute) => floorTo(minute, SLOT_MS)));
      for (const quarter of quarters) if (quarter < floorTo(newest, SLOT_MS)) rollUpQuarter(this.statements, device, quarter);
      moved.set(device, newest);
    }
    return () => {
      for (const [device, minute] of moved) this.current.set(device, minute);
    };
  }

  /** To be called inside a transaction before readings go: rolls up the minute that a silent device, or an old file, has ended in. */
  passTo(beforeMs: EpochMs): () => void {
    const toMs = floorTo(beforeMs, SLOT_MS);
    const silent = [...this.current].filter(([, minute]) => minute < toMs);
    for (const [device, minute] of silent) {
      this.rollUpMinute(device, minute);
      rollUpQuarter(this.statements, device, floorTo(minute, SLOT_MS));
    }
    return () => {
      for (const [device] of silent) this.current.set(device, toMs);
    };
  }

  private rollUpMinute(device: number, minuteMs: EpochMs): void {
    const rows = this.statements
      .of<Row>(`SELECT ts, ${STORED_QUANTITIES.map(column).join(', ')} FROM readings WHERE device = ? AND ts >= ? AND ts < ? ORDER BY ts`)
      .all(device, minuteMs, minuteMs + MINUTE_MS);
    const insert = this.statements.of(
      'INSERT OR REPLACE INTO minutes (device, quantity, ts, n, total, low, high, last) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    for (const [quantity, { n, total, low, high, last }] of summariesOf(rows))
      insert.run(device, quantity, minuteMs, n, total, low, high, last);
  }
}

/** Makes the quarter-hours of a file from before there were any. */
export const makeQuarters = (statements: Statements): void => {
  const newest = statements.of<{ device: number; ts: EpochMs }>('SELECT device, max(ts) AS ts FROM minutes GROUP BY device').all();
  for (const { device, ts } of newest) {
    const quarters = statements.of<{ quarter: EpochMs }>(
      `SELECT DISTINCT ts - ts % ${SLOT_MS} AS quarter FROM minutes WHERE device = ? AND ts < ?`,
    );
    for (const { quarter } of quarters.all(device, floorTo(ts, SLOT_MS))) rollUpQuarter(statements, device, quarter);
  }
};

// SQLite takes a bare column from the row that holds the only maximum, so the last value is looked for by itself.
const rollUpQuarter = (statements: Statements, device: number, quarterMs: EpochMs): void => {
  const merged = statements.of(`INSERT OR REPLACE INTO quarters (device, quantity, ts, n, total, low, high, last)
    SELECT device, quantity, ?, sum(n), sum(total), min(low), max(high),
      (SELECT last FROM minutes AS late WHERE late.device = minutes.device AND late.quantity = minutes.quantity
        AND late.ts >= ? AND late.ts < ? ORDER BY late.ts DESC LIMIT 1)
    FROM minutes WHERE device = ? AND quantity = ? AND ts >= ? AND ts < ? GROUP BY quantity`);
  const endMs = quarterMs + SLOT_MS;
  const told = statements.of<{ quantity: Quantity }>('SELECT quantity FROM told WHERE device = ?');
  for (const { quantity } of told.all(device)) merged.run(quarterMs, quarterMs, endMs, device, quantity, quarterMs, endMs);
};

const summariesOf = (rows: readonly Row[]): Map<Quantity, Summary> => {
  const summaries = new Map<Quantity, Summary>();
  for (const row of rows) {
    for (const quantity of STORED_QUANTITIES) {
      const value: number | null | undefined = row[quantity];
      if (value === null || value === undefined) continue;
      const summary = summaries.get(quantity);
      if (!summary) {
        summaries.set(quantity, { n: 1, total: value, low: value, high: value, last: value });
        continue;
      }
      summary.n += 1;
      summary.total += value;
      summary.low = Math.min(summary.low, value);
      summary.high = Math.max(summary.high, value);
      summary.last = value;
    }
  }
  return summaries;
};
