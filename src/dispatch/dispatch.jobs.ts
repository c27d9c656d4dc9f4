import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { DurationMs } from '../kernel/units.js';
import { FieldControl } from '../field/field-control.port.js';
import { Clock } from '../platform/clock.js';
import { DispatchService } from './dispatch.service.js';
import { LeaseSpans } from './lease-spans.js';

const CYCLE = 'dispatch-cycle';

@Injectable()
export class DispatchJobs implements OnModuleDestroy {
  private busy = false;

  constructor(
    private readonly dispatch: DispatchService,
    private readonly field: FieldControl,
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

  /** Ends the loop: a cycle that is under way writes nothing any more. */
  stop(): void {
    if (this.timers.doesExist('interval', CYCLE)) this.timers.deleteInterval(CYCLE);
    this.dispatch.close();
  }

  onModuleDestroy(): void {
    this.stop();
  }

  /** A cycle that takes longer than its period is not queued up behind itself: the next one decides on fresher facts. */
  private async tick(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.dispatch.runCycle();
      this.spans.note(new Set(this.field.leases().map(({ deviceId }) => deviceId)), this.clock.now());
    } finally {
      this.busy = false;
    }
  }
}
