import type { DurationMs, EpochMs } from '../kernel/units.js';

/** The one source of "now". Tests and the demo's history run on clocks of their own. */
export abstract class Clock {
  abstract now(): EpochMs;
}

/** The machine's clock, moved by a fixed amount: 0 on a real plant, the way to a sunny morning in the demo. */
export class SystemClock extends Clock {
  constructor(readonly offsetMs: DurationMs = 0) {
    super();
  }

  now(): EpochMs {
    return Date.now() + this.offsetMs;
  }
}

/** A clock that stands still until it is told to go on. */
export class ManualClock extends Clock {
  constructor(private nowMs: EpochMs) {
    super();
  }

  now(): EpochMs {
    return this.nowMs;
  }

  set(nowMs: EpochMs): void {
    this.nowMs = nowMs;
  }
}

/** Milliseconds on a clock that never steps: for durations and deadlines, with no meaning as a moment. */
export const monotonicMs = (): DurationMs => performance.now();
