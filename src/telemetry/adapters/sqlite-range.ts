import type { Quantity } from '../../field/sample.js';
import { ceilTo, floorTo, type Interval } from '../../kernel/interval.js';
import type { DurationMs, EpochMs } from '../../kernel/units.js';
import type { RangeAggregate } from '../reading-store.port.js';
import { column, type Statements } from './sqlite-reading-file.js';
import { LEVELS, type RollUpLevel } from './sqlite-roll-ups.js';

/** One step out of one source: what is needed to join it with another piece of the same step. */
interface Piece {
  readonly at: EpochMs;
  readonly value: number;
  readonly n: number;
}

const OF_READINGS: Readonly<Record<RangeAggregate, (c: string) => string>> = {
  mean: (c) => `sum(${c}) AS value, count(${c}) AS n`,
  min: (c) => `min(${c}) AS value, 1 AS n`,
  max: (c) => `max(${c}) AS value, 1 AS n`,
  // SQLite takes a bare column from the row that holds the maximum.
  last: (c) => `${c} AS value, max(ts) AS n`,
};

const OF_ROLL_UPS: Readonly<Record<RangeAggregate, string>> = {
  mean: 'sum(total) AS value, sum(n) AS n',
  min: 'min(low) AS value, 1 AS n',
  max: 'max(high) AS value, 1 AS n',
  last: 'last AS value, max(ts) AS n',
};

/** A roll-up that is as long as the step is the step. */
const AS_ROLLED_UP: Readonly<Record<RangeAggregate, string>> = {
  mean: 'total AS value, n',
  min: 'low AS value, 1 AS n',
  max: 'high AS value, 1 AS n',
  last: 'last AS value, 1 AS n',
};

const JOIN: Readonly<Record<RangeAggregate, (a: Piece, b: Piece) => Piece>> = {
  mean: (a, b) => ({ at: a.at, value: a.value + b.value, n: a.n + b.n }),
  min: (a, b) => ({ ...a, value: Math.min(a.value, b.value) }),
  max: (a, b) => ({ ...a, value: Math.max(a.value, b.value) }),
  last: (_a, b) => b,
};

export interface StepsQuery extends Interval {
  readonly device: number;
  readonly quantity: Quantity;
  readonly stepMs: DurationMs;
  readonly aggregate: RangeAggregate;
  /** Up to where there are roll-ups. */
  readonly completeToMs: EpochMs;
}

/**
 * One value a step, each part of the stretch from the longest roll-ups that steps are made of whole: quarter-hours in the
 * middle, minutes beside them, single readings at the ends.
 */
export const stepsOf = (statements: Statements, query: StepsQuery): Map<EpochMs, number> => {
  const { aggregate } = query;
  const steps = new Map<EpochMs, Piece>();
  const gather = (pieces: readonly Piece[]): void => {
    for (const piece of pieces) {
      const known = steps.get(piece.at);
      steps.set(piece.at, known ? JOIN[aggregate](known, piece) : piece);
    }
  };
  /** In order of time, so that the last piece of a step is its last. */
  const cover = (fromMs: EpochMs, toMs: EpochMs, level: number): void => {
    const rollUp = LEVELS[level];
    if (toMs <= fromMs) return;
    if (!rollUp) return gather(fromReadings(statements, query, fromMs, toMs));
    const wholeFrom = ceilTo(fromMs, rollUp.stepMs);
    const wholeTo = Math.min(floorTo(toMs, rollUp.stepMs), query.completeToMs);
    if (query.stepMs % rollUp.stepMs !== 0 || wholeTo <= wholeFrom) return cover(fromMs, toMs, level - 1);
    cover(fromMs, wholeFrom, level - 1);
    gather(fromRollUps(statements, query, rollUp, { startMs: wholeFrom, endMs: wholeTo }));
    cover(wholeTo, toMs, level - 1);
  };
  cover(query.startMs, query.endMs, LEVELS.length - 1);
  return new Map([...steps].map(([at, { value, n }]) => [at, aggregate === 'mean' ? value / n : value]));
};

const fromReadings = (statements: Statements, query: StepsQuery, fromMs: EpochMs, toMs: EpochMs): Piece[] => {
  const { device, quantity, stepMs, aggregate } = query;
  if (toMs <= fromMs) return [];
  const c = column(quantity);
  return statements
    .of<Piece>(
      `SELECT ts - ts % ? AS at, ${OF_READINGS[aggregate](c)} FROM readings
       WHERE device = ? AND ts >= ? AND ts < ? AND ${c} IS NOT NULL GROUP BY 1 ORDER BY 1`,
    )
    .all(stepMs, device, fromMs, toMs);
};

const fromRollUps = (statements: Statements, query: StepsQuery, rollUp: RollUpLevel, { startMs, endMs }: Interval): Piece[] => {
  const { device, quantity, stepMs, aggregate } = query;
  const among = `FROM ${rollUp.table} WHERE device = ? AND quantity = ? AND ts >= ? AND ts < ?`;
  if (stepMs === rollUp.stepMs)
    return statements.of<Piece>(`SELECT ts AS at, ${AS_ROLLED_UP[aggregate]} ${among} ORDER BY ts`).all(device, quantity, startMs, endMs);
  return statements
    .of<Piece>(`SELECT ts - ts % ? AS at, ${OF_ROLL_UPS[aggregate]} ${among} GROUP BY 1 ORDER BY 1`)
    .all(stepMs, device, quantity, startMs, endMs);
};
