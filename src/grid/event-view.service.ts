import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { type EventAnswer, eventAnswer } from '../dispatch/event-answer.js';
import { EventDeliveryService } from '../dispatch/event-delivery.service.js';
import type { EpochMs } from '../kernel/units.js';
import { BaselineService } from '../settlement/baseline.service.js';
import { SettlementService } from '../settlement/settlement.service.js';
import { type EventJudge, EventService, type EventWish } from '../signals/event.service.js';
import type { GridEvent } from '../signals/grid-event.js';
import type { gridEventSchema } from './schemas.js';

export type GridEventView = z.infer<typeof gridEventSchema>;

/** Grid events with what they deliver: live while they run, metered as intervals close, paid once settled. */
@Injectable()
export class EventViewService {
  constructor(
    private readonly events: EventService,
    private readonly baselines: BaselineService,
    private readonly settlement: SettlementService,
    private readonly delivery: EventDeliveryService,
  ) {}

  async newest(nowMs: EpochMs, limit: number): Promise<GridEventView[]> {
    const events = await this.events.list(nowMs, limit);
    return Promise.all(events.map((event) => this.view(event, nowMs)));
  }

  async find(id: string, nowMs: EpochMs): Promise<GridEventView | undefined> {
    const event = await this.events.find(id, nowMs);
    return event && this.view(event, nowMs);
  }

  async view({ promise, ...asked }: GridEvent, nowMs: EpochMs): Promise<GridEventView> {
    const event = { ...asked, ...(promise ? { answer: eventAnswer(promise) } : {}) };
    if (event.state === 'announced') return { ...event, participants: (await this.baselines.participants(event)).length };
    if (event.state === 'cancelled') return { ...event };
    const { deliveredWh, paidMicro, participants } = await this.settlement.eventResult(event);
    const live = event.state === 'active' ? await this.delivery.live(event, nowMs) : {};
    return { ...event, ...live, deliveredWh: Math.round(deliveredWh), paidMicro, participants };
  }

  /** How much of an event to come is to be expected, and why not the rest. */
  async answer(wish: EventWish, nowMs: EpochMs): Promise<EventAnswer> {
    return eventAnswer(await this.delivery.promise(wish, nowMs));
  }

  /** Limits that leave less of an event than there would be without them, in words; of one that runs, from now on. */
  limitsBefore(event: GridEvent, nowMs: EpochMs): Promise<string[]> {
    return this.delivery.limitsBefore({ ...event, startMs: Math.max(event.startMs, nowMs) }, nowMs);
  }

  /** Refuses what nothing can be given of. */
  judge(nowMs: EpochMs): EventJudge {
    return async (wish) => {
      const { verdict, reasons, acceptedW, shortfall } = await this.answer(wish, nowMs);
      return verdict === 'refused' ? { refusedFor: reasons } : { promise: { acceptedW, shortfall } };
    };
  }
}
