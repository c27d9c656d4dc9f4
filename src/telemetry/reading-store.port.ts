import type { Quantity, Sample, SampleValues } from '../field/sample.js';
import type { DeviceId } from '../fleet/plant.js';
import type { DurationMs, EpochMs } from '../kernel/units.js';

/** One value of one quantity, and when it was read. */
export interface Reading {
  readonly atMs: EpochMs;
  readonly value: number;
}

export type RangeAggregate = 'mean' | 'last' | 'min' | 'max';

export interface SamplesQuery {
  readonly deviceIds: readonly DeviceId[];
  readonly quantities: readonly Quantity[];
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** Steps are aligned to the epoch; the first may begin before `fromMs`, but only readings in `[fromMs, toMs)` count. */
export interface RangeQuery extends SamplesQuery {
  readonly stepMs: DurationMs;
  readonly aggregate: RangeAggregate;
}

/** One step of one device. A quantity without a reading in the step is absent; a step without any is not answered. */
export interface RangePoint {
  readonly deviceId: DeviceId;
  /** Start of the step. */
  readonly atMs: EpochMs;
  readonly values: SampleValues;
}

/**
 * Keeps readings. A reading is known by its device and moment: appending it again changes nothing, and two samples of one
 * moment become one (the later word stands where both name a quantity). Every method throws `AdapterError` when the store
 * is away (`retryable`) or refuses (not `retryable`).
 */
export abstract class ReadingStore {
  /** Durable when resolved: a crash or power cut afterwards loses none of them. All or, for one batch on SQLite, none. */
  abstract append(samples: readonly Sample[]): Promise<void>;
  /** The newest sample of each device that has one. */
  abstract latest(deviceIds: readonly DeviceId[]): Promise<Map<DeviceId, Sample>>;
  /** Samples as they were read, in `[fromMs, toMs)`, by device in the order asked, then by time. */
  abstract samples(query: SamplesQuery): Promise<Sample[]>;
  /** Steps in `[fromMs, toMs)`, by device in the order asked, then by time. */
  abstract range(query: RangeQuery): Promise<RangePoint[]>;
  /** The last value in `[atMs - reachMs, atMs]`. */
  abstract lastAtOrBefore(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined>;
  /** The first value in `[atMs, atMs + reachMs]`. */
  abstract firstAtOrAfter(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined>;
  abstract firstMs(): Promise<EpochMs | undefined>;
  abstract lastMs(): Promise<EpochMs | undefined>;
  /** No reading, and no roll-up of readings that are forgotten, is from before this; absent where there is neither. */
  abstract oldestMs(): Promise<EpochMs | undefined>;
  /** Samples from before this moment are forgotten, and none from then is taken any more; `-Infinity` where nothing was forgotten. */
  abstract keepsFromMs(): Promise<EpochMs>;
  /**
   * Forgets samples of quarter-hours that are over at `beforeMs`. `range` goes on answering from roll-ups: in whole minutes back
   * to the quarter-hour of `minutesBeforeMs`, in whole quarter-hours for good; where a step or an end of the range cuts through
   * what is left, that part is not answered. Without `minutesBeforeMs` the roll-ups go with the samples. From then on `append`
   * refuses (not `retryable`) samples from before: nothing would tell any more whether the roll-ups know them already.
   */
  abstract prune(beforeMs: EpochMs, minutesBeforeMs?: EpochMs): Promise<void>;
  abstract close(): Promise<void>;
}
