import { setImmediate as soon } from 'node:timers/promises';
import type { PulseTime } from '../../src/field/pulse-run.js';
import { type DurationMs, type EpochMs, SECOND_MS } from '../../src/kernel/units.js';

/** Passes in pauses alone: how long this machine takes over an answer is no matter of the device. */
export class HardwareTime implements PulseTime {
  private passedMs = 0;
  private laterMs = 0;
  /** Called at each full second. */
  tick: () => void = () => undefined;

  constructor(private readonly beganAtMs: EpochMs = 0) {}

  nowMs(): DurationMs {
    return this.passedMs;
  }

  /** How late it is at the site. */
  skyMs(): EpochMs {
    return this.beganAtMs + this.laterMs + this.passedMs;
  }

  becomeLater(byMs: DurationMs): void {
    this.laterMs = byMs;
  }

  async pause(ms: DurationMs, signal?: AbortSignal): Promise<void> {
    for (const endsMs = this.passedMs + ms; this.passedMs < endsMs;) {
      const nextTickMs = (Math.floor(this.passedMs / SECOND_MS) + 1) * SECOND_MS;
      this.passedMs = Math.min(endsMs, nextTickMs);
      if (this.passedMs === nextTickMs) this.tick();
      await soon();
      signal?.throwIfAborted();
    }
  }
}
