import { Injectable } from '@nestjs/common';
import type { DeviceId, Site, SiteId } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { type Interval, ceilTo, floorTo } from '../kernel/interval.js';
import { addDays, localDate, momentOf } from '../kernel/local-day.js';
import { DAY_MS, type EpochMs, HOUR_MS } from '../kernel/units.js';
import { EventService } from '../signals/event.service.js';
import type { GridEvent } from '../signals/grid-event.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { BASELINE_DAYS, type Baseline, baselineOf, eventSlots, hadEvent, likeDay, type LikeDay, likeDays, slotsOnDay } from './baseline.js';
import { meteredSite } from './grid-meter.js';
import { grouped } from './grouped.js';
import { SettlementSettings } from './settlement-settings.js';
import { SettlementStore } from './settlement-store.js';

export type FixOutcome =
  | { readonly kind: 'fixed'; readonly baselines: ReadonlyMap<SiteId, Baseline> }
  /** The event has begun: a baseline fixed now could be chosen to fit. */
  | { readonly kind: 'too-late'; readonly startMs: EpochMs };

/** A site that takes part in an event: it had a baseline in time. `outFromMs` is when it stepped out again. */
export interface Participant {
  readonly site: Site;
  readonly baseline: Baseline;
  readonly outFromMs?: EpochMs;
}

export const metersOf = (site: Site): DeviceId[] => site.devices.filter(({ role }) => role === 'grid-meter').map(({ id }) => id);

/** The widest stretch of whole hours round some slots: metered intervals are no longer than an hour, so all that touch are in it. */
export const hoursAround = (slots: readonly Interval[]): { fromMs: EpochMs; toMs: EpochMs } => ({
  fromMs: floorTo(slots[0]!.startMs, HOUR_MS),
  toMs: ceilTo(slots.at(-1)!.endMs, HOUR_MS),
});

/** Fixes what each site would have drawn, before an event begins, and remembers it. */
@Injectable()
export class BaselineService {
  constructor(
    private readonly store: SettlementStore,
    private readonly intervals: IntervalService,
    private readonly plant: PlantDirectory,
    private readonly events: EventService,
    private readonly settings: SettlementSettings,
  ) {}

  /** Fixes the baselines of these sites. What is fixed for the event's times stays as it is. */
  async fix(event: GridEvent, siteIds: readonly SiteId[], nowMs: EpochMs): Promise<FixOutcome> {
    const fixed = await this.store.baselinesOf(event);
    const wanted = this.plant.plant().sites.filter((site) => siteIds.includes(site.id) && !fixed.has(site.id) && metersOf(site).length > 0);
    if (wanted.length === 0) return { kind: 'fixed', baselines: fixed };
    if (nowMs > event.startMs) return { kind: 'too-late', startMs: event.startMs };
    const baselines: Baseline[] = [];
    for (const [zone, sites] of grouped(wanted, (site) => site.zone)) baselines.push(...(await this.compute(event, zone, sites, nowMs)));
    await this.store.addBaselines(event, baselines);
    return { kind: 'fixed', baselines: await this.store.baselinesOf(event) };
  }

  of(event: Pick<GridEvent, 'id' | 'startMs' | 'endMs'>): Promise<Map<SiteId, Baseline>> {
    return this.store.baselinesOf(event);
  }

  /** The sites that take part. One that stepped out before the event began does not. */
  async participants(event: GridEvent): Promise<Participant[]> {
    const baselines = await this.store.baselinesOf(event);
    const outs = new Map((await this.events.optedOut(event.id)).map(({ siteId, atMs }) => [siteId, atMs]));
    return this.plant.plant().sites.flatMap((site) => participant(event, site, baselines.get(site.id), outs.get(site.id)));
  }

  /** Those of the events that one site takes part in, by event. */
  async participationOf(siteId: SiteId, events: readonly GridEvent[]): Promise<Map<string, Participant>> {
    const site = this.plant.plant().sites.find(({ id }) => id === siteId);
    if (!site) return new Map();
    const baselines = await this.store.baselinesOfSite(siteId, events);
    const outs = await this.events.optOutsOfSite(siteId);
    const found = events.flatMap((event) =>
      participant(event, site, baselines.get(event.id), outs.get(event.id)).map((part) => [event.id, part] as const),
    );
    return new Map(found);
  }

  /** Goes back through the like days until every site has ten that serve, or there are no more. */
  private async compute(event: GridEvent, zone: string, sites: readonly Site[], nowMs: EpochMs): Promise<Baseline[]> {
    const slots = eventSlots(event, this.settings.intervalMs);
    const date = localDate(zone, event.startMs);
    const others = await this.otherEvents(event, momentOf(zone, addDays(date, -this.settings.lookBackDays - 1)), nowMs);
    const found = new Map<SiteId, LikeDay[]>(sites.map(({ id }) => [id, []]));
    for (const day of likeDays(date, this.settings.holidays, this.settings.lookBackDays)) {
      const seeking = sites.filter(({ id }) => found.get(id)!.length < BASELINE_DAYS);
      if (seeking.length === 0) break;
      const stretches = slotsOnDay(zone, slots, day);
      if (!stretches || hadEvent(stretches, others)) continue;
      const energies = await this.intervals.intervalsOf({ siteIds: seeking.map(({ id }) => id), ...hoursAround(stretches) });
      if (energies.length > 0) addDay(found, day, stretches, seeking, energies);
    }
    return sites.map(({ id }) => baselineOf(id, slots, found.get(id)!, nowMs));
  }

  private async otherEvents(event: GridEvent, fromMs: EpochMs, nowMs: EpochMs): Promise<GridEvent[]> {
    const events = await this.events.within({ startMs: fromMs, endMs: event.startMs + DAY_MS }, nowMs);
    return events.filter(({ id }) => id !== event.id);
  }
}

const participant = (event: GridEvent, site: Site, baseline: Baseline | undefined, outFromMs: EpochMs | undefined): Participant[] =>
  baseline && !(outFromMs !== undefined && outFromMs <= event.startMs) ? [{ site, baseline, outFromMs }] : [];

const addDay = (
  found: ReadonlyMap<SiteId, LikeDay[]>,
  date: string,
  stretches: readonly Interval[],
  sites: readonly Site[],
  energies: readonly IntervalEnergy[],
): void => {
  const bySite = grouped(energies, ({ siteId }) => siteId);
  for (const site of sites) {
    const day = likeDay(date, stretches, meteredSite(bySite.get(site.id) ?? [], metersOf(site)));
    if (day) found.get(site.id)!.push(day);
  }
};
