import { setTimeout as pause } from 'node:timers/promises';
import type { Quantity, Sample } from '../field/sample.js';
import type { DeviceId } from '../fleet/plant.js';
import type { DurationMs, EpochMs } from '../kernel/units.js';

export interface Dropped {
  readonly samples: number;
  /** From the first to the last of them. */
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

export interface Haul {
  readonly samples: readonly Sample[];
  /** What had to go since the last haul, because it was not fetched in time. */
  readonly dropped?: Dropped;
}

/** Samples that wait for one listener. Beyond, the oldest go: a tail is about now, and the store has them all. */
const MOST_WAITING = 2_000;
/** Devices are read one by one; what comes together goes together. */
const GATHER_MS: DurationMs = 100;

/** Accepted samples on their way to one listener, who takes them at its own pace. Noting one costs the polling next to nothing. */
export class ReadingTail {
  private waiting: Sample[] = [];
  private dropped: Dropped | undefined;
  private closed = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly devices: ReadonlySet<DeviceId>,
    private readonly quantities: readonly Quantity[],
    private readonly mostWaiting = MOST_WAITING,
  ) {}

  note(sample: Sample): void {
    if (this.closed || !this.devices.has(sample.deviceId)) return;
    if (!this.quantities.some((quantity) => sample.values[quantity] !== undefined)) return;
    this.waiting.push(sample);
    if (this.waiting.length > this.mostWaiting) this.drop(this.waiting.shift()!);
    this.wake();
  }

  close(): void {
    this.closed = true;
    this.waiting = [];
    this.wake();
  }

  /** What has come since the last haul; waits for it, but no longer than `patienceMs`. `undefined` once the tail is closed. */
  async haul(patienceMs: DurationMs): Promise<Haul | undefined> {
    if (this.waiting.length === 0 && !this.closed) {
      await this.somethingWithin(patienceMs);
      if (this.waiting.length > 0) await pause(GATHER_MS);
    }
    if (this.closed) return undefined;
    const haul = { samples: this.waiting, ...(this.dropped ? { dropped: this.dropped } : {}) };
    this.waiting = [];
    this.dropped = undefined;
    return haul;
  }

  private async somethingWithin(patienceMs: DurationMs): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, patienceMs);
    });
    clearTimeout(timer);
    this.wake = () => undefined;
  }

  private drop({ atMs }: Sample): void {
    const { samples, fromMs, toMs } = this.dropped ?? { samples: 0, fromMs: atMs, toMs: atMs };
    this.dropped = { samples: samples + 1, fromMs: Math.min(fromMs, atMs), toMs: Math.max(toMs, atMs) };
  }
}
