/** Mean and spread of each input over the training rows. */
export interface Scaling {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export const scalingOf = (rows: readonly ArrayLike<number>[]): Scaling => {
  const columns = Array.from({ length: rows[0]?.length ?? 0 }, (_, column) => column);
  const mean = columns.map((column) => rows.reduce((sum, row) => sum + row[column]!, 0) / rows.length);
  const deviation = columns.map(
    (column) => Math.sqrt(rows.reduce((sum, row) => sum + (row[column]! - mean[column]!) ** 2, 0) / rows.length) || 1,
  );
  return { mean: mean.map(compact), deviation: deviation.map(compact) };
};

/** Seven digits keep the stored JSON small. */
const compact = (value: number): number => Number(value.toPrecision(7)) || 0;

/** Inputs as multiples of their usual spread, cut at ±5 so that no odd reading carries a network away. */
export const standardise = (inputs: ArrayLike<number>, { mean, deviation }: Scaling): Float32Array => {
  const standard = new Float32Array(inputs.length);
  for (let column = 0; column < standard.length; column += 1) {
    const value = (inputs[column]! - mean[column]!) / (deviation[column] || 1);
    standard[column] = Math.max(-5, Math.min(5, value));
  }
  return standard;
};
