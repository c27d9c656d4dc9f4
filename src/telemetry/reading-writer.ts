import type { Sample } from '../field/sample.js';
import { messageOf } from '../kernel/errors.js';
import type { EpochMs } from '../kernel/units.js';
import { appendAll } from './append-all.js';
import type { ReadingStore } from './reading-store.port.js';

/** What the writer tells when the store stops taking readings, and when it takes them again. */
export type WriterReport =
  | { readonly kind: 'failing'; readonly queued: number; readonly lost: number; readonly oldestMs: EpochMs; readonly message: string }
  | { readonly kind: 'recovered'; readonly lost: number }
  /** The store refuses this sample for good, while it takes others. */
  | { readonly kind: 'unstorable'; readonly sample: Sample; readonly message: string };

export interface WriterLimits {
  /** Samples kept in memory while the store is away; beyond, the oldest are given up and counted as `lost`. */
  readonly maxQueued: number;
  readonly maxBatch: number;
}

const LIMITS: WriterLimits = { maxQueued: 100_000, maxBatch: 5_000 };

/**
 * Brings samples into the store in the order they came, without making the field wait. A batch that failed stays queued
 * and is tried again at the next flush; since a reading is known by its device and moment, trying twice stores it once.
 */
export class ReadingWriter {
  private queue: Sample[] = [];
  /** The batch at the store; it counts as queued until the store has it. */
  private underWay: readonly Sample[] = [];
  private flushing: Promise<void> | undefined;
  private failing = false;
  private lost = 0;

  constructor(
    private readonly store: ReadingStore,
    private readonly report: (report: WriterReport) => void,
    private readonly limits: WriterLimits = LIMITS,
  ) {}

  get queued(): number {
    return this.underWay.length + this.queue.length;
  }

  add(sample: Sample): void {
    this.queue.push(sample);
    this.giveUpExcess();
  }

  /** Stores what is queued, as far as the store takes it. Never throws: trouble goes to the report. Runs do not overlap. */
  flush(): Promise<void> {
    this.flushing ??= this.drain().finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      this.underWay = this.queue.splice(0, this.limits.maxBatch);
      try {
        await appendAll(this.store, this.underWay, (sample, message) => this.report({ kind: 'unstorable', sample, message }));
      } catch (error) {
        this.queue = [...this.underWay, ...this.queue];
        this.underWay = [];
        this.giveUpExcess();
        this.failing = true;
        this.report({
          kind: 'failing',
          queued: this.queued,
          lost: this.lost,
          oldestMs: this.queue[0]?.atMs ?? 0,
          message: messageOf(error),
        });
        return;
      }
      this.underWay = [];
    }
    if (!this.failing) return;
    this.report({ kind: 'recovered', lost: this.lost });
    this.failing = false;
    this.lost = 0;
  }

  /** Cut in strides: giving up one at a time would move the whole queue for every sample. */
  private giveUpExcess(): void {
    const excess = this.queued - this.limits.maxQueued;
    if (excess <= this.limits.maxQueued / 100) return;
    this.lost += this.queue.splice(0, excess).length;
  }
}
