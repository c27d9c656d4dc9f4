import { Injectable } from '@nestjs/common';
import { FleetService } from '../fleet/fleet.service.js';
import { type Device, devicesOf } from '../fleet/plant.js';
import { SLOT_MS } from '../kernel/interval.js';
import { DAY_MS, type EpochMs, HOUR_MS } from '../kernel/units.js';
import type { DevicesAtStart, PlanningFacts } from '../schedule/problem-of.js';
import type { PriceSlot } from '../signals/price.js';
import { TariffService } from '../signals/tariff.service.js';
import type { PlantImage } from '../telemetry/image.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { DecisionService } from './decision.service.js';
import { WishService } from './wish.service.js';

/** Prices are needed a little further than the plan reaches. */
const PRICES_MS = 1.5 * DAY_MS + HOUR_MS;
/** A genset in this state does not start by itself again. */
const FAILED = 4;

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
    };
  }

  /** What each site draws and what its sun gives now: all a forecast without history has. */
  presentPowers(nowMs: EpochMs): Map<string, { loadW?: number; pvW?: number }> {
    return new Map([...this.telemetry.image(nowMs).sites].map(([siteId, { loadW, powersW }]) => [siteId, { loadW, pvW: powersW.pv }]));
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
      unavailable: new Set(
        devices
          .filter(
            (device) =>
              this.fleet.isLockedOut(device.id) ||
              image.devices.get(device.id)?.health !== 'online' ||
              valueOf(device, 'generator.state') === FAILED,
          )
          .map(({ id }) => id),
      ),
    };
  }
}

const pairOf = <T>(key: string, value: T | undefined): [string, T][] => (value === undefined ? [] : [[key, value]]);
