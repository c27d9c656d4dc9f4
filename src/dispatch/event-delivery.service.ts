import { Injectable } from '@nestjs/common';
import type { EpochMs, Watt } from '../kernel/units.js';
import type { EventWish } from '../signals/event.service.js';
import type { EventPromise, EventShortfall, GridEvent } from '../signals/grid-event.js';
import { BaselineSource } from './baseline-source.port.js';
import { bindingLimits, saidOf } from './binding-limits.js';
import { eventPromise } from './event-answer.js';
import { type CapacityFacts, eventCapacity } from './event-capacity.js';
import { deliveredBySite, takesPart } from './event-delivery.js';
import { EventFactsService } from './event-facts.service.js';
import { eventShortfall, inWholeWatts } from './event-shortfall.js';
import { eventCycles, jainIndex } from './fairness.js';

/** What an event's sites deliver, by the measure that dispatch steers by. */
@Injectable()
export class EventDeliveryService {
  constructor(
    private readonly facts: EventFactsService,
    private readonly baselines: BaselineSource,
  ) {}

  /**
   * While an event runs: what is delivered, homes that go the other way taken off, and why the rest is missing, in whole watts; and how
   * evenly homes have been used by the events of the billing period before it (Jain's index of their `eventCycles`).
   */
  async live(event: GridEvent, nowMs: EpochMs): Promise<{ deliveredW: Watt; shortfall: EventShortfall; fairness: number }> {
    const facts = await this.facts.now(event, nowMs);
    const running = { ...event, baselineW: await this.baselines.baselineAt(event, nowMs), optedOut: facts.event.optedOut };
    let deliveredW: Watt = 0;
    for (const siteW of deliveredBySite(facts, running).values()) deliveredW += siteW;
    return {
      deliveredW: Math.round(deliveredW),
      shortfall: inWholeWatts(eventShortfall(event.powerW, deliveredW, eventCapacity(facts))),
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

  /**
   * How much of a wish is to be expected, by what is known now: batteries are made ready for it, their energy has to last to its end, and
   * all stays within the limits of its time.
   */
  async promise(wish: EventWish, nowMs: EpochMs): Promise<EventPromise> {
    return eventPromise(wish.powerW, eventCapacity(await this.facts.ahead(wish, nowMs)));
  }

  /** Limits that come before an event, in words: those alone that leave less of it than there would be without them. */
  async limitsBefore(wish: EventWish, nowMs: EpochMs): Promise<string[]> {
    return bindingLimits(await this.facts.ahead(wish, nowMs), wish.powerW).map(saidOf);
  }
}
