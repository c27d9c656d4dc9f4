import { Injectable } from '@nestjs/common';
import { FleetService } from '../fleet/fleet.service.js';
import { type DeviceId, devicesOf, type Plant, type SiteId } from '../fleet/plant.js';
import type { Interval } from '../kernel/interval.js';
import type { EpochMs, Watt } from '../kernel/units.js';
import { limitOver, type PlannedLimit } from '../schedule/operator-limits-of.js';
import { PlanService } from '../schedule/plan.service.js';
import { type Schedule, stepAt } from '../schedule/schedule.js';
import type { EventWish } from '../signals/event.service.js';
import type { GridEvent } from '../signals/grid-event.js';
import { LIMIT_KINDS } from '../signals/operator-limit.js';
import type { PlantImage } from '../telemetry/image.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import type { GridLimits, PlannedDevice } from './decision.js';
import { DecisionService } from './decision.service.js';
import type { CapacityFacts } from './event-capacity.js';
import { plannedNow } from './planned-now.js';
import { WishService } from './wish.service.js';

/** Gathers what tells how much of an event can be delivered. */
@Injectable()
export class EventFactsService {
  constructor(
    private readonly wishes: WishService,
    private readonly decisions: DecisionService,
    private readonly telemetry: TelemetryService,
    private readonly fleet: FleetService,
    private readonly plans: PlanService,
  ) {}

  /** As it is now. */
  async now(event: Pick<GridEvent, 'id' | 'direction'>, nowMs: EpochMs): Promise<CapacityFacts> {
    const plant = this.fleet.plant();
    const image = this.telemetry.image(nowMs);
    const planned = plannedNow(plant, this.plans.current(), nowMs);
    const optedOut = await this.wishes.optedOut(event.id);
    return {
      plant,
      image,
      consents: new Map(plant.sites.map(({ id }) => [id, this.fleet.consentOf(id)])),
      ...(planned ? { planned } : {}),
      lockedOut: new Set(devicesOf(plant).flatMap(({ id }) => (this.fleet.isLockedOut(id) ? [id] : []))),
      takings: this.decisions.takingsNow(),
      event: { direction: event.direction, optedOut },
      sunW: new Map([...image.sites.values()].map(({ siteId, powersW }) => [siteId, powersW.pv ?? 0])),
      restW: restNow(plant, image, planned),
      ...limitsOver(plant, this.wishes.limits(nowMs), { startMs: nowMs, endMs: nowMs + 1 }),
    };
  }

  /** Of a wish to come: as the plan has it then, under the limits that touch its time. Without a plan, as it is now. */
  async ahead(wish: EventWish, nowMs: EpochMs): Promise<CapacityFacts> {
    const { direction, startMs, endMs } = wish;
    const { planned: _now, ...facts } = await this.now({ id: wish.id ?? '', direction }, nowMs);
    const plan = this.plans.current();
    const planned = plannedNow(facts.plant, plan, startMs);
    const step = plan ? stepAt(plan, startMs) : -1;
    return {
      ...facts,
      ...(planned ? { planned } : {}),
      sunW: new Map(plan?.sites.map(({ siteId, pvW }) => [siteId, pvW[step] ?? 0])),
      ...(plan && step >= 0 ? { restW: restPlanned(plan, step) } : {}),
      ...limitsOver(facts.plant, this.wishes.limits(nowMs), { startMs, endMs }),
      ahead: { leadMs: Math.max(0, startMs - nowMs), lengthMs: endMs - startMs },
    };
  }
}

/** Batteries at rest, and generators as planned: what they give beyond that is the event's. */
const restNow = (plant: Plant, { sites }: PlantImage, planned?: ReadonlyMap<DeviceId, PlannedDevice>): ReadonlyMap<SiteId, Watt> => {
  const restW = new Map<SiteId, Watt>();
  for (const { siteId, powersW } of sites.values())
    if (powersW.grid !== undefined) restW.set(siteId, powersW.grid + (powersW.battery ?? 0) + (powersW.generator ?? 0));
  for (const { id, siteId } of devicesOf(plant)) {
    const [step, siteW] = [planned?.get(id), restW.get(siteId)];
    if (siteW !== undefined && step?.kind === 'generator' && step.run) restW.set(siteId, siteW - step.powerW);
  }
  return restW;
};

const restPlanned = ({ sites, batteries }: Schedule, step: number): ReadonlyMap<SiteId, Watt> => {
  const restW = new Map(sites.map(({ siteId, gridW }) => [siteId, gridW[step]!]));
  for (const { siteId, powerW } of batteries) restW.set(siteId, restW.get(siteId)! + powerW[step]!);
  return restW;
};

const limitsOver = (plant: Plant, limits: readonly PlannedLimit[], span: Interval): Pick<CapacityFacts, 'siteLimits' | 'fleetLimits'> => {
  const over = (scope: Plant['sites'][number] | 'fleet'): GridLimits =>
    Object.fromEntries(
      LIMIT_KINDS.flatMap((kind) => {
        const valueW = limitOver(limits, scope, kind, span);
        return valueW === undefined ? [] : [[`${kind}W`, valueW]];
      }),
    );
  return { siteLimits: new Map(plant.sites.map((site) => [site.id, over(site)])), fleetLimits: over('fleet') };
};
