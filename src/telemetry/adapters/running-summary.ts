import { type Quantity, type Sample, STORED_QUANTITIES } from '../../field/sample.js';
import type { EpochMs } from '../../kernel/units.js';

/** What is kept of a quantity's readings over a stretch: enough to join it with its neighbours. */
export interface Summary {
  n: number;
  total: number;
  low: number;
  high: number;
  last: number;
}

const STORED: ReadonlySet<string> = new Set(STORED_QUANTITIES);

export const isStored = (quantity: string): quantity is Quantity => STORED.has(quantity);

/** What a device has told in a stretch, summed up as it comes, so that nothing is read again once the stretch is over. */
export class RunningSummary {
  private lastMs: EpochMs = -Infinity;
  readonly summaries = new Map<Quantity, Summary>();

  /**
   * Answers false, and takes nothing, where the sample is not newer than the last: it may be a second word on a moment that has
   * been counted, which only the readings themselves can tell.
   */
  add({ atMs, values }: Pick<Sample, 'atMs' | 'values'>): boolean {
    if (!(atMs > this.lastMs)) return false;
    this.lastMs = atMs;
    for (const quantity in values) {
      const value = values[quantity as Quantity];
      if (value === undefined || !isStored(quantity)) continue;
      const summary = this.summaries.get(quantity);
      if (summary) join(summary, { n: 1, total: value, low: value, high: value, last: value });
      else this.summaries.set(quantity, { n: 1, total: value, low: value, high: value, last: value });
    }
    return true;
  }
}

/** Adds to a summary that of what came after it. */
export const join = (summary: Summary, later: Readonly<Summary>): void => {
  summary.n += later.n;
  summary.total += later.total;
  if (later.low < summary.low) summary.low = later.low;
  if (later.high > summary.high) summary.high = later.high;
  summary.last = later.last;
};
