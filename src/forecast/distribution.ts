/**
 * What a forecast says of one slot: the mean, for energy, and the 10, 50 and 90 % quantiles, for decisions. Each has the loss that it
 * alone makes least: squared error for the mean, pinball loss for a quantile (Gneiting, JASA 106, 2011), so no one of them
 * is ever scored by another's.
 */
export const FUNCTIONALS = ['mean', 'p10', 'p50', 'p90'] as const;
export type Functional = (typeof FUNCTIONALS)[number];

/** Watts. */
export type Distribution = Readonly<Record<Functional, number>>;

/** The share of outcomes that lie below a quantile. */
export const LEVEL: Readonly<Record<Exclude<Functional, 'mean'>, number>> = { p10: 0.1, p50: 0.5, p90: 0.9 };

/** The same, for all three functionals, of a number that is sure. */
export const certain = (powerW: number): Distribution => ({ mean: powerW, p10: powerW, p50: powerW, p90: powerW });

/** The quantile of sorted values, interpolated between the two nearest (type 7 of Hyndman and Fan 1996). At least one value. */
export const quantileOf = (sorted: ArrayLike<number>, level: number): number => {
  const position = (sorted.length - 1) * level;
  const below = Math.floor(position);
  const low = sorted[below]!;
  return below + 1 < sorted.length ? low + (position - below) * (sorted[below + 1]! - low) : low;
};

/** Mean and quantiles of a sample of outcomes; at least one. Sorts the sample in place. */
export const ofSample = (sample: Float64Array): Distribution => {
  let sum = 0;
  for (const value of sample) sum += value;
  sample.sort();
  return {
    mean: sum / sample.length,
    p10: quantileOf(sample, LEVEL.p10),
    p50: quantileOf(sample, LEVEL.p50),
    p90: quantileOf(sample, LEVEL.p90),
  };
};

/** Pinball loss of one quantile forecast (Koenker and Bassett, Econometrica 46, 1978); W. */
export const pinball = (level: number, forecastW: number, actualW: number): number =>
  actualW >= forecastW ? level * (actualW - forecastW) : (1 - level) * (forecastW - actualW);

/**
 * Nothing below 0, and quantiles in their order: where they cross, the outer ones give way to the middle one (a rearrangement
 * towards the median, which changes fewer of them than sorting).
 */
export const orderly = ({ mean, p10, p50, p90 }: Distribution): Distribution => {
  const middle = Math.max(0, p50);
  return { mean: Math.max(0, mean), p10: Math.max(0, Math.min(p10, middle)), p50: middle, p90: Math.max(p90, middle) };
};
