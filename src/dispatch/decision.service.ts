import { Injectable } from '@nestjs/common';
import { FleetService } from '../fleet/fleet.service.js';
import { type DeviceId, devicesOf } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import { PlanService } from '../schedule/plan.service.js';
import type { PlantImage } from '../telemetry/image.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { decide } from './decide.js';
import type { Decision } from './decision.js';
import type { GeneratorNow } from './generator-rules.js';
import { plannedNow } from './planned-now.js';
import { WishService } from './wish.service.js';

/** A genset that gives this state or more, up to cooling down, turns. */
const isTurning = (state: number | undefined): boolean => state === 1 || state === 2;

/** Gathers everything one decision rests on, and decides. */
@Injectable()
export class DecisionService {
  private readonly generators = new Map<DeviceId, GeneratorNow>();

  constructor(
    private readonly fleet: FleetService,
    private readonly telemetry: TelemetryService,
    private readonly plans: PlanService,
    private readonly wishes: WishService,
  ) {}

  async decideAt(nowMs: EpochMs): Promise<Decision> {
    const plant = this.fleet.plant();
    const wishes = await this.wishes.at(plant, nowMs);
    const image = this.telemetry.image(nowMs);
    this.watchGenerators(image);
    const planned = plannedNow(plant, this.plans.current(), nowMs);
    return decide({
      ...wishes,
      atMs: nowMs,
      plant,
      image,
      consents: new Map(plant.sites.map((site) => [site.id, this.fleet.consentOf(site.id)])),
      lockedOut: new Set(devicesOf(plant).flatMap(({ id }) => (this.fleet.isLockedOut(id) ? [id] : []))),
      generators: this.generators,
      ...(planned ? { planned } : {}),
    });
  }

  /** Since when each generator has been turning or standing, as far as we saw it change. */
  generatorsNow(): ReadonlyMap<DeviceId, GeneratorNow> {
    return this.generators;
  }

  private watchGenerators(image: PlantImage): void {
    for (const [deviceId, { values }] of image.devices) {
      const state = values['generator.state'];
      if (state === undefined) continue;
      const known = this.generators.get(deviceId);
      const running = isTurning(state);
      if (known?.running !== running) this.generators.set(deviceId, { running, sinceMs: known ? image.atMs : undefined });
    }
  }
}
