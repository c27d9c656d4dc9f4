import { Injectable } from '@nestjs/common';
import { filter, merge, type Observable } from 'rxjs';
import type { Plant, SiteId } from '../fleet/plant.js';
import { isOverWithin } from '../kernel/deadline.js';
import { messageOf } from '../kernel/errors.js';
import { clamp, type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import type { PlannedLimit } from '../schedule/operator-limits-of.js';
import type { PlannedOverride } from '../schedule/overrides-of.js';
import type { PlannedEvent } from '../schedule/problem-of.js';
import { type EventCourse, followedAt, quietFromMs } from '../signals/event-ramp.js';
import { EventService } from '../signals/event.service.js';
import { LimitService } from '../signals/limit.service.js';
import { LIMIT_KINDS, type LimitScope, type OperatorLimit } from '../signals/operator-limit.js';
import { OverrideService } from '../signals/override.service.js';
import { BaselineSource } from './baseline-source.port.js';
import type { DecisionInput, GridLimits, RunningEvent } from './decision.js';

/** A cycle waits no longer for the database; what it knows of an event is a second old then, and control goes on. */
const ANSWERS_WITHIN_MS: DurationMs = 500;
/** An answer that is still owed after this is not coming: its connection is dead. */
const GIVEN_UP_AFTER_MS: DurationMs = 10 * SECOND_MS;

export type Wishes = Pick<DecisionInput, 'event' | 'siteLimits' | 'fleetLimits' | 'overrides'>;

/** Whether a limit is new or taken back, and not just made to last longer. */
const isNews = (): ((limit: OperatorLimit) => boolean) => {
  let newest = 0;
  return ({ id, withdrawnAtMs }) => {
    const isNew = id > newest;
    newest = Math.max(newest, id);
    return isNew || withdrawnAtMs !== undefined;
  };
};

/**
 * What the world wants of the plant at a moment: limits, a grid event, an operator's hand. Limits and overrides are held in
 * memory; while the database is away, so is the event that was running when it was last asked, until its end.
 */
@Injectable()
export class WishService {
  private asked: { readonly atMs: EpochMs } | undefined;
  private known: { readonly wish: RunningEvent; readonly courses: readonly EventCourse[] } | undefined;

  constructor(
    private readonly events: EventService,
    private readonly limitService: LimitService,
    private readonly overrides: OverrideService,
    private readonly baselines: BaselineSource,
    private readonly alarms: AlarmService,
  ) {}

  async at(plant: Plant, nowMs: EpochMs): Promise<Wishes> {
    const event = await this.runningEvent(nowMs);
    return {
      ...(event ? { event } : {}),
      siteLimits: new Map(plant.sites.map((site) => [site.id, this.limitsOf(site.id, nowMs)])),
      fleetLimits: this.limitsOf('fleet', nowMs),
      overrides: new Map([...this.overrides.at(nowMs)].map(([deviceId, { setpoint, setBy }]) => [deviceId, { setpoint, by: setBy }])),
    };
  }

  /** Events that run or are to come, as a plan needs them. */
  async upcoming(nowMs: EpochMs): Promise<PlannedEvent[]> {
    const active = await this.events.active(nowMs);
    const events = [...(active ? [active] : []), ...(await this.events.announced(nowMs))];
    return Promise.all(
      events.map(async (event) => {
        const baselineW = new Map(await this.baselines.baselineAt(event, event.startMs));
        for (const { siteId } of await this.events.optedOut(event.id)) baselineW.delete(siteId);
        return { ...event, baselineW };
      }),
    );
  }

  /** Sites that stay out of an event. */
  async optedOut(eventId: string): Promise<ReadonlySet<SiteId>> {
    return new Set((await this.events.optedOut(eventId)).map(({ siteId }) => siteId));
  }

  /** Limits in force or to come, as a plan needs them. */
  limits(nowMs: EpochMs): PlannedLimit[] {
    return this.limitService.list(nowMs);
  }

  /** What persons have set by hand, until when, as a plan needs it. */
  overridden(nowMs: EpochMs): PlannedOverride[] {
    return [...this.overrides.at(nowMs).values()].map(({ deviceId, setpoint, endMs, setBy }) => ({ deviceId, setpoint, endMs, by: setBy }));
  }

  /**
   * Tells of each event that is announced or changed, and of each override and limit that is set or withdrawn: a plan rests on these.
   * A signal that says its limit again is no news.
   */
  changes(nowMs: () => EpochMs): Observable<unknown> {
    return merge(
      this.events.changes.pipe(filter(({ kind, event }) => kind !== 'settled' && event.endMs > nowMs())),
      this.overrides.changes,
      this.limitService.changes.pipe(filter(isNews())),
    );
  }

  /** A database that does not answer, or not in time, is asked again in the next cycle, or later where it still owes an answer. */
  private async runningEvent(nowMs: EpochMs): Promise<RunningEvent | undefined> {
    if (!this.asked || nowMs - this.asked.atMs > GIVEN_UP_AFTER_MS) {
      const asked = { atMs: nowMs };
      this.asked = asked;
      const asking = this.ask(nowMs).finally(() => {
        if (this.asked === asked) this.asked = undefined;
      });
      if (!(await isOverWithin(asking, ANSWERS_WITHIN_MS))) void this.alarm(`no answer in ${ANSWERS_WITHIN_MS} ms`);
    }
    if (!this.known) return undefined;
    const { wish, courses } = this.known;
    // What was never read of the next event can't be followed: the known one then goes on by its own course.
    const own = courses.filter(({ id }) => id === wish.id);
    const followed = [followedAt(courses, nowMs), followedAt(own, nowMs)].find((one) => one?.event.id === wish.id);
    return followed && { ...wish, direction: followed.direction, powerW: followed.powerW };
  }

  private async ask(nowMs: EpochMs): Promise<void> {
    try {
      this.known = await this.read(nowMs);
      await this.alarms.clear('dispatch', 'database');
    } catch (error) {
      await this.alarm(messageOf(error));
    }
  }

  private alarm(why: string): Promise<void> {
    return this.alarms.raise({
      subject: 'dispatch',
      kind: 'database',
      severity: 'critical',
      message: `Dispatch goes on with the grid event it knows of, since the database does not answer: ${why}`,
    });
  }

  private async read(nowMs: EpochMs): Promise<WishService['known']> {
    const courses = await this.events.around(nowMs);
    const followed = followedAt(courses, nowMs);
    if (!followed) return undefined;
    const { event, direction, powerW } = followed;
    const before = this.known?.wish.id === event.id ? this.known.wish : undefined;
    // Before its start and after its end it is measured as in the nearest of its intervals.
    const [fixedW, optedOut] = await Promise.all([
      this.baselines.baselineAt(event, clamp(nowMs, event.startMs, event.endMs - 1)),
      this.optedOut(event.id),
    ]);
    // Baselines of new times are fixed a moment later: until then homes that were following would fall out of it at one blow.
    const baselineW = fixedW.size === 0 && before ? before.baselineW : fixedW;
    const deliveredBeforeWh = before?.deliveredBeforeWh ?? (await this.baselines.deliveredBefore(event));
    const wish = { id: event.id, direction, powerW, endMs: quietFromMs(event), baselineW, deliveredBeforeWh, optedOut };
    return { wish, courses };
  }

  private limitsOf(scope: LimitScope, nowMs: EpochMs): GridLimits {
    const held: { -readonly [Name in keyof GridLimits]: Watt } = {};
    for (const kind of LIMIT_KINDS) {
      const limit = this.limitService.at(scope, kind, nowMs);
      if (limit.kind !== 'none') held[`${kind}W`] = limit.valueW;
    }
    return held;
  }
}
