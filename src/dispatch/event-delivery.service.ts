import { Injectable } from '@nestjs/common';
import { FleetService } from '../fleet/fleet.service.js';
import { devicesOf, type SiteId } from '../fleet/plant.js';
import type { EpochMs, Watt } from '../kernel/units.js';
import { PlanService } from '../schedule/plan.service.js';
import { stepAt } from '../schedule/schedule.js';
import { EventService } from '../signals/event.service.js';
import type { GridEvent } from '../signals/grid-event.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { BaselineSource } from './baseline-source.port.js';
import { type EventAnswer, eventAnswer } from './event-answer.js';
import { type CapacityFacts, eventCapacity } from './event-capacity.js';
import { deliveredBySite, type EventFacts, takesPart } from './event-delivery.js';
import { eventShortfall, type EventShortfall } from './event-shortfall.js';
import { eventCycles, jainIndex } from './fairness.js';
import { plannedNow } from './planned-now.js';

/** An event as it would be; with its `id` where it is known already. */
export type EventWish = Pick<GridEvent, 'direction' | 'powerW' | 'startMs' | 'endMs'> & { readonly id?: string };

/** What an event's sites deliver, by the measure that dispatch steers by. */
@Injectable()
export class EventDeliveryService {
  constructor(
    private readonly events: EventService,
    private readonly baselines: BaselineSource,
    private readonly telemetry: TelemetryService,
    private readonly fleet: FleetService,
    private readonly plans: PlanService,
  ) {}

  /**
   * While an event runs: what is delivered, homes that go the other way taken off, and why the rest is missing, in whole watts; and how
   * evenly homes have been used by the events of the billing period before it (Jain's index of their `eventCycles`).
   */
  async live(event: GridEvent, nowMs: EpochMs): Promise<{ deliveredW: Watt; shortfall: EventShortfall; fairness: number }> {
    const facts = await this.facts(event, nowMs);
    const running = { ...event, baselineW: await this.baselines.baselineAt(event, nowMs), optedOut: facts.event.optedOut };
    let deliveredW: Watt = 0;
    for (const siteW of deliveredBySite(facts, running).values()) deliveredW += siteW;
    const { offlineW, reserveW, optedOutW, otherW } = eventShortfall(event.powerW, deliveredW, eventCapacity(facts));
    return {
      deliveredW: Math.round(deliveredW),
      shortfall: {
        offlineW: Math.round(offlineW),
        reserveW: Math.round(reserveW),
        optedOutW: Math.round(optedOutW),
        otherW: Math.round(otherW),
      },
      fairness: await this.fairness(event, facts),
    };
  }

  private async fairness(event: GridEvent, { plant, consents, event: { optedOut } }: CapacityFacts): Promise<number> {
    const before = await this.baselines.deliveredBefore(event);
    const homes = plant.sites.filter(
      (site) => site.kind === 'home' && site.devices.some(({ battery }) => battery) && takesPart({ optedOut }, site, consents),
    );
    return jainIndex(homes.map((site) => eventCycles(site, consents.get(site.id), before.get(site.id) ?? 0)));
  }

  /** How much of a wish is to be expected, by what is known now: batteries are made ready for it, and their energy has to last to its end. */
  async answer(wish: EventWish, nowMs: EpochMs): Promise<EventAnswer> {
    const { direction, startMs, endMs } = wish;
    const facts = await this.facts({ id: wish.id ?? '', direction }, nowMs);
    const plan = this.plans.current();
    const planned = plannedNow(facts.plant, plan, startMs);
    const step = plan ? stepAt(plan, startMs) : -1;
    const sunW = new Map(plan?.sites.map(({ siteId, pvW }) => [siteId, pvW[step] ?? 0]));
    const { planned: _now, ...others } = facts;
    const ahead = { leadMs: Math.max(0, startMs - nowMs), lengthMs: endMs - startMs };
    return eventAnswer(wish.powerW, eventCapacity({ ...others, ...(planned ? { planned } : {}), sunW, ahead }));
  }

  private async facts(event: Pick<GridEvent, 'id' | 'direction'>, nowMs: EpochMs): Promise<CapacityFacts> {
    const plant = this.fleet.plant();
    const image = this.telemetry.image(nowMs);
    const planned = plannedNow(plant, this.plans.current(), nowMs);
    const out = await this.events.optedOut(event.id);
    return {
      plant,
      image,
      consents: new Map(plant.sites.map(({ id }) => [id, this.fleet.consentOf(id)])),
      ...(planned ? { planned } : {}),
      lockedOut: new Set(devicesOf(plant).flatMap(({ id }) => (this.fleet.isLockedOut(id) ? [id] : []))),
      event: { direction: event.direction, optedOut: new Set(out.map(({ siteId }) => siteId)) },
      sunW: sunNow(image),
    };
  }
}

const sunNow = ({ sites }: EventFacts['image']): ReadonlyMap<SiteId, Watt> =>
  new Map([...sites.values()].map(({ siteId, powersW }) => [siteId, powersW.pv ?? 0]));
