import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { DurationMs } from '../kernel/units.js';
import { DispatchService } from './dispatch.service.js';

const CYCLE = 'dispatch-cycle';

/** How often dispatch decides. It is also the Nest token. */
export class DispatchSettings {
  constructor(readonly cycleMs: DurationMs) {}
}

@Injectable()
export class DispatchJobs implements OnModuleDestroy {
  private busy = false;

  constructor(
    private readonly dispatch: DispatchService,
    private readonly timers: SchedulerRegistry,
    private readonly settings: DispatchSettings,
  ) {}

  start(): void {
    this.timers.addInterval(
      CYCLE,
      setInterval(() => void this.tick(), this.settings.cycleMs),
    );
  }

  stop(): void {
    if (this.timers.doesExist('interval', CYCLE)) this.timers.deleteInterval(CYCLE);
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
    } finally {
      this.busy = false;
    }
  }
}
