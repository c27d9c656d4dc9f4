import type { DurationMs, EpochMs } from '../kernel/units.js';
import { Clock, SystemClock } from './clock.js';

/** A plant's clock of its own: it stands at a moment until it is let run, and runs at the pace of the real one from then on. */
export class DemoClock extends Clock {
  private readonly real = new SystemClock();
  private shiftMs: DurationMs | undefined;

  constructor(private readonly startMs: EpochMs) {
    super();
  }

  now(): EpochMs {
    return this.shiftMs === undefined ? this.startMs : this.real.now() + this.shiftMs;
  }

  override aheadOfWallMs(): DurationMs {
    return this.real.aheadOfWallMs();
  }

  override leaptMs(): DurationMs {
    return this.real.leaptMs();
  }

  /** Lets it run, from `fromMs` on. */
  run(fromMs: EpochMs = this.startMs): void {
    this.shiftMs = fromMs - this.real.now();
  }

  /** How far it is from the real clock. */
  offsetMs(): DurationMs {
    return this.now() - this.real.now();
  }
}
