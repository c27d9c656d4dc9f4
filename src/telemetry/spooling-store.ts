import type { Quantity, Sample } from '../field/sample.js';
import type { DeviceId } from '../fleet/plant.js';
import { AdapterError, messageOf } from '../kernel/errors.js';
import { type DurationMs, type EpochMs, SECOND_MS } from '../kernel/units.js';
import type { ReadingSpool } from './adapters/reading-spool.js';
import { appendAll } from './append-all.js';
import { type RangePoint, type RangeQuery, type Reading, ReadingStore, type SamplesQuery } from './reading-store.port.js';

/** What a store behind a spool tells of itself. */
export type SpoolReport =
  | { readonly kind: 'spooling'; readonly samples: number; readonly bytes: number; readonly maxBytes: number; readonly message: string }
  /** The spool is full: so many of the oldest were given up. */
  | { readonly kind: 'lost'; readonly samples: number }
  | { readonly kind: 'drained' }
  | { readonly kind: 'unstorable'; readonly sample: Sample; readonly message: string };

export interface SpoolTiming {
  /** A store that takes longer is slow: the batch goes to the spool as well, and nobody waits for the store. */
  readonly slowMs: DurationMs;
  readonly firstRetryMs: DurationMs;
  readonly longestRetryMs: DurationMs;
}

const TIMING: SpoolTiming = { slowMs: 2 * SECOND_MS, firstRetryMs: SECOND_MS, longestRetryMs: 30 * SECOND_MS };

/**
 * A store on another computer, with a spool on this one's disk for when it is away, slow, full or answers in error. While
 * anything waits there, what comes goes behind it, so that the order stays; what the store has taken twice it has once, since a
 * reading is known by its device and moment. Questions about what waits fail as they would without the store: an energy worked
 * out without it would be wrong.
 */
export class SpoolingReadingStore extends ReadingStore {
  private draining: Promise<void> | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private closed = false;

  constructor(
    private readonly inner: ReadingStore,
    private readonly spool: ReadingSpool,
    private readonly report: (report: SpoolReport) => void,
    private readonly timing: SpoolTiming = TIMING,
  ) {
    super();
    if (spool.samples > 0) this.drainIn(0);
  }

  async append(samples: readonly Sample[]): Promise<void> {
    if (samples.length === 0) return;
    const fault = this.spool.samples > 0 ? 'others wait before them' : await this.faultOf(samples);
    if (fault === undefined) return;
    if (this.spool.samples === 0) this.report({ kind: 'spooling', samples: samples.length, ...this.room(), message: fault });
    const lost = this.spool.append(samples);
    if (lost > 0) this.report({ kind: 'lost', samples: lost });
    if (!this.draining && !this.timer) this.drainIn(this.timing.firstRetryMs);
  }

  latest(deviceIds: readonly DeviceId[]): Promise<Map<DeviceId, Sample>> {
    return this.inner.latest(deviceIds);
  }

  async samples(query: SamplesQuery): Promise<Sample[]> {
    this.refuseWhatWaits(query.toMs);
    return this.inner.samples(query);
  }

  range(query: RangeQuery): Promise<RangePoint[]> {
    return this.inner.range(query);
  }

  async lastAtOrBefore(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined> {
    this.refuseWhatWaits(atMs);
    return this.inner.lastAtOrBefore(deviceId, quantity, atMs, reachMs);
  }

  async firstAtOrAfter(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined> {
    this.refuseWhatWaits(atMs + reachMs);
    return this.inner.firstAtOrAfter(deviceId, quantity, atMs, reachMs);
  }

  firstMs(): Promise<EpochMs | undefined> {
    return this.inner.firstMs();
  }

  oldestMs(): Promise<EpochMs | undefined> {
    return this.inner.oldestMs();
  }

  async lastMs(): Promise<EpochMs | undefined> {
    const moments = [await this.inner.lastMs(), this.spool.newestMs()].filter((moment) => moment !== undefined);
    return moments.length === 0 ? undefined : Math.max(...moments);
  }

  /** What waits is not forgotten before it has been counted: a store takes nothing from before what it has forgotten. */
  keepsFromMs(): Promise<EpochMs> {
    return this.inner.keepsFromMs();
  }

  prune(beforeMs: EpochMs, minutesBeforeMs?: EpochMs): Promise<void> {
    const oldestMs = (this.spool.samples > 0 ? this.spool.oldestMs() : undefined) ?? Infinity;
    return this.inner.prune(Math.min(beforeMs, oldestMs), minutesBeforeMs);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.draining;
    await this.underWay;
    this.spool.close();
    await this.inner.close();
  }

  /** Why the store did not take them in time; `undefined` where it did. */
  private async faultOf(samples: readonly Sample[]): Promise<string | undefined> {
    const taken = this.bring(samples).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof AdapterError) return error.message;
        throw error;
      },
    );
    // The next attempt waits for this one, however late it ends.
    this.underWay = taken.then(
      () => undefined,
      () => undefined,
    );
    let timer: NodeJS.Timeout | undefined;
    const slow = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no answer within ${this.timing.slowMs} ms`), this.timing.slowMs);
    });
    try {
      return await Promise.race([taken, slow]);
    } finally {
      clearTimeout(timer);
    }
  }

  private bring(samples: readonly Sample[]): Promise<void> {
    return appendAll(this.inner, samples, (sample, message) => this.report({ kind: 'unstorable', sample, message }));
  }

  private drainIn(inMs: DurationMs): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.draining = this.drain().finally(() => {
        this.draining = undefined;
      });
    }, inMs);
  }

  /** In the order they came, until all are in or the store fails again. */
  private async drain(): Promise<void> {
    await this.underWay;
    try {
      for (let batch = this.spool.first(); batch && !this.closed; batch = this.spool.first()) {
        await this.bring(batch.samples);
        this.spool.remove(batch);
        this.failures = 0;
      }
      if (!this.closed) this.report({ kind: 'drained' });
    } catch (error) {
      this.report({ kind: 'spooling', samples: this.spool.samples, ...this.room(), message: messageOf(error) });
      this.drainIn(Math.min(this.timing.firstRetryMs * 2 ** this.failures, this.timing.longestRetryMs));
      this.failures += 1;
    }
  }

  private room(): { bytes: number; maxBytes: number } {
    return { bytes: this.spool.bytes, maxBytes: this.spool.maxBytes };
  }

  private refuseWhatWaits(toMs: EpochMs): void {
    const oldestMs = this.spool.samples > 0 ? this.spool.oldestMs() : undefined;
    if (oldestMs !== undefined && oldestMs <= toMs) throw new AdapterError('readings of that time wait in the spool', true);
  }
}
