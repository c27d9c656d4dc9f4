import { Inject, Injectable } from '@nestjs/common';
import { floorTo } from '../kernel/interval.js';
import { DAY_MS, MINUTE_MS } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { ReadingStore } from './reading-store.port.js';
import { RefusalLog } from './refusal-log.js';

export interface Retention {
  /** Single readings. */
  readonly rawDays: number;
  /** Roll-ups of minutes, where the store keeps them, and counts of refused readings. Those of quarter-hours are kept for good. */
  readonly minuteDays: number;
}

export const RETENTION = Symbol('retention');

/** Forgets what is older than it is kept. Closed intervals, which money and proofs rest on, are never forgotten. */
@Injectable()
export class RetentionService {
  private pruning: Promise<void> | undefined;

  constructor(
    private readonly store: ReadingStore,
    private readonly refusals: RefusalLog,
    private readonly clock: Clock,
    @Inject(RETENTION) private readonly retention: Retention,
  ) {}

  /** Runs do not overlap. Throws `AdapterError` when the store is away. */
  prune(): Promise<void> {
    this.pruning ??= this.pruneOnce().finally(() => {
      this.pruning = undefined;
    });
    return this.pruning;
  }

  private async pruneOnce(): Promise<void> {
    const nowMs = floorTo(this.clock.now(), MINUTE_MS);
    const minutesBeforeMs = nowMs - this.retention.minuteDays * DAY_MS;
    await this.store.prune(nowMs - this.retention.rawDays * DAY_MS, minutesBeforeMs);
    await this.refusals.prune(minutesBeforeMs);
  }
}
