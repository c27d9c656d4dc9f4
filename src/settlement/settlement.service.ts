import { Injectable } from '@nestjs/common';
import type { HouseholdId, SiteId } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { addDays, type LocalDate, localDate, localDay } from '../kernel/local-day.js';
import type { EpochMs } from '../kernel/units.js';
import type { GridEvent } from '../signals/grid-event.js';
import { BaselineService, type FixOutcome } from './baseline.service.js';
import { type EventResult, EventResultService, type SettleOutcome } from './event-result.service.js';
import { isClosed } from './grid-meter.js';
import { SettlementSettings } from './settlement-settings.js';
import { type Home, homesOf, type MeteredHome, StatementService } from './statement.service.js';
import type { HomeEvent, Statement } from './views.js';

export type CloseOutcome =
  /** `statements` are those issued by this call; none where all were there. */
  | { readonly kind: 'closed'; readonly statements: readonly Statement[] }
  | { readonly kind: 'too-early'; readonly untilMs: EpochMs }
  | { readonly kind: 'no-data' };

/** The way from metered energy to money. One change runs at a time, and each may be run again at will. */
@Injectable()
export class SettlementService {
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly baselines: BaselineService,
    private readonly results: EventResultService,
    private readonly statements: StatementService,
    private readonly plant: PlantDirectory,
    private readonly settings: SettlementSettings,
  ) {}

  /** Fixes what the sites would draw without the event. They take part from then on, unless they step out. */
  fixBaselines(event: GridEvent, siteIds: readonly SiteId[], nowMs: EpochMs): Promise<FixOutcome> {
    return this.inOrder(() => this.baselines.fix(event, siteIds, nowMs));
  }

  /** Settles an event once all its intervals are closed, or the grace for those that do not come is over. */
  settleEvent(event: GridEvent, nowMs: EpochMs): Promise<SettleOutcome> {
    return this.inOrder(() => this.results.settle(event, nowMs));
  }

  /** States a local day for all homes of a zone, once, after putting right what later data changed about the days before. */
  closeDay(zone: string, date: LocalDate, nowMs: EpochMs): Promise<CloseOutcome> {
    return this.inOrder(async () => {
      const day = localDay(zone, date);
      if (nowMs < day.endMs) return { kind: 'too-early', untilMs: day.endMs };
      const due: MeteredHome[] = [];
      const homes = homesOf(this.plant.plant()).filter(({ site }) => site.zone === zone);
      let known = false;
      for (const home of homes) {
        if (await this.statements.issued(home.householdId, date)) known = true;
        else due.push({ home, metered: await this.statements.meteredDay(home, date) });
      }
      if (due.length === 0) return { kind: 'closed', statements: [] };
      if (!known && due.every(({ metered }) => [...metered.values()].every((intervals) => intervals.length === 0)))
        return { kind: 'no-data' };
      const untilMs = day.endMs + this.settings.graceMs;
      const lastSlot = { startMs: day.endMs - this.settings.intervalMs, endMs: day.endMs };
      if (nowMs < untilMs && !due.every(({ metered }) => isClosed(lastSlot, metered))) return { kind: 'too-early', untilMs };
      for (const { home } of due) await this.review(home, date, nowMs);
      return { kind: 'closed', statements: await this.statements.issue(due, date, nowMs) };
    });
  }

  /** The running account of the household's present day. Throws `BadInput` for an unknown household. */
  openStatement(householdId: HouseholdId, nowMs: EpochMs): Promise<Statement> {
    const home = this.statements.home(householdId);
    return this.statements.open(home, localDate(home.site.zone, nowMs), nowMs);
  }

  /** The newest local days, today's running account first. Throws `BadInput` for an unknown household. */
  statementsOf(householdId: HouseholdId, days: number, nowMs: EpochMs): Promise<Statement[]> {
    return this.statements.latest(this.statements.home(householdId), days, nowMs);
  }

  /** The events as one household sees them, newest first. Throws `BadInput` for an unknown household. */
  homeEvents(householdId: HouseholdId, nowMs: EpochMs, limit?: number): Promise<HomeEvent[]> {
    return this.results.homeEvents(this.statements.home(householdId).site.id, nowMs, limit);
  }

  /** What an event brought over all sites: as settled, or up to the last closed interval. */
  eventResult(event: GridEvent): Promise<EventResult> {
    return this.results.of(event);
  }

  /** Compares the statements of the days before `date` with what the meters say now; differences go on the statement of `date`. */
  private async review(home: Home, date: LocalDate, nowMs: EpochMs): Promise<void> {
    for (let back = this.settings.reviewDays; back >= 1; back -= 1) {
      const earlier = addDays(date, -back);
      const stated = await this.statements.issued(home.householdId, earlier);
      if (!stated) continue;
      await this.statements.reviewFeedIn(home, stated, date, nowMs);
      await this.results.review(home.site, stated, date, nowMs);
    }
  }

  /** Statements and results of one moment must not cross: what one call assigns to a day, another must not just have closed. */
  private inOrder<T>(change: () => Promise<T>): Promise<T> {
    const done = this.queue.then(change);
    this.queue = done.catch(() => undefined);
    return done;
  }
}
