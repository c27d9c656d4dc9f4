import { type Quantity, type SampleValues, STORED_QUANTITIES } from '../../field/sample.js';
import { floorTo } from '../../kernel/interval.js';
import { type EpochMs, MINUTE_MS } from '../../kernel/units.js';
import { column, type Statements } from './sqlite-reading-file.js';

type Row = { ts: EpochMs } & SampleValues;

interface Minute {
  n: number;
  total: number;
  low: number;
  high: number;
  last: number;
}

/**
 * Readings of whole minutes, kept beside them: charts over days read 1,440 rows a day instead of 86,400. A device's minute is
 * worked out when the device has moved on to a later one, in the same transaction, and again if a late reading falls into it.
 */
export class MinuteRollUps {
  /** The minute each device is in. It is not rolled up yet; every earlier one is. */
  private readonly current = new Map<number, EpochMs>();

  constructor(private readonly statements: Statements) {
    const rows = statements.of<{ device: number; ts: EpochMs }>('SELECT device, max(ts) AS ts FROM readings GROUP BY device').all();
    for (const { device, ts } of rows) this.current.set(device, floorTo(ts, MINUTE_MS));
  }

  /** Everything before this moment can be read from the roll-ups. */
  completeTo(device: number): EpochMs {
    return this.current.get(device) ?? 0;
  }

  /** To be called inside the transaction that stored readings in these minutes. Answers what to do once it is committed. */
  follow(touched: ReadonlyMap<number, ReadonlySet<EpochMs>>): () => void {
    const moved = new Map<number, EpochMs>();
    for (const [device, minutes] of touched) {
      const before = this.current.get(device);
      const newest = Math.max(...minutes, before ?? 0);
      for (const minute of before === undefined ? minutes : new Set([...minutes, before])) {
        if (minute < newest) this.rollUp(device, minute);
      }
      moved.set(device, newest);
    }
    return () => {
      for (const [device, minute] of moved) this.current.set(device, minute);
    };
  }

  private rollUp(device: number, minuteMs: EpochMs): void {
    const rows = this.statements
      .of<Row>(`SELECT ts, ${STORED_QUANTITIES.map(column).join(', ')} FROM readings WHERE device = ? AND ts >= ? AND ts < ? ORDER BY ts`)
      .all(device, minuteMs, minuteMs + MINUTE_MS);
    const insert = this.statements.of(
      'INSERT OR REPLACE INTO minutes (device, quantity, ts, n, total, low, high, last) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    for (const [quantity, { n, total, low, high, last }] of minuteOf(rows))
      insert.run(device, quantity, minuteMs, n, total, low, high, last);
  }
}

const minuteOf = (rows: readonly Row[]): Map<Quantity, Minute> => {
  const minutes = new Map<Quantity, Minute>();
  for (const row of rows) {
    for (const quantity of STORED_QUANTITIES) {
      const value: number | null | undefined = row[quantity];
      if (value === null || value === undefined) continue;
      const minute = minutes.get(quantity);
      if (!minute) {
        minutes.set(quantity, { n: 1, total: value, low: value, high: value, last: value });
        continue;
      }
      minute.n += 1;
      minute.total += value;
      minute.low = Math.min(minute.low, value);
      minute.high = Math.max(minute.high, value);
      minute.last = value;
    }
  }
  return minutes;
};
