/** One figure of a benchmark. */
export interface BenchRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What the figure should stay below, where there is such a bound. */
  readonly bound?: number;
}
