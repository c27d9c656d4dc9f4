import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { type DurationMs, type EpochMs, SECOND_MS } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { DispatchService } from './dispatch.service.js';
import { LeaseSpans } from './lease-spans.js';

const CYCLE = 'dispatch-cycle';
/** A cycle that takes longer is given up. */
const DEADLINE_MS: DurationMs = 10 * SECOND_MS;

@Injectable()
export class DispatchJobs implements OnModuleDestroy {
  private busy: { readonly sinceMs: EpochMs; readonly leaptMs: DurationMs } | undefined;
  private isHurried = false;

  constructor(
    private readonly dispatch: DispatchService,
    private readonly spans: LeaseSpans,
    private readonly clock: Clock,
    private readonly timers: SchedulerRegistry,
  ) {}

  /** Begins to decide every `cycleMs`. */
  start(cycleMs: DurationMs): void {
    this.timers.addInterval(
      CYCLE,
      setInterval(() => void this.tick(), cycleMs),
    );
  }

  /** Decides at once, or once more as soon as the cycle under way is over. */
  hurry(): void {
    if (this.busy === undefined) void this.tick();
    else this.isHurried = true;
  }

  /** Ends the loop: a cycle that is under way writes nothing any more. */
  stop(): void {
    if (this.timers.doesExist('interval', CYCLE)) this.timers.deleteInterval(CYCLE);
    this.dispatch.close();
  }

  onModuleDestroy(): void {
    this.stop();
  }

  /**
   * A cycle that takes longer than its period is not queued up behind itself: the next one decides on fresher facts. This is also
   * the watchdog of the cycle: one that hangs must not write when it wakes up.
   */
  private async tick(): Promise<void> {
    const nowMs = this.clock.now();
    const leaptMs = this.clock.leaptMs();
    if (this.busy) {
      const passedMs = nowMs - this.busy.sinceMs - (leaptMs - this.busy.leaptMs);
      if (passedMs > DEADLINE_MS) this.dispatch.miss(this.busy.sinceMs);
      return;
    }
    this.busy = { sinceMs: nowMs, leaptMs };
    try {
      await this.dispatch.runCycle();
      this.spans.note(this.dispatch.bearing(), this.clock.now());
    } finally {
      this.busy = undefined;
    }
    if (!this.isHurried) return;
    this.isHurried = false;
    await this.tick();
  }
}
