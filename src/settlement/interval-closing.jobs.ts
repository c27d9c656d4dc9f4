import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Logger } from 'pino';
import { SECOND_MS } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { LOG } from '../platform/platform.module.js';
import { IntervalClosing } from './interval-closing.service.js';
import { SettlementJobs } from './settlement.jobs.js';

const NAME = 'interval-closing';

@Injectable()
export class IntervalClosingJobs implements OnModuleDestroy {
  private running: Promise<void> | undefined;

  constructor(
    private readonly closing: IntervalClosing,
    private readonly settlement: SettlementJobs,
    private readonly timers: SchedulerRegistry,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  start(): void {
    this.timers.addInterval(
      NAME,
      setInterval(() => this.tick(), SECOND_MS),
    );
  }

  /** Closes no more, and waits for what is being closed. */
  async stop(): Promise<void> {
    if (this.timers.doesExist('interval', NAME)) this.timers.deleteInterval(NAME);
    await this.running;
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  private tick(): void {
    this.running ??= this.close().finally(() => (this.running = undefined));
  }

  private async close(): Promise<void> {
    try {
      const closed = await this.closing.closeDue(this.clock.now());
      if (closed.length > 0) await this.settlement.runOnce(this.clock.now());
    } catch (error) {
      this.log.error({ err: error }, 'closing an interval failed; it is tried again');
    }
  }
}
