import { type Quantity, type Sample, STORED_QUANTITIES } from '../../field/sample.js';
import { floorTo, SLOT_MS } from '../../kernel/interval.js';
import { type EpochMs, MINUTE_MS } from '../../kernel/units.js';
import { join, RunningSummary, type Summary } from './running-summary.js';
import { column, type ReadingRow, type Statements, valuesOf } from './sqlite-reading-file.js';

/** Lengths of roll-ups, each in a table of its own. */
export const LEVELS = [
  { table: 'minutes', stepMs: MINUTE_MS },
  { table: 'quarters', stepMs: SLOT_MS },
] as const;
export type RollUpLevel = (typeof LEVELS)[number];
export type RollUpTable = RollUpLevel['table'];

type Minutes = Map<EpochMs, RunningSummary>;

interface OpenQuarter {
  readonly quarterMs: EpochMs;
  /** What its minutes hold; `undefined` where only the stored readings tell. */
  minutes: Minutes | undefined;
}

/**
 * Readings of whole minutes and quarter-hours, kept beside them: a chart of a year reads 35,040 rows instead of millions. A
 * device's quarter-hour and its minutes are written when the device has moved on to a later one, in the same transaction: rows of
 * one device lie together, so fifteen minutes cost one page. If a late reading falls into it, it is made again from the readings.
 */
export class RollUps {
  /** The quarter-hour each device is in; all earlier ones are rolled up. A device without has no readings. */
  private readonly open = new Map<number, OpenQuarter>();
  private readonly late = new Map<number, Set<EpochMs>>();

  constructor(private readonly statements: Statements) {
    this.undo(
      statements
        .of<{ id: number }>('SELECT id FROM devices')
        .all()
        .map(({ id }) => id),
    );
  }

  /** Everything before this moment can be read from roll-ups. */
  completeTo(device: number): EpochMs {
    return this.open.get(device)?.quarterMs ?? Infinity;
  }

  /** To be called in the transaction that has just stored the reading; `finish` at its end. */
  follow(device: number, sample: Sample): void {
    const quarterMs = floorTo(sample.atMs, SLOT_MS);
    let open = this.open.get(device);
    if (open && quarterMs < open.quarterMs) {
      this.late.set(device, (this.late.get(device) ?? new Set()).add(quarterMs));
      return;
    }
    if (!open || quarterMs > open.quarterMs) {
      this.close(device);
      this.open.set(device, (open = { quarterMs, minutes: new Map() }));
    }
    if (!open.minutes) return;
    const minuteMs = floorTo(sample.atMs, MINUTE_MS);
    let minute = open.minutes.get(minuteMs);
    if (!minute) open.minutes.set(minuteMs, (minute = new RunningSummary()));
    if (!minute.add(sample)) open.minutes = undefined;
  }

  finish(): void {
    for (const [device, quarters] of this.late) {
      for (const quarterMs of quarters) this.write(device, quarterMs, this.minutesFromReadings(device, quarterMs));
    }
    this.late.clear();
  }

  /** The transaction of these devices came to nothing: what is known of them is what is stored. */
  undo(devices: Iterable<number>): void {
    this.late.clear();
    const newest = this.statements.of<{ ts: EpochMs | null }>('SELECT max(ts) AS ts FROM readings WHERE device = ?');
    for (const device of devices) {
      const ts = newest.get(device)?.ts ?? undefined;
      if (ts === undefined) this.open.delete(device);
      else this.open.set(device, { quarterMs: floorTo(ts, SLOT_MS), minutes: undefined });
    }
  }

  /** Rolls up where a device is, if that is before the moment; to be called in a transaction, before its readings go. */
  close(device: number, beforeMs: EpochMs = Infinity): void {
    const open = this.open.get(device);
    if (!open || open.quarterMs >= beforeMs) return;
    this.write(device, open.quarterMs, open.minutes ?? this.minutesFromReadings(device, open.quarterMs));
    this.open.delete(device);
  }

  private minutesFromReadings(device: number, quarterMs: EpochMs): Minutes {
    const rows = this.statements
      .of<ReadingRow>(
        `SELECT ts, ${STORED_QUANTITIES.map(column).join(', ')} FROM readings WHERE device = ? AND ts >= ? AND ts < ? ORDER BY ts`,
      )
      .all(device, quarterMs, quarterMs + SLOT_MS);
    const minutes: Minutes = new Map();
    for (const row of rows) {
      const minuteMs = floorTo(row.ts, MINUTE_MS);
      let minute = minutes.get(minuteMs);
      if (!minute) minutes.set(minuteMs, (minute = new RunningSummary()));
      minute.add({ atMs: row.ts, values: valuesOf(row, STORED_QUANTITIES) });
    }
    return minutes;
  }

  private write(device: number, quarterMs: EpochMs, minutes: Minutes): void {
    const quarter = new Map<Quantity, Summary>();
    for (const minuteMs of [...minutes.keys()].sort((a, b) => a - b)) {
      for (const [quantity, summary] of minutes.get(minuteMs)!.summaries) {
        this.writeRow('minutes', device, quantity, minuteMs, summary);
        const whole = quarter.get(quantity);
        if (whole) join(whole, summary);
        else quarter.set(quantity, { ...summary });
      }
    }
    for (const [quantity, summary] of quarter) this.writeRow('quarters', device, quantity, quarterMs, summary);
  }

  private writeRow(table: RollUpTable, device: number, quantity: Quantity, ts: EpochMs, { n, total, low, high, last }: Summary): void {
    this.statements
      .of(`INSERT OR REPLACE INTO ${table} (device, quantity, ts, n, total, low, high, last) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
      .run(device, quantity, ts, n, total, low, high, last);
  }
}

/** Makes the quarter-hours of a file from before there were any, but not the one that a device is in. */
export const makeQuarters = (statements: Statements): void => {
  const due = statements.of<{ device: number; quarter: EpochMs }>(
    `SELECT DISTINCT device, ts - ts % ${SLOT_MS} AS quarter FROM minutes
     WHERE ts - ts % ${SLOT_MS} < coalesce((SELECT max(ts) - max(ts) % ${SLOT_MS} FROM readings WHERE readings.device = minutes.device), ts + 1)`,
  );
  for (const { device, quarter } of due.all()) rollUpQuarter(statements, device, quarter);
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
