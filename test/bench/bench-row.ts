/** One figure of a benchmark, or what it was taken with. */
export interface BenchRow {
  readonly what: string;
  readonly value: number | string;
  readonly unit: string;
  /** What the figure should stay below, where there is such a bound. */
  readonly bound?: number;
}

/** What the command line may say about a benchmark. */
export interface BenchOptions {
  readonly server: string;
  /** How long it may take where that is a matter of taste. */
  readonly minutes: number;
  /** Where measured data and reference cases are. */
  readonly data: string;
  /** Run nothing but the parts whose names begin so. */
  readonly only: string;
  /** Take every so many weeks of a year; 1: the whole. */
  readonly everyWeeks: number;
}

export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;
