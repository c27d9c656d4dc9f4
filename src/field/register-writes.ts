import type { DeviceId } from '../fleet/plant.js';
import { type DurationMs, HOUR_MS } from '../kernel/units.js';

const HOURS = 24;

/** How often one register was written, hour by hour; a day back and no further. */
class WriteCounts {
  private readonly perHour = new Array<number>(HOURS).fill(0);
  private hour = -Infinity;

  add(hour: number): void {
    this.goTo(hour);
    this.perHour[hour % HOURS]! += 1;
  }

  lastDay(hour: number): number {
    this.goTo(hour);
    return this.perHour.reduce((sum, count) => sum + count, 0);
  }

  private goTo(hour: number): void {
    for (let next = Math.max(this.hour + 1, hour - HOURS + 1); next <= hour; next += 1) this.perHour[next % HOURS] = 0;
    this.hour = Math.max(this.hour, hour);
  }
}

/**
 * Counts what is written to each register in the last 24 hours: many inverters keep settings in flash, which wears out. Times
 * are of the monotonic clock.
 */
export class RegisterWrites {
  private readonly devices = new Map<DeviceId, Map<number, WriteCounts>>();

  count(deviceId: DeviceId, address: number, nowMs: DurationMs): void {
    const registers = this.devices.get(deviceId) ?? new Map<number, WriteCounts>();
    const counts = registers.get(address) ?? new WriteCounts();
    counts.add(hourOf(nowMs));
    registers.set(address, counts);
    this.devices.set(deviceId, registers);
  }

  /** Writes of the register of each device that was written most often; devices that were written nothing are left out. */
  lastDay(nowMs: DurationMs): Map<DeviceId, number> {
    const most = (registers: Map<number, WriteCounts>): number =>
      Math.max(...[...registers.values()].map((counts) => counts.lastDay(hourOf(nowMs))));
    return new Map([...this.devices].map(([deviceId, registers]) => [deviceId, most(registers)]));
  }
}

const hourOf = (nowMs: DurationMs): number => Math.floor(nowMs / HOUR_MS);

/** Changes that may come at once before they have to wait: those of an hour. */
const BURST_HOURS = 1;

/** Spreads a day's budget of writes evenly: an hour's worth may come at once, and after that each as its turn comes. */
export class WritePace {
  private left: number;
  private readonly most: number;
  private atMs: DurationMs;

  constructor(
    private readonly perDay: number,
    nowMs: DurationMs,
  ) {
    this.most = Math.max(1, (perDay * BURST_HOURS) / HOURS);
    this.left = this.most;
    this.atMs = nowMs;
  }

  /** Whether one more may be written now. */
  allows(nowMs: DurationMs): boolean {
    this.left = Math.min(this.most, this.left + ((nowMs - this.atMs) * this.perDay) / (HOURS * HOUR_MS));
    this.atMs = nowMs;
    return this.left >= 1;
  }

  /** One was written, whether it was allowed or had to be. */
  take(): void {
    this.left = Math.max(0, this.left - 1);
  }
}
