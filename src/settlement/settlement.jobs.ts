import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Logger } from 'pino';
import type { Subscription } from 'rxjs';
import { FleetService } from '../fleet/fleet.service.js';
import type { SiteId } from '../fleet/plant.js';
import { addDays, localDate, localDay } from '../kernel/local-day.js';
import type { EpochMs } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { LOG } from '../platform/platform.module.js';
import { EventService } from '../signals/event.service.js';
import type { GridEvent } from '../signals/grid-event.js';
import { SettlementService } from './settlement.service.js';
import { homesOf } from './statement.service.js';

const PERIOD_MS = 10_000;
/** A plant that was off for a while states the days it missed. */
const CATCH_UP_DAYS = 7;

export interface SettlementRun {
  readonly settledEventIds: readonly string[];
  /** `zone date`. */
  readonly closedDays: readonly string[];
}

/** Does what is due: baselines as soon as an event is announced, results when it is metered, statements after midnight. */
@Injectable()
export class SettlementJobs implements OnModuleInit, OnModuleDestroy {
  private running?: Promise<SettlementRun>;
  private announcements?: Subscription;
  private readonly fixing = new Set<Promise<void>>();
  private readonly closedDays = new Set<string>();
  private fromMs: EpochMs = -Infinity;

  constructor(
    private readonly settlement: SettlementService,
    private readonly events: EventService,
    private readonly fleet: FleetService,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Leaves days and events that began before `atMs` alone: history that is still being filled in is settled by who fills it. */
  leaveBefore(atMs: EpochMs): void {
    this.fromMs = atMs;
  }

  onModuleInit(): void {
    this.announcements = this.events.changes.subscribe(({ kind, event }) => {
      if ((kind !== 'announced' && kind !== 'amended') || event.startMs < this.fromMs) return;
      const fixing = this.guard(this.fix(event, this.clock.now())).finally(() => this.fixing.delete(fixing));
      this.fixing.add(fixing);
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.announcements?.unsubscribe();
    await Promise.allSettled([this.running, ...this.fixing]);
  }

  @Interval(PERIOD_MS)
  tick(): void {
    if (!this.running) void this.guard(this.runOnce(this.clock.now()));
  }

  /** Does everything that is due at `nowMs`. A run under way is waited for, not overlapped. */
  async runOnce(nowMs: EpochMs): Promise<SettlementRun> {
    while (this.running) await this.running.catch(() => undefined);
    this.running = this.due(nowMs);
    try {
      return await this.running;
    } finally {
      this.running = undefined;
    }
  }

  private async due(nowMs: EpochMs): Promise<SettlementRun> {
    for (const event of await this.events.announced(nowMs)) await this.fix(event, nowMs);
    const settledEventIds: string[] = [];
    for (const event of await this.events.unsettled(nowMs)) {
      if (event.startMs < this.fromMs) continue;
      const outcome = await this.settlement.settleEvent(event, nowMs);
      if (outcome.kind === 'settled') settledEventIds.push(event.id);
    }
    return { settledEventIds, closedDays: await this.closeDays(nowMs) };
  }

  private async fix(event: GridEvent, nowMs: EpochMs): Promise<void> {
    const outcome = await this.settlement.fixBaselines(event, this.willing(), nowMs);
    if (outcome.kind === 'too-late') this.log.warn({ event: event.id }, 'baselines came too late: sites without one take no part');
  }

  private willing(): SiteId[] {
    return this.fleet
      .plant()
      .sites.map(({ id }) => id)
      .filter((id) => !this.fleet.consentOf(id).optedOut);
  }

  private async closeDays(nowMs: EpochMs): Promise<string[]> {
    const closed: string[] = [];
    const zones = new Set(homesOf(this.fleet.plant()).map(({ site }) => site.zone));
    for (const zone of zones) {
      const today = localDate(zone, nowMs);
      for (let back = CATCH_UP_DAYS; back >= 1; back -= 1) {
        const date = addDays(today, -back);
        if (this.closedDays.has(`${zone} ${date}`) || localDay(zone, date).startMs < this.fromMs) continue;
        const outcome = await this.settlement.closeDay(zone, date, nowMs);
        if (outcome.kind !== 'closed') continue;
        this.closedDays.add(`${zone} ${date}`);
        if (outcome.statements.length > 0) closed.push(`${zone} ${date}`);
      }
    }
    return closed;
  }

  /** What fails now is due again at the next run, so it is logged and no more. */
  private async guard(work: Promise<unknown>): Promise<void> {
    await work.catch((error: unknown) => this.log.error({ err: error }, 'settlement failed; it is tried again'));
  }
}
