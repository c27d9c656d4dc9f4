import { Injectable, NotFoundException } from '@nestjs/common';
import type { z } from 'zod';
import { FieldControl } from '../field/field-control.port.js';
import { FleetService } from '../fleet/fleet.service.js';
import type { Site } from '../fleet/plant.js';
import { addDays, localDate, localDay } from '../kernel/local-day.js';
import type { EpochMs } from '../kernel/units.js';
import { SettlementService } from '../settlement/settlement.service.js';
import { SignalsSettings } from '../signals/signals-settings.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { homeLoads } from './home-loads.js';
import { homeDayEnergy } from './home-energy.js';
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
    private readonly signals: SignalsSettings,
    private readonly field: FieldControl,
  ) {}

  siteOf(householdId: string | undefined): Site {
    const site = householdId === undefined ? undefined : this.fleet.siteOfHousehold(householdId);
    if (!site) throw new NotFoundException('Your login belongs to no household of this plant any more; ask its operator.');
    return site;
  }

  async now(site: Site, nowMs: EpochMs): Promise<HomeNow> {
    const image = this.telemetry.image(nowMs);
    const now = image.sites.get(site.id);
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
      loads: homeLoads(site.devices, (id) => image.devices.get(id)?.values, this.field.leases()),
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
      const { intervalMs } = this.signals;
      return { date, ...homeDayEnergy(intervals, site.devices, localDay(site.zone, date), { closedMs, intervalMs }) };
    });
  }
}
