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
  /** Folder of the measured homes. */
  readonly homes: string;
}
