import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Subject } from 'rxjs';
import { IsNull, LessThanOrEqual, MoreThan, Not, Repository } from 'typeorm';
import type { SiteId } from '../fleet/plant.js';
import { ceilTo, type Interval } from '../kernel/interval.js';
import type { EpochMs } from '../kernel/units.js';
import { EVENT_RAMP_MS, type EventCourse } from './event-ramp.js';
import { type EventRequest, eventTimes, runningChange } from './event-rules.js';
import { EventOptOutEntity, GridEventEntity } from './grid-event.entity.js';
import { changedNow, courseOf, eventOf, newRow } from './grid-event-row.js';
import type { EventPromise, EventState, GridEvent } from './grid-event.js';
import { SignalsSettings } from './signals-settings.js';

export type EventOutcome =
  | { readonly kind: 'announced' | 'amended' | 'cancelled'; readonly event: GridEvent; readonly note?: string }
  /** An event that already runs is not undone: nothing more is asked for, it ends at `event.endMs`, and what was delivered until then is paid. */
  | { readonly kind: 'cut-short'; readonly event: GridEvent; readonly note: string }
  | { readonly kind: 'overlap'; readonly with: GridEvent }
  /** Nothing of it can be given. */
  | { readonly kind: 'refused'; readonly reasons: readonly string[] }
  | { readonly kind: 'too-late'; readonly state: EventState }
  | { readonly kind: 'unknown-event' };

/** An event as it would be; with its `id` where it is known already. */
export type EventWish = Pick<GridEvent, 'direction' | 'powerW' | 'startMs' | 'endMs'> & { readonly id?: string };

/** Asked before an event is stored: what can be delivered of it, or why nothing. */
export type EventJudge = (
  wish: EventWish,
) => Promise<{ readonly refusedFor: readonly string[] } | { readonly promise: EventPromise | undefined }>;
const TAKES_ALL: EventJudge = () => Promise.resolve({ promise: undefined });

export interface EventChange {
  readonly kind: 'announced' | 'amended' | 'cancelled' | 'settled' | 'opt-out' | 'opt-in';
  readonly event: GridEvent;
  readonly siteId?: SiteId;
}

/** A home that stays out of one event from `atMs` on. */
export interface OptOut {
  readonly siteId: SiteId;
  readonly atMs: EpochMs;
  readonly byUser: string;
}

export type OptOutcome =
  { readonly kind: 'done' } | { readonly kind: 'too-late'; readonly state: EventState } | { readonly kind: 'unknown-event' };

/** Grid events: announced, amended and cancelled by operators; homes may stay out of single ones. */
@Injectable()
export class EventService {
  /** Every change, after it is stored. */
  readonly changes = new Subject<EventChange>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    @InjectRepository(GridEventEntity) private readonly events: Repository<GridEventEntity>,
    @InjectRepository(EventOptOutEntity) private readonly optOuts: Repository<EventOptOutEntity>,
    private readonly settings: SignalsSettings,
  ) {}

  /** Announces an event on the next interval boundaries; `note` says so. Throws `BadInput` where the request cannot be met by moving it. */
  announce(request: EventRequest, byUser: string, nowMs: EpochMs, judge = TAKES_ALL): Promise<EventOutcome> {
    return this.inOrder(async () => {
      const { note, ...times } = eventTimes(request, this.settings.intervalMs, nowMs);
      const clash = await this.clashWith(times, nowMs);
      if (clash) return { kind: 'overlap', with: clash };
      const judged = await judge({ ...request, ...times });
      if ('refusedFor' in judged) return { kind: 'refused', reasons: judged.refusedFor };
      const number = ((await this.events.maximum('number')) ?? 0) + 1;
      const row: GridEventEntity = {
        ...newRow(request, number),
        ...times,
        promise: judged.promise ?? null,
        announcedAtMs: nowMs,
        announcedBy: byUser,
      };
      await this.events.insert(row);
      return this.tell('announced', eventOf(row, nowMs), note);
    });
  }

  /** The event that would come of a request now, and is not announced by it; or one it would overlap. Throws `BadInput` like `announce`. */
  async wouldBe(request: EventRequest, nowMs: EpochMs): Promise<EventWish | { readonly kind: 'overlap'; readonly with: GridEvent }> {
    const { note: _moved, ...times } = eventTimes(request, this.settings.intervalMs, nowMs);
    const clash = await this.clashWith(times, nowMs);
    return clash ? { kind: 'overlap', with: clash } : { ...request, ...times };
  }

  /**
   * Changes an event. Its id stays; new times mean new baselines. Of one that runs the power changes at once, and the end may come sooner; it
   * is never refused. Throws `BadInput` like `announce`, and where what runs cannot be changed like that.
   */
  amend(id: string, change: Partial<EventRequest>, byUser: string, nowMs: EpochMs, judge = TAKES_ALL): Promise<EventOutcome> {
    return this.inOrder(async () => {
      const row = await this.events.findOneBy({ id });
      if (!row) return { kind: 'unknown-event' };
      const event = eventOf(row, nowMs);
      if (event.state === 'active') return this.amendRunning(row, change, byUser, nowMs, judge);
      if (event.state !== 'announced') return { kind: 'too-late', state: event.state };
      const request: EventRequest = { ...event, durationMs: event.endMs - event.startMs, ...change };
      const { note, ...times } = eventTimes(request, this.settings.intervalMs, nowMs);
      const clash = await this.clashWith(times, nowMs, id);
      if (clash) return { kind: 'overlap', with: clash };
      const judged = await judge({ ...request, ...times, id });
      if ('refusedFor' in judged) return { kind: 'refused', reasons: judged.refusedFor };
      const { direction, powerW, priceMicroPerKwh } = request;
      const promise = judged.promise ?? null;
      const amended = { direction, powerW, priceMicroPerKwh, ...times, promise, ...changedNow(row, byUser, nowMs) };
      return this.tell('amended', await this.change(row, amended, nowMs), note);
    });
  }

  private async amendRunning(
    row: GridEventEntity,
    change: Partial<EventRequest>,
    byUser: string,
    nowMs: EpochMs,
    judge: EventJudge,
  ): Promise<EventOutcome> {
    const { powerW, endMs, note } = runningChange(row, change, this.settings.intervalMs, nowMs);
    const judged = await judge({ id: row.id, direction: row.direction, powerW, startMs: nowMs, endMs });
    const promise = 'promise' in judged ? (judged.promise ?? null) : null;
    return this.tell('amended', await this.change(row, { powerW, endMs, promise, ...changedNow(row, byUser, nowMs) }, nowMs), note);
  }

  /** Takes an announced event back. Of one that runs nothing more is asked for; it is settled until the end of the interval it is in. */
  cancel(id: string, byUser: string, nowMs: EpochMs): Promise<EventOutcome> {
    return this.inOrder(async () => {
      const row = await this.events.findOneBy({ id });
      if (!row) return { kind: 'unknown-event' };
      const { state } = eventOf(row, nowMs);
      if (state === 'announced') {
        const cancelled = { cancelledAtMs: nowMs, ...changedNow(row, byUser, nowMs) };
        return this.tell('cancelled', await this.change(row, cancelled, nowMs));
      }
      if (state !== 'active') return { kind: 'too-late', state };
      const endMs = Math.min(row.endMs, ceilTo(nowMs + 1, this.settings.intervalMs));
      const event = await this.change(row, { endMs, stoppedAtMs: nowMs, ...changedNow(row, byUser, nowMs) }, nowMs);
      this.changes.next({ kind: 'amended', event });
      return {
        kind: 'cut-short',
        event,
        note: 'The event had begun: nothing more is asked for, and what is delivered until the end of the running interval is paid.',
      };
    });
  }

  async find(id: string, nowMs: EpochMs): Promise<GridEvent | undefined> {
    const row = await this.events.findOneBy({ id });
    return row ? eventOf(row, nowMs) : undefined;
  }

  /** The newest events first. */
  async list(nowMs: EpochMs, limit = 100): Promise<GridEvent[]> {
    const rows = await this.events.find({ order: { startMs: 'DESC' }, take: limit });
    return rows.map((row) => eventOf(row, nowMs));
  }

  /** Events that are not cancelled and touch `interval`, in order of time. */
  async within({ startMs, endMs }: Interval, nowMs: EpochMs): Promise<GridEvent[]> {
    const rows = await this.events.find({
      where: { startMs: LessThanOrEqual(endMs - 1), endMs: MoreThan(startMs), cancelledAtMs: IsNull() },
      order: { startMs: 'ASC' },
    });
    return rows.map((row) => eventOf(row, nowMs));
  }

  /** Events that dispatch may have to follow at a moment: those that run, those within a ramp of it, and those changed or cancelled just before it. */
  async around(nowMs: EpochMs): Promise<(GridEvent & EventCourse)[]> {
    const [fromMs, toMs] = [nowMs - EVENT_RAMP_MS, nowMs + EVENT_RAMP_MS];
    const rows = await this.events.find({
      where: [
        { startMs: LessThanOrEqual(toMs), endMs: MoreThan(fromMs), cancelledAtMs: IsNull() },
        { amendedAtMs: MoreThan(fromMs), amendedFromW: Not(IsNull()) },
      ],
      order: { startMs: 'ASC' },
    });
    return rows.map((row) => courseOf(row, nowMs));
  }

  /** The event that runs now, if any: events never overlap. */
  async active(nowMs: EpochMs): Promise<GridEvent | undefined> {
    return (await this.within({ startMs: nowMs, endMs: nowMs + 1 }, nowMs)).find(({ state }) => state === 'active');
  }

  /** Announced events, the next one first. */
  async announced(nowMs: EpochMs): Promise<GridEvent[]> {
    const rows = await this.events.find({ where: { startMs: MoreThan(nowMs), cancelledAtMs: IsNull() }, order: { startMs: 'ASC' } });
    return rows.map((row) => eventOf(row, nowMs));
  }

  /** Events that are over and wait for their settlement, oldest first. */
  async unsettled(nowMs: EpochMs): Promise<GridEvent[]> {
    const rows = await this.events.find({
      where: { endMs: LessThanOrEqual(nowMs), cancelledAtMs: IsNull(), settledAtMs: IsNull() },
      order: { startMs: 'ASC' },
    });
    return rows.map((row) => eventOf(row, nowMs));
  }

  /** Settlement says so once its results are stored; saying it again changes nothing. */
  async markSettled(id: string, nowMs: EpochMs): Promise<void> {
    const { affected } = await this.events.update({ id, settledAtMs: IsNull(), cancelledAtMs: IsNull() }, { settledAtMs: nowMs });
    const event = affected === 0 ? undefined : await this.find(id, nowMs);
    if (event) this.changes.next({ kind: 'settled', event });
  }

  /** Takes a home out of one event: wholly before it begins, from now on while it runs. */
  async optOut(eventId: string, siteId: SiteId, byUser: string, nowMs: EpochMs): Promise<OptOutcome> {
    const event = await this.find(eventId, nowMs);
    if (!event) return { kind: 'unknown-event' };
    if (event.state !== 'announced' && event.state !== 'active') return { kind: 'too-late', state: event.state };
    await this.optOuts.createQueryBuilder().insert().values({ eventId, siteId, atMs: nowMs, byUser }).orIgnore().execute();
    this.changes.next({ kind: 'opt-out', event, siteId });
    return { kind: 'done' };
  }

  /** Takes the opt-out back. Only before the event begins: a home cannot pick the minutes it is measured in. */
  async optIn(eventId: string, siteId: SiteId, nowMs: EpochMs): Promise<OptOutcome> {
    const event = await this.find(eventId, nowMs);
    if (!event) return { kind: 'unknown-event' };
    if (event.state !== 'announced') return { kind: 'too-late', state: event.state };
    await this.optOuts.delete({ eventId, siteId });
    this.changes.next({ kind: 'opt-in', event, siteId });
    return { kind: 'done' };
  }

  async optedOut(eventId: string): Promise<OptOut[]> {
    const rows = await this.optOuts.find({ where: { eventId }, order: { siteId: 'ASC' } });
    return rows.map(({ siteId, atMs, byUser }) => ({ siteId, atMs, byUser }));
  }

  /** When a home stepped out of events, by event. */
  async optOutsOfSite(siteId: SiteId): Promise<Map<string, EpochMs>> {
    return new Map((await this.optOuts.findBy({ siteId })).map(({ eventId, atMs }) => [eventId, atMs]));
  }

  private async change(row: GridEventEntity, change: Partial<GridEventEntity>, nowMs: EpochMs): Promise<GridEvent> {
    await this.events.update({ id: row.id }, change);
    return eventOf(Object.assign(row, change), nowMs);
  }

  private async clashWith(times: Interval, nowMs: EpochMs, exceptId = ''): Promise<GridEvent | undefined> {
    const row = await this.events.findOneBy({
      id: Not(exceptId),
      startMs: LessThanOrEqual(times.endMs - 1),
      endMs: MoreThan(times.startMs),
      cancelledAtMs: IsNull(),
    });
    return row ? eventOf(row, nowMs) : undefined;
  }

  private tell(kind: 'announced' | 'amended' | 'cancelled', event: GridEvent, note?: string): EventOutcome {
    this.changes.next({ kind, event });
    return { kind, event, note };
  }

  /** One change after another: numbers run on, and two announcements cannot slip past each other's overlap check. */
  private inOrder<T>(change: () => Promise<T>): Promise<T> {
    const done = this.queue.then(change);
    this.queue = done.catch(() => undefined);
    return done;
  }
}
