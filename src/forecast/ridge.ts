import { type Distribution, LEVEL, quantileOf } from './distribution.js';
import type { SlotFeatures } from './slot-features.js';

/** One thing that came, as a learning model sees it. */
export interface LearningRow extends SlotFeatures {
  readonly actualW: number;
  readonly hour: number;
  readonly issueSlot: number;
  readonly targetSlot: number;
}

/** A linear correction of the naive blend for one hour of the day, in multiples of the row's scale. */
export interface HourModel {
  readonly centre: readonly number[];
  /** Of each input, then the constant. */
  readonly weights: readonly number[];
  /** 10, 50 and 90 % quantiles of what it missed on rows left out of the fit, in multiples of the scale. */
  readonly misses: readonly [number, number, number];
}

export interface RidgeModel {
  /** By local hour; absent where an hour had too few rows. */
  readonly hours: readonly (HourModel | null)[];
}

/** How hard weights are held to 0, as a multiple of the number of rows. */
const PENALTIES = [0.03, 0.1, 0.3, 1, 3] as const;
const LEAST_ROWS = 20;

/** Ridge regression by hour (Hoerl and Kennard, Technometrics 12, 1970), the penalty by leave-one-out error. */
export const fitRidge = (rows: readonly LearningRow[]): RidgeModel => ({
  hours: Array.from({ length: 24 }, (_, hour) => {
    const own = rows.filter((row) => row.hour === hour && row.scaleW > 0);
    return own.length < LEAST_ROWS ? null : fitHour(own);
  }),
});

const fitHour = (rows: readonly LearningRow[]): HourModel => {
  const width = rows[0]!.inputs.length;
  const total = rows.reduce((sum, { scaleW }) => sum + scaleW ** 2, 0);
  // Weighted by the square of the scale, so that what is least is the squared error in watts.
  const weight = rows.map(({ scaleW }) => (scaleW ** 2 / total) * rows.length);
  const centre = Array.from({ length: width }, (_, column) => {
    return rows.reduce((sum, { inputs }, row) => sum + weight[row]! * inputs[column]!, 0) / rows.length;
  });
  const design = rows.map(({ inputs }, row) => {
    const root = Math.sqrt(weight[row]!);
    return Float64Array.from({ length: width + 1 }, (_, column) => root * (column < width ? inputs[column]! - centre[column]! : 1));
  });
  const targets = rows.map(({ actualW, naiveW, scaleW }, row) => Math.sqrt(weight[row]!) * bounded((actualW - naiveW) / scaleW));
  let best: { error: number; weights: Float64Array; misses: number[] } | undefined;
  for (const penalty of PENALTIES) {
    const fit = solveRidge(design, targets, penalty * rows.length);
    const error = fit.leftOut.reduce((sum, miss) => sum + miss ** 2, 0);
    if (!best || error < best.error)
      best = { error, weights: fit.weights, misses: fit.leftOut.map((miss, row) => miss / Math.sqrt(weight[row]!)) };
  }
  const sorted = Float64Array.from(best!.misses).sort();
  return {
    centre: centre.map(compact),
    weights: Array.from(best!.weights, compact),
    misses: [compact(quantileOf(sorted, LEVEL.p10)), compact(quantileOf(sorted, LEVEL.p50)), compact(quantileOf(sorted, LEVEL.p90))],
  };
};

/** One spike in a quiet hour must not bend a whole model. */
const bounded = (value: number): number => Math.max(-8, Math.min(8, value));

const compact = (value: number): number => Number(value.toPrecision(7));

/**
 * Weights of least (targets − design·w)² + penalty·w², the last column (the constant) unpenalised, by Cholesky; and what each row
 * would have been missed by, had it been left out: residual / (1 − leverage) (Allen's PRESS, Technometrics 16, 1974).
 */
export const solveRidge = (
  design: readonly Float64Array[],
  targets: readonly number[],
  penalty: number,
): { weights: Float64Array; leftOut: number[] } => {
  const width = design[0]!.length;
  const gram = Array.from({ length: width }, (_, i) => {
    const line = new Float64Array(width);
    for (const row of design) for (let j = 0; j <= i; j += 1) line[j]! += row[i]! * row[j]!;
    line[i]! += i < width - 1 ? penalty : 1e-9;
    return line;
  });
  cholesky(gram);
  const moments = Float64Array.from({ length: width }, (_, i) => design.reduce((sum, row, k) => sum + row[i]! * targets[k]!, 0));
  const weights = backward(gram, forward(gram, moments));
  const leftOut = design.map((row, k) => {
    const half = forward(gram, row);
    const leverage = half.reduce((sum, value) => sum + value ** 2, 0);
    const fitted = row.reduce((sum, value, i) => sum + value * weights[i]!, 0);
    return (targets[k]! - fitted) / Math.max(0.05, 1 - leverage);
  });
  return { weights, leftOut };
};

/** Lower factor of a symmetric positive matrix, in place; only its lower half is read. */
const cholesky = (matrix: Float64Array[]): void => {
  for (let i = 0; i < matrix.length; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i]![j]!;
      for (let k = 0; k < j; k += 1) sum -= matrix[i]![k]! * matrix[j]![k]!;
      matrix[i]![j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / matrix[j]![j]!;
    }
  }
};

const forward = (factor: readonly Float64Array[], right: Float64Array): Float64Array => {
  const solved = new Float64Array(right.length);
  for (let i = 0; i < right.length; i += 1) {
    let sum = right[i]!;
    for (let k = 0; k < i; k += 1) sum -= factor[i]![k]! * solved[k]!;
    solved[i] = sum / factor[i]![i]!;
  }
  return solved;
};

const backward = (factor: readonly Float64Array[], right: Float64Array): Float64Array => {
  const solved = new Float64Array(right.length);
  for (let i = right.length - 1; i >= 0; i -= 1) {
    let sum = right[i]!;
    for (let k = i + 1; k < right.length; k += 1) sum -= factor[k]![i]! * solved[k]!;
    solved[i] = sum / factor[i]![i]!;
  }
  return solved;
};

/** What the model of the slot's hour says; absent where that hour has none. */
export const ridgeForecast = (model: RidgeModel, hour: number, { inputs, naiveW, scaleW }: SlotFeatures): Distribution | undefined => {
  const own = model.hours[hour];
  if (!own || own.weights.length !== inputs.length + 1) return undefined;
  let correction = own.weights[inputs.length]!;
  for (let column = 0; column < inputs.length; column += 1) correction += own.weights[column]! * (inputs[column]! - own.centre[column]!);
  const at = (miss: number): number => naiveW + scaleW * (correction + miss);
  return { mean: at(0), p10: at(own.misses[0]), p50: at(own.misses[1]), p90: at(own.misses[2]) };
};
