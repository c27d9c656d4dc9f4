import type { Quantity, SampleValues } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import { ceilTo, floorTo, type Interval, SLOT_MS } from '../../kernel/interval.js';
import { type EpochMs, MINUTE_MS } from '../../kernel/units.js';
import type { RangeAggregate, RangePoint, RangeQuery } from '../reading-store.port.js';
import { type Part, partOf } from './influx-lines.js';
import { during, field, LENGTHS, of } from './influx-ql.js';

/** What the store has to answer from. */
export interface Kept {
  /** From here on there are single readings; before, there are minutes. A quarter-hour is never half of each. */
  readonly readingsFromMs: EpochMs;
  /** Quarter-hours whose roll-up is not there or not right yet, in order. All others are rolled up. */
  readonly due: readonly EpochMs[];
}

/** A part of a stretch, and where it is read from. */
export interface Piece extends Interval {
  readonly source: 'readings' | 'minutes' | 'quarters';
}

type Stretch = Pick<RangeQuery, 'fromMs' | 'toMs' | 'stepMs'>;

/**
 * A stretch in pieces, in order of time: whole quarter-hours from their roll-ups where steps are made of them, the rest from
 * single readings or, where these are gone, from whole minutes.
 */
export const piecesOf = ({ fromMs, toMs, stepMs }: Stretch, { readingsFromMs, due }: Kept): Piece[] => {
  const pieces: Piece[] = [];
  const add = (source: Piece['source'], startMs: EpochMs, endMs: EpochMs): void => {
    const last = pieces.at(-1);
    if (endMs <= startMs) return;
    if (last?.source === source && last.endMs === startMs) pieces[pieces.length - 1] = { ...last, endMs };
    else pieces.push({ source, startMs, endMs });
  };
  const addFine = (startMs: EpochMs, endMs: EpochMs): void => {
    const borderMs = Math.min(Math.max(readingsFromMs, startMs), endMs);
    if (stepMs % MINUTE_MS === 0) add('minutes', ceilTo(startMs, MINUTE_MS), floorTo(borderMs, MINUTE_MS));
    add('readings', borderMs, endMs);
  };
  const wholeFromMs = ceilTo(fromMs, SLOT_MS);
  const wholeToMs = floorTo(toMs, SLOT_MS);
  if (stepMs % SLOT_MS !== 0 || wholeToMs <= wholeFromMs) {
    addFine(fromMs, toMs);
    return pieces;
  }
  addFine(fromMs, wholeFromMs);
  let doneMs = wholeFromMs;
  for (const quarterMs of due) {
    if (quarterMs < wholeFromMs || quarterMs >= wholeToMs) continue;
    add('quarters', doneMs, quarterMs);
    doneMs = quarterMs + SLOT_MS;
    addFine(quarterMs, doneMs);
  }
  add('quarters', doneMs, wholeToMs);
  addFine(wholeToMs, toMs);
  return pieces;
};

/** The statement for one piece of one device: a column a quantity, or for means two: sum and count. */
export const pieceStatement = (
  deviceId: DeviceId,
  { source, startMs, endMs }: Piece,
  { quantities, stepMs, aggregate }: Pick<RangeQuery, 'quantities' | 'stepMs' | 'aggregate'>,
): string => {
  const asIs = source !== 'readings' && LENGTHS[source] === stepMs;
  const columns = quantities.flatMap((quantity) => {
    const part = (name: Part): string => field(partOf(quantity, name));
    if (source === 'readings')
      return aggregate === 'mean' ? [`sum(${field(quantity)})`, `count(${field(quantity)})`] : [`${aggregate}(${field(quantity)})`];
    if (aggregate === 'mean') return asIs ? [part('sum'), part('n')] : [`sum(${part('sum')})`, `sum(${part('n')})`];
    return asIs ? [part(aggregate)] : [`${aggregate}(${part(aggregate)})`];
  });
  const steps = asIs ? '' : ` GROUP BY time(${Math.round(stepMs)}ms) fill(none)`;
  return `SELECT ${columns.join(', ')} FROM ${source} WHERE ${of(deviceId)} AND ${during(startMs, endMs)}${steps}`;
};

interface Measured {
  readonly value: number;
  readonly n: number;
}

const JOIN: Readonly<Record<RangeAggregate, (a: Measured, b: Measured) => number>> = {
  mean: (a, b) => (a.value * a.n + b.value * b.n) / (a.n + b.n),
  min: (a, b) => Math.min(a.value, b.value),
  max: (a, b) => Math.max(a.value, b.value),
  last: (_a, b) => b.value,
};

/** The steps of one device, put together from its pieces in order of time; a step may come in several. */
export class DeviceSteps {
  readonly points: RangePoint[] = [];
  private latest: { readonly atMs: EpochMs; readonly values: SampleValues } | undefined;
  /** How many readings the latest step's values stand for. */
  private counts: SampleValues = {};

  constructor(
    private readonly deviceId: DeviceId,
    private readonly quantities: readonly Quantity[],
    private readonly aggregate: RangeAggregate,
  ) {}

  /** Rows as `pieceStatement` asks for them. */
  take(rows: readonly (readonly unknown[])[]): void {
    const width = this.aggregate === 'mean' ? 2 : 1;
    for (const row of rows) {
      for (let i = 0; i < this.quantities.length; i += 1) {
        const [value, n] = [row[1 + i * width], width === 2 ? row[2 + i * width] : 1];
        if (typeof value !== 'number' || typeof n !== 'number') continue;
        this.join(row[0] as EpochMs, this.quantities[i]!, { value: width === 2 ? value / n : value, n });
      }
    }
  }

  private join(atMs: EpochMs, quantity: Quantity, measured: Measured): void {
    if (this.latest?.atMs !== atMs) {
      this.latest = { atMs, values: {} };
      this.counts = {};
      this.points.push({ deviceId: this.deviceId, ...this.latest });
    }
    const { values } = this.latest;
    const before = values[quantity];
    const n = this.counts[quantity] ?? 0;
    values[quantity] = before === undefined ? measured.value : JOIN[this.aggregate]({ value: before, n }, measured);
    this.counts[quantity] = n + measured.n;
  }
}
