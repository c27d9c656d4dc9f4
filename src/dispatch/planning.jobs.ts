import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Logger } from 'pino';
import type { Subscription } from 'rxjs';
import { SLOT_MS, slotAt } from '../kernel/interval.js';
import { type EpochMs, SECOND_MS } from '../kernel/units.js';
import { Clock, monotonicMs } from '../platform/clock.js';
import { LOG } from '../platform/platform.module.js';
import { PlanWatch } from './plan-watch.service.js';
import { PlanningService } from './planning.service.js';
import { WishService } from './wish.service.js';

const NAME = 'planning';
const LOOK_EVERY_MS = 5 * SECOND_MS;

/** Plans anew every quarter-hour, whenever a grid event is announced or changed, an override or a limit set or withdrawn, and when the day turns out otherwise. */
@Injectable()
export class PlanningJobs implements OnModuleDestroy {
  private wishes$: Subscription | undefined;
  private plannedSlotMs: EpochMs | undefined;
  private wanted = false;
  private running: Promise<void> | undefined;

  constructor(
    private readonly planning: PlanningService,
    private readonly watch: PlanWatch,
    private readonly wishes: WishService,
    private readonly timers: SchedulerRegistry,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** The first look comes after a few seconds: by then the devices have said how they stand. */
  start(clock: Clock): void {
    this.wishes$ = this.wishes.changes(() => clock.now()).subscribe(() => (this.wanted = true));
    this.timers.addInterval(
      NAME,
      setInterval(() => this.look(clock), LOOK_EVERY_MS),
    );
  }

  /** Plans no more, and waits for the plan that is being made. */
  async stop(): Promise<void> {
    this.wishes$?.unsubscribe();
    if (this.timers.doesExist('interval', NAME)) this.timers.deleteInterval(NAME);
    await this.running;
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  private look(clock: Clock): void {
    if (this.running) return;
    const nowMs = clock.now();
    const slotMs = slotAt(nowMs, SLOT_MS).startMs;
    if (this.watch.surprised(nowMs)) this.wanted = true;
    if (!this.wanted && slotMs === this.plannedSlotMs) return;
    this.wanted = false;
    this.running = this.plan(slotMs, clock).finally(() => (this.running = undefined));
  }

  private async plan(slotMs: EpochMs, clock: Clock): Promise<void> {
    const sinceMs = monotonicMs();
    this.watch.begin(clock.now());
    let made = false;
    try {
      await this.planning.replan();
      made = true;
      this.plannedSlotMs = slotMs;
    } catch (error) {
      // The plan in force goes on, and devices are left to themselves where it ends; the next look tries again.
      this.log.error({ err: error }, 'planning failed; it is tried again');
    } finally {
      this.watch.end(made, { endedAtMs: clock.now(), tookMs: monotonicMs() - sinceMs });
    }
  }
}
