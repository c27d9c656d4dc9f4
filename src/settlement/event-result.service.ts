import { Injectable } from '@nestjs/common';
import type { Site, SiteId } from '../fleet/plant.js';
import { addDays, type LocalDate, localDate, localDay } from '../kernel/local-day.js';
import type { Micro } from '../kernel/money.js';
import type { EpochMs, WattHour } from '../kernel/units.js';
import { EventService } from '../signals/event.service.js';
import type { GridEvent } from '../signals/grid-event.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { BaselineService, hoursAround, metersOf, type Participant } from './baseline.service.js';
import { cutAt, type Delivery, deliveryOf } from './delivered.js';
import { EventResultEntity } from './event-result.entity.js';
import { isClosed, meteredSite, type MeteredSite } from './grid-meter.js';
import { grouped } from './grouped.js';
import { SettlementSettings } from './settlement-settings.js';
import { SettlementStore } from './settlement-store.js';
import { adjustmentOf } from './statement.js';
import type { StatementEntity } from './statement.entity.js';
import type { HomeEvent } from './views.js';

export interface SiteResult extends Delivery {
  readonly siteId: SiteId;
  readonly baselineDays: number;
}

/** What an event brought over all its sites. `settled` is false while it is an account of the slots closed so far. */
export interface EventResult {
  readonly eventId: string;
  readonly settled: boolean;
  readonly deliveredWh: WattHour;
  readonly paidMicro: Micro;
  readonly participants: number;
  readonly sites: readonly SiteResult[];
}

export type SettleOutcome =
  | { readonly kind: 'settled'; readonly result: EventResult }
  | { readonly kind: 'not-over'; readonly endMs: EpochMs }
  /** Intervals of these sites are still to be closed. */
  | { readonly kind: 'waiting'; readonly siteIds: readonly SiteId[]; readonly untilMs: EpochMs };

interface Measured extends Participant {
  readonly metered: MeteredSite;
}

/** Delivered energy of events: live while they run, settled once when all is metered. */
@Injectable()
export class EventResultService {
  constructor(
    private readonly store: SettlementStore,
    private readonly baselines: BaselineService,
    private readonly intervals: IntervalService,
    private readonly events: EventService,
    private readonly settings: SettlementSettings,
  ) {}

  /** Settles an event that is over, once; done again it answers what was settled. */
  async settle(event: GridEvent, nowMs: EpochMs): Promise<SettleOutcome> {
    if (event.state === 'cancelled' || nowMs < event.endMs) return { kind: 'not-over', endMs: event.endMs };
    if (event.state === 'settled') return { kind: 'settled', result: await this.of(event) };
    const measured = await this.measure(event);
    const untilMs = event.endMs + this.settings.graceMs;
    const open = measured.filter(
      ({ baseline, metered }) =>
        !baseline.slots.every((slot) => slot.startMs >= event.endMs || isClosed(cutAt(slot, event.endMs), metered)),
    );
    if (open.length > 0 && nowMs < untilMs) return { kind: 'waiting', siteIds: open.map(({ site }) => site.id), untilMs };
    const rows: EventResultEntity[] = [];
    for (const one of measured) rows.push(await this.rowOf(event, one, nowMs));
    await this.store.addResults(rows);
    await this.events.markSettled(event.id, nowMs);
    return { kind: 'settled', result: await this.of({ ...event, state: 'settled' }) };
  }

  /** The result of an event: as settled, or an account of the intervals closed so far. */
  async of(event: GridEvent): Promise<EventResult> {
    if (event.state === 'settled') {
      const rows = await this.store.resultsOf(event.id);
      return resultOf(event.id, true, rows);
    }
    if (event.state === 'announced' || event.state === 'cancelled') return resultOf(event.id, false, []);
    const measured = await this.measure(event);
    return resultOf(
      event.id,
      false,
      measured.map((one) => ({
        siteId: one.site.id,
        baselineDays: one.baseline.days.length,
        ...delivered(event, one),
        ...unpaidIfNobody(one.site),
      })),
    );
  }

  /** The newest events as one home sees them. */
  async homeEvents(siteId: SiteId, nowMs: EpochMs, limit = 20): Promise<HomeEvent[]> {
    const events = await this.events.list(nowMs, limit);
    const results = await this.store.resultsOfSite(
      siteId,
      events.map(({ id }) => id),
    );
    const parts = await this.baselines.participationOf(siteId, events);
    const homeEvents: HomeEvent[] = [];
    for (const event of events) {
      const { id, startMs, endMs, state } = event;
      const part = parts.get(id);
      const settled = results.get(id);
      const running =
        part && !settled && (state === 'active' || state === 'ended') ? delivered(event, await this.withMeters(event, part)) : undefined;
      const delivery = settled ?? running;
      homeEvents.push({
        id,
        startMs,
        endMs,
        state,
        takesPart: part !== undefined && state !== 'cancelled',
        deliveredWh: delivery?.deliveredWh,
        earnedMicro: settled?.amountMicro,
        baselineDays: part?.baseline.days.length,
        slots: delivery ? [...delivery.slots] : (part?.baseline.slots ?? []).map((slot) => ({ ...slot, quality: 'planned' })),
      });
    }
    return homeEvents;
  }

  /** Compares results of events that began on a stated day with what the meters say now; differences go on the statement of `payDate`. */
  async review(site: Site, stated: StatementEntity, payDate: LocalDate, nowMs: EpochMs): Promise<void> {
    const { householdId, currency } = stated;
    const period = localDay(site.zone, stated.date);
    for (const row of await this.store.resultsBetween(householdId, period)) {
      const event = await this.events.find(row.eventId, nowMs);
      const part = event && (await this.baselines.participationOf(site.id, [event])).get(event.id);
      if (!part) continue;
      const { deliveredWh: energyWh, amountMicro } = delivered(event, await this.withMeters(event, part));
      const about = { householdId, kind: 'event', subject: event.id, date: localDate(site.zone, event.startMs) } as const;
      const soFar = await this.store.statedSoFar(about, { energyWh: row.deliveredWh, amountMicro: row.amountMicro });
      const adjustment = adjustmentOf(about, { energyWh, amountMicro, priceMicroPerKwh: row.priceMicroPerKwh }, soFar, currency);
      if (adjustment) await this.store.addAdjustment(adjustment, payDate, nowMs);
    }
  }

  private async measure(event: GridEvent): Promise<Measured[]> {
    const participants = await this.baselines.participants(event);
    const energies = await this.intervals.intervalsOf({ siteIds: participants.map(({ site }) => site.id), ...hoursAround([event]) });
    const bySite = grouped(energies, ({ siteId }) => siteId);
    return participants.map((one) => ({ ...one, metered: meteredSite(bySite.get(one.site.id) ?? [], metersOf(one.site)) }));
  }

  private async withMeters(event: GridEvent, part: Participant): Promise<Measured> {
    const energies = await this.intervals.intervalsOf({ siteIds: [part.site.id], ...hoursAround([event]) });
    return { ...part, metered: meteredSite(energies, metersOf(part.site)) };
  }

  private async rowOf(event: GridEvent, one: Measured, nowMs: EpochMs): Promise<EventResultEntity> {
    const { site, baseline } = one;
    const { slots, ...sums } = delivered(event, one);
    const date = localDate(site.zone, event.endMs - 1);
    const householdId = site.householdId ?? null;
    const payDate = householdId === null ? date : await this.store.payDate(householdId, date, (day) => addDays(day, 1));
    const { direction, startMs, endMs, priceMicroPerKwh } = event;
    return {
      eventId: event.id,
      siteId: site.id,
      householdId,
      payDate,
      settledAtMs: nowMs,
      direction,
      startMs,
      endMs,
      priceMicroPerKwh,
      ...sums,
      ...unpaidIfNobody(site),
      baselineDays: baseline.days.length,
      slots: [...slots],
    };
  }
}

const delivered = (event: GridEvent, { baseline, metered, outFromMs }: Measured): Delivery =>
  deliveryOf(event, baseline, metered, outFromMs);

/** A community battery delivers, but there is nobody to pay. */
const unpaidIfNobody = ({ householdId }: Site): { amountMicro?: Micro } => (householdId === undefined ? { amountMicro: 0 } : {});

const resultOf = (eventId: string, settled: boolean, sites: readonly SiteResult[]): EventResult => ({
  eventId,
  settled,
  deliveredWh: sites.reduce((sum, { deliveredWh }) => sum + deliveredWh, 0),
  paidMicro: sites.reduce((sum, { amountMicro }) => sum + amountMicro, 0),
  participants: sites.length,
  sites,
});
