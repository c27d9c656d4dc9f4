import { Injectable } from '@nestjs/common';
import { FleetService } from '../fleet/fleet.service.js';
import { type Device, devicesOf, isPlannedApart, type SiteId } from '../fleet/plant.js';
import { SLOT_MS } from '../kernel/interval.js';
import { DAY_MS, type EpochMs, HOUR_MS, type Watt } from '../kernel/units.js';
import type { DevicesAtStart, PlanningFacts } from '../schedule/problem-of.js';
import type { PriceSlot } from '../signals/price.js';
import { TariffService } from '../signals/tariff.service.js';
import type { PlantImage } from '../telemetry/image.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { DecisionService } from './decision.service.js';
import { GENERATOR_STATE } from './generator-watch.js';
import { type GeneratorNow, MOST_FAILED_STARTS } from './generator-rules.js';
import { WishService } from './wish.service.js';

/** Prices are needed a little further than the plan reaches. */
const PRICES_MS = 1.5 * DAY_MS + HOUR_MS;

/** Gathers everything a plan rests on but the forecast. */
@Injectable()
export class PlanningFactsService {
  constructor(
    private readonly fleet: FleetService,
    private readonly telemetry: TelemetryService,
    private readonly tariffs: TariffService,
    private readonly wishes: WishService,
    private readonly decisions: DecisionService,
  ) {}

  async at(nowMs: EpochMs): Promise<Omit<PlanningFacts, 'forecasts'>> {
    const plant = this.fleet.plant();
    const zones = new Set(plant.sites.map(({ zone }) => zone));
    const range = { startMs: nowMs - SLOT_MS, endMs: nowMs + PRICES_MS };
    const prices = new Map<string, PriceSlot[]>([...zones].map((zone) => [zone, this.tariffs.pricesOf(zone, range, SLOT_MS)]));
    return {
      plant,
      nowMs,
      prices,
      devices: this.devicesAt(this.telemetry.image(nowMs)),
      consents: new Map(plant.sites.map(({ id }) => [id, this.fleet.consentOf(id)])),
      events: await this.wishes.upcoming(nowMs),
      limits: this.wishes.limits(nowMs),
      overrides: this.wishes.overridden(nowMs),
    };
  }

  /** What each site draws, but for loads that are planned apart, and what its sun gives now: all a forecast without history has. */
  presentPowers(nowMs: EpochMs): Map<string, { loadW?: number; pvW?: number }> {
    const image = this.telemetry.image(nowMs);
    const apartW = new Map<SiteId, Watt>();
    for (const { id, siteId } of devicesOf(this.fleet.plant()).filter(isPlannedApart))
      apartW.set(siteId, (apartW.get(siteId) ?? 0) + (image.devices.get(id)?.values['flexible.powerW'] ?? 0));
    return new Map(
      [...image.sites].map(([siteId, { loadW, powersW }]) => [
        siteId,
        { loadW: loadW && Math.max(0, loadW + (apartW.get(siteId) ?? 0)), pvW: powersW.pv },
      ]),
    );
  }

  private devicesAt(image: PlantImage): DevicesAtStart {
    const devices = devicesOf(this.fleet.plant());
    const valueOf = (device: Device, quantity: 'battery.socPct' | 'generator.powerW' | 'generator.state'): number | undefined =>
      image.devices.get(device.id)?.values[quantity];
    const turning = this.decisions.generatorsNow();
    return {
      socPct: new Map(devices.flatMap((device) => pairOf(device.id, valueOf(device, 'battery.socPct')))),
      generators: new Map(
        devices
          .filter(({ role }) => role === 'generator')
          .map((device) => {
            const now = turning.get(device.id);
            return [
              device.id,
              { on: now?.running ?? false, sinceMs: now?.sinceMs, powerW: Math.max(0, valueOf(device, 'generator.powerW') ?? 0) },
            ];
          }),
      ),
      takings: this.decisions.takingsNow(),
      unavailable: new Set(
        devices
          .filter(
            (device) =>
              this.fleet.isLockedOut(device.id) ||
              image.sites.get(device.siteId)?.islanded ||
              image.devices.get(device.id)?.health !== 'online' ||
              valueOf(device, 'generator.state') === GENERATOR_STATE.failed ||
              isResting(turning.get(device.id), image.atMs),
          )
          .map(({ id }) => id),
      ),
    };
  }
}

/** It has failed to start: a plan that counts on it now would count on nothing. */
const isResting = (now: GeneratorNow | undefined, atMs: EpochMs): boolean =>
  (now?.failedStarts ?? 0) >= MOST_FAILED_STARTS || (now?.restUntilMs ?? 0) > atMs;

const pairOf = <T>(key: string, value: T | undefined): [string, T][] => (value === undefined ? [] : [[key, value]]);
