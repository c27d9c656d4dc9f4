import type { DurationMs, EpochMs } from './units.js';
import { SECOND_MS } from './units.js';

/** Clocks of machines that are kept by NTP differ from the right time by less than this. */
export const SURE_WITHIN_MS: DurationMs = 2 * SECOND_MS;
/** How much faster or slower than real time may pass while a difference is made good. */
const SLEW = 0.05;

/**
 * Time that never goes back. It follows the wall clock: small differences are made good by running a little faster or slower, and a
 * wall clock that leaps ahead (a machine that slept, a clock that was wrong) is followed at once. One that is set back is not: what
 * has been read, promised and stored under the later time stays in order, intervals keep their energy, and at nineteen twentieths of
 * its pace time waits for the wall clock, an hour of it in a day.
 */
export class SteadyTime {
  private ownMs: EpochMs;
  private aheadMs: DurationMs = 0;
  private leapsMs: DurationMs = 0;

  constructor(
    wallMs: EpochMs,
    private monotonicMs: DurationMs,
  ) {
    this.ownMs = wallMs;
  }

  now(wallMs: EpochMs, monotonicMs: DurationMs): EpochMs {
    const elapsedMs = Math.max(0, monotonicMs - this.monotonicMs);
    this.monotonicMs = Math.max(monotonicMs, this.monotonicMs);
    const freeMs = this.ownMs + elapsedMs;
    const offMs = wallMs - freeMs;
    const slewMs = SLEW * elapsedMs;
    const isLeap = offMs > SURE_WITHIN_MS;
    this.ownMs = isLeap ? wallMs : freeMs + Math.min(Math.max(offMs, -slewMs), slewMs);
    if (isLeap) this.leapsMs += offMs;
    this.aheadMs = this.ownMs - wallMs;
    return Math.floor(this.ownMs);
  }

  /** Goes on from a later moment, where an earlier run had come as far. */
  goOnFrom(atMs: EpochMs): void {
    this.ownMs = Math.max(this.ownMs, atMs);
  }

  /** How far this is ahead of the wall clock, as it was looked at last; negative behind it. */
  get aheadOfWallMs(): DurationMs {
    return this.aheadMs;
  }

  /** How much of it did not pass but was leapt over, in all, as it was looked at last. */
  get leaptMs(): DurationMs {
    return this.leapsMs;
  }
}
