import { Injectable } from '@nestjs/common';
import type { Plant } from '../fleet/plant.js';
import { messageOf } from '../kernel/errors.js';
import { contains, type Interval } from '../kernel/interval.js';
import type { EpochMs } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import type { PlannedEvent, PlannedLimit } from '../schedule/problem-of.js';
import { EventService } from '../signals/event.service.js';
import { LimitService } from '../signals/limit.service.js';
import type { LimitScope } from '../signals/operator-limit.js';
import { OverrideService } from '../signals/override.service.js';
import { BaselineSource } from './baseline-source.port.js';
import type { DecisionInput, GridLimits, RunningEvent } from './decision.js';

export type Wishes = Pick<DecisionInput, 'event' | 'siteLimits' | 'fleetLimits' | 'overrides'>;

/**
 * What the world wants of the plant at a moment: limits, a grid event, an operator's hand. Limits and overrides are held in
 * memory; while the database is away, so is the event that was running when it was last asked, until its end.
 */
@Injectable()
export class WishService {
  private lastEvent: (Interval & { readonly wish: RunningEvent }) | undefined;

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

  /** Limits in force or to come, as a plan needs them. */
  limits(nowMs: EpochMs): PlannedLimit[] {
    return this.limitService.list(nowMs);
  }

  private async runningEvent(nowMs: EpochMs): Promise<RunningEvent | undefined> {
    try {
      this.lastEvent = await this.readEvent(nowMs);
      await this.alarms.clear('dispatch', 'database');
    } catch (error) {
      await this.alarms.raise({
        subject: 'dispatch',
        kind: 'database',
        severity: 'critical',
        message: `Dispatch goes on with the grid event it knows of, since the database does not answer: ${messageOf(error)}`,
      });
    }
    return this.lastEvent && contains(this.lastEvent, nowMs) ? this.lastEvent.wish : undefined;
  }

  private async readEvent(nowMs: EpochMs): Promise<WishService['lastEvent']> {
    const event = await this.events.active(nowMs);
    if (!event) return undefined;
    const [baselineW, optedOut] = await Promise.all([this.baselines.baselineAt(event, nowMs), this.events.optedOut(event.id)]);
    const { id, direction, powerW, startMs, endMs } = event;
    return { startMs, endMs, wish: { id, direction, powerW, baselineW, optedOut: new Set(optedOut.map(({ siteId }) => siteId)) } };
  }

  private limitsOf(scope: LimitScope, nowMs: EpochMs): GridLimits {
    const value = (kind: 'import' | 'export' | 'generation'): number | undefined => {
      const limit = this.limitService.at(scope, kind, nowMs);
      return limit.kind === 'none' ? undefined : limit.valueW;
    };
    const [importW, exportW, generationW] = [value('import'), value('export'), value('generation')];
    return {
      ...(importW === undefined ? {} : { importW }),
      ...(exportW === undefined ? {} : { exportW }),
      ...(generationW === undefined ? {} : { generationW }),
    };
  }
}
