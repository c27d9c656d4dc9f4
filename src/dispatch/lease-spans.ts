import { Injectable } from '@nestjs/common';
import type { DeviceId } from '../fleet/plant.js';
import { overlaps, type Interval } from '../kernel/interval.js';
import type { EpochMs } from '../kernel/units.js';
import type { LeaseSpan } from '../telemetry/device-energies.js';

/** When each device was under a setpoint of ours. Forecasts do not train on it, and settlement knows. */
@Injectable()
export class LeaseSpans {
  private readonly open = new Map<DeviceId, EpochMs>();
  private closed: LeaseSpan[] = [];

  /** Takes down which devices hold a lease now. */
  note(held: ReadonlySet<DeviceId>, nowMs: EpochMs): void {
    for (const deviceId of held) if (!this.open.has(deviceId)) this.open.set(deviceId, nowMs);
    for (const [deviceId, startMs] of this.open) {
      if (held.has(deviceId)) continue;
      this.open.delete(deviceId);
      this.closed.push({ deviceId, startMs, endMs: nowMs });
    }
  }

  /** The spans that touch an interval. One that is still open reaches to its end. */
  within(interval: Interval): LeaseSpan[] {
    const running = [...this.open].map(([deviceId, startMs]) => ({ deviceId, startMs, endMs: Math.max(interval.endMs, startMs + 1) }));
    return [...this.closed, ...running].filter((span) => overlaps(span, interval));
  }

  forgetBefore(atMs: EpochMs): void {
    this.closed = this.closed.filter(({ endMs }) => endMs > atMs);
  }
}
