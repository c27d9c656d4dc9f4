import { Injectable, NotFoundException } from '@nestjs/common';
import type { z } from 'zod';
import { FleetService } from '../fleet/fleet.service.js';
import type { Device, Site } from '../fleet/plant.js';
import { contains, floorTo, type Interval, SLOT_MS } from '../kernel/interval.js';
import { addDays, localDate, localDay } from '../kernel/local-day.js';
import { type EpochMs, MINUTE_MS } from '../kernel/units.js';
import { SettlementService } from '../settlement/settlement.service.js';
import { type DayEnergy, dayEnergySum, energyOfDay } from '../telemetry/energy-of-day.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import type { energyDaySchema, homeNowSchema } from './schemas.js';

export type HomeNow = z.infer<typeof homeNowSchema>;
export type EnergyDay = z.infer<typeof energyDaySchema>;

/** One household's own picture. */
@Injectable()
export class HomeService {
  constructor(
    private readonly fleet: FleetService,
    private readonly telemetry: TelemetryService,
    private readonly intervals: IntervalService,
    private readonly settlement: SettlementService,
  ) {}

  siteOf(householdId: string | undefined): Site {
    const site = householdId === undefined ? undefined : this.fleet.siteOfHousehold(householdId);
    if (!site) throw new NotFoundException('Your login belongs to no household of this plant any more; ask its operator.');
    return site;
  }

  async now(site: Site, nowMs: EpochMs): Promise<HomeNow> {
    const now = this.telemetry.image(nowMs).sites.get(site.id);
    const household = this.fleet.plant().households.find(({ id }) => id === site.householdId);
    const running = (await this.settlement.homeEvents(site.householdId!, nowMs, 1)).find(({ state }) => state === 'active');
    return {
      atMs: nowMs,
      householdName: household?.name ?? site.name,
      siteId: site.id,
      zone: site.zone,
      powersW: now?.powersW ?? {},
      loadW: now?.loadW,
      socPct: now?.socPct,
      readAtMs: now?.readAtMs,
      missing: [...(now?.missing ?? [])],
      ...this.fleet.consentOf(site.id),
      activeEvent: running && {
        id: running.id,
        startMs: running.startMs,
        endMs: running.endMs,
        deliveredWh: Math.round(running.deliveredWh ?? 0),
        takesPart: running.takesPart,
      },
    };
  }

  /** The last local days, oldest first; today counts up to the last closed interval. */
  async energyDays(site: Site, days: number, nowMs: EpochMs): Promise<EnergyDay[]> {
    const today = localDate(site.zone, nowMs);
    const dates = Array.from({ length: days }, (_, index) => addDays(today, index - days + 1));
    const fromMs = localDay(site.zone, dates[0]!).startMs;
    const intervals = await this.intervals.intervalsOf({ siteIds: [site.id], fromMs, toMs: nowMs });
    const closedMs = intervals.reduce((latest, { endMs }) => Math.max(latest, endMs), fromMs);
    return dates.map((date) => {
      const day = localDay(site.zone, date);
      const ofDay = intervals.filter(({ startMs }) => contains(day, startMs));
      const soFar = { startMs: day.startMs, endMs: Math.min(day.endMs, closedMs) };
      return { date, ...energySoFar(ofDay, site.devices, soFar), producedQuality: producedQuality(ofDay, site.devices, soFar) };
    });
  }
}

/** Whole slots of the day, and what has been closed of the one that runs. */
const energySoFar = (intervals: readonly IntervalEnergy[], devices: readonly Pick<Device, 'id' | 'role'>[], day: Interval): DayEnergy => {
  const wholeMs = Math.max(floorTo(day.endMs, SLOT_MS), day.startMs);
  const whole = energyOfDay(intervals, devices, { startMs: day.startMs, endMs: wholeMs });
  if (wholeMs >= day.endMs) return whole;
  return dayEnergySum(whole, energyOfDay(intervals, devices, { startMs: wholeMs, endMs: day.endMs }, MINUTE_MS));
};

/** The quality of the day as if the house had nothing but what produces. */
const producedQuality = (intervals: readonly IntervalEnergy[], devices: readonly Device[], day: Interval): EnergyDay['producedQuality'] => {
  const producers = devices.flatMap(({ id, role }): Pick<Device, 'id' | 'role'>[] =>
    role === 'pv' || role === 'hybrid' ? [{ id, role: 'pv' }] : role === 'generator' ? [{ id, role }] : [],
  );
  const produced = intervals.filter(({ flow }) => flow === 'pv' || flow === 'generator');
  return energySoFar(produced, producers, day).quality;
};
