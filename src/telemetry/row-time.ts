import { momentsOf } from '../kernel/local-day.js';
import type { EpochMs } from '../kernel/units.js';

/** When a row of a file is from: a moment, or a time on a wall that its zone has yet to turn into one. */
export type RowTime =
  | { readonly kind: 'moment'; readonly atMs: EpochMs }
  | { readonly kind: 'local'; readonly wallMs: number }
  | { readonly kind: 'unreadable' };

const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?\s?(Z|[+-]\d\d:?\d\d)?$/;
/** Epoch seconds have ten digits from 2001 to 2286, and milliseconds thirteen. */
const SECONDS = /^\d{9,10}(\.\d+)?$/;
const MILLISECONDS = /^\d{12,13}$/;

/** ISO 8601 with an offset, or without one as a local time; seconds or milliseconds since 1970. */
export const parseRowTime = (text: string): RowTime => {
  const cell = text.trim();
  if (SECONDS.test(cell)) return { kind: 'moment', atMs: Math.round(Number(cell) * 1_000) };
  if (MILLISECONDS.test(cell)) return { kind: 'moment', atMs: Number(cell) };
  const parts = ISO.exec(cell);
  if (!parts) return { kind: 'unreadable' };
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second, Number((parts[7] ?? '0').padEnd(3, '0')));
  // The calendar takes the 31st of June for the 1st of July.
  if (new Date(wallMs).getUTCDate() !== day || hour > 23 || minute > 59 || second > 59 || month > 12) return { kind: 'unreadable' };
  const offset = parts[8];
  if (offset === undefined) return { kind: 'local', wallMs };
  return { kind: 'moment', atMs: wallMs - offsetMs(offset) };
};

const offsetMs = (offset: string): number => {
  if (offset === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000;
};

/** What became of a row's local time. */
export type PlacedRow<Row> =
  | { readonly kind: 'placed'; readonly row: Row; readonly atMs: EpochMs }
  | { readonly kind: 'refused'; readonly row: Row; readonly reason: 'no-such-time' | 'ambiguous-time' };

interface Doubled<Row> {
  readonly row: Row;
  readonly wallMs: number;
  readonly moments: readonly EpochMs[];
}

/**
 * Turns local times into moments, row by row in the order of the file. A time that the clocks jump over is refused. Rows of an
 * hour that the clocks show twice wait for the end of that hour: where they run through it twice, once before and once after a
 * single step back (forward, where the file's newest row comes first), each pass is known by its place; otherwise all are refused.
 */
export class LocalTimes<Row> {
  private waiting: Doubled<Row>[] = [];
  private beforeMs: number | undefined;

  constructor(private readonly zone: string) {}

  /** Answers what is known now: the row itself, and rows that waited for it. */
  place(row: Row, wallMs: number): PlacedRow<Row>[] {
    const moments = momentsOf(this.zone, wallMs);
    if (moments.length > 1) {
      this.waiting.push({ row, wallMs, moments });
      return [];
    }
    const waited = this.settle(wallMs);
    this.beforeMs = wallMs;
    const [atMs] = moments;
    return [...waited, atMs === undefined ? { kind: 'refused', row, reason: 'no-such-time' } : { kind: 'placed', row, atMs }];
  }

  /** The file is over. */
  end(): PlacedRow<Row>[] {
    return this.settle(undefined);
  }

  private settle(afterMs: number | undefined): PlacedRow<Row>[] {
    const rows = this.waiting;
    this.waiting = [];
    const [first] = rows;
    if (!first) return [];
    const direction = directionOf(this.beforeMs, first.wallMs) ?? directionOf(rows.at(-1)!.wallMs, afterMs) ?? 1;
    const turns = rows.flatMap(({ wallMs }, i) => (i > 0 && (wallMs - rows[i - 1]!.wallMs) * direction <= 0 ? [i] : []));
    if (turns.length !== 1) return rows.map(({ row }) => ({ kind: 'refused', row, reason: 'ambiguous-time' }));
    const [earlier, later] = direction > 0 ? [0, 1] : [1, 0];
    return rows.map(({ row, moments }, i) => ({ kind: 'placed', row, atMs: moments[i < turns[0]! ? earlier : later]! }));
  }
}

/** 1 where a file goes on in time, -1 where its newest row comes first. */
const directionOf = (fromMs: number | undefined, toMs: number | undefined): 1 | -1 | undefined => {
  if (fromMs === undefined || toMs === undefined || fromMs === toMs) return undefined;
  return toMs > fromMs ? 1 : -1;
};
