import { SteadyTime } from '../kernel/steady-time.js';
import type { DurationMs, EpochMs } from '../kernel/units.js';

/** The one source of "now". Tests and the demo's history run on clocks of their own. */
export abstract class Clock {
  abstract now(): EpochMs;

  /** How far this clock is ahead of the machine's, having been told not to go back; 0 for those that follow none. */
  aheadOfWallMs(): DurationMs {
    return 0;
  }

  /** How far this clock has leapt ahead in all since the process began, as it was looked at last: what lies between two looks passed, but for the leaps. */
  leaptMs(): DurationMs {
    return 0;
  }

  /** Goes on from a later moment, where an earlier run had come as far; clocks that follow none stay where they are. */
  goOnFrom(_atMs: EpochMs): void {}
}

/** The machine's clock, as far as that only goes ahead. */
export class SystemClock extends Clock {
  private readonly time = new SteadyTime(wallMs(), monotonicMs());

  now(): EpochMs {
    return this.time.now(wallMs(), monotonicMs());
  }

  override aheadOfWallMs(): DurationMs {
    return this.time.aheadOfWallMs;
  }

  override leaptMs(): DurationMs {
    return this.time.leaptMs;
  }

  override goOnFrom(atMs: EpochMs): void {
    this.time.goOnFrom(atMs);
  }
}

/** A clock that stands still until it is told to go on. */
export class ManualClock extends Clock {
  private leapsMs: DurationMs = 0;

  constructor(private nowMs: EpochMs) {
    super();
  }

  now(): EpochMs {
    return this.nowMs;
  }

  set(nowMs: EpochMs): void {
    this.nowMs = nowMs;
  }

  /** As a machine's clock that is put forward: no time passes. */
  leap(byMs: DurationMs): void {
    this.nowMs += byMs;
    this.leapsMs += byMs;
  }

  override leaptMs(): DurationMs {
    return this.leapsMs;
  }
}

/** The machine's wall clock as it is, steps and all: only for holding it against others. */
export const wallMs = (): EpochMs => Date.now();

/** Milliseconds on a clock that never steps: for durations and deadlines, with no meaning as a moment. */
export const monotonicMs = (): DurationMs => performance.now();
