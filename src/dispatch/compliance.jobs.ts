import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { AuditService } from '../platform/audit.service.js';
import { Clock } from '../platform/clock.js';
import { type HeldLimit, LimitService } from '../signals/limit.service.js';
import { FLEET_SCOPE } from '../signals/operator-limit.js';
import type { PlantImage } from '../telemetry/image.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { type Compliance, watchLimit } from './compliance.js';

const NAME = 'limit-compliance';
const KIND = 'limit-exceeded';

interface Watched {
  readonly limit: HeldLimit;
  readonly kept: Compliance;
  readonly powerW: Watt;
}

/** Holds operators' limits against what the meters say: the time to comply goes into the audit log, a limit that is passed raises an alarm. */
@Injectable()
export class ComplianceJobs implements OnModuleDestroy {
  private readonly watched = new Map<string, Watched>();
  private clock: Clock | undefined;

  constructor(
    private readonly limits: LimitService,
    private readonly telemetry: TelemetryService,
    private readonly audit: AuditService,
    private readonly alarms: AlarmService,
    private readonly timers: SchedulerRegistry,
  ) {}

  start(clock: Clock): void {
    this.clock = clock;
    this.timers.addInterval(
      NAME,
      setInterval(() => this.look(clock.now()), SECOND_MS),
    );
  }

  stop(): void {
    if (this.clock && this.timers.doesExist('interval', NAME)) this.timers.deleteInterval(NAME);
  }

  onModuleDestroy(): void {
    this.stop();
  }

  /** How each limit that is to be kept now is kept. */
  kept(nowMs: EpochMs): KeptLimit[] {
    return this.limits.inForce(nowMs).map((limit) => ({ limit, ...pick(this.watched.get(keyOf(limit))) }));
  }

  /** Nothing here is waited for: a database that hangs must not keep anybody from looking. */
  look(nowMs: EpochMs): void {
    const holding = this.limits.inForce(nowMs);
    const image = this.telemetry.image(nowMs);
    const keys = new Set(holding.map(keyOf));
    for (const [key, { limit, kept }] of this.watched) {
      if (keys.has(key)) continue;
      this.watched.delete(key);
      if (kept.exceeded) void this.alarms.clear(subjectOf(limit), KIND);
    }
    for (const limit of holding) {
      const powerW = limitedPowerW(limit, image);
      if (powerW !== undefined) this.watch(limit, powerW, nowMs);
    }
  }

  private watch(limit: HeldLimit, powerW: Watt, nowMs: EpochMs): void {
    const before = this.watched.get(keyOf(limit))?.kept;
    const kept = watchLimit(before, limit.valueW, powerW, nowMs);
    this.watched.set(keyOf(limit), { limit, kept, powerW });
    if (before?.compliedAtMs === undefined && kept.compliedAtMs !== undefined && kept.hadToAct) {
      const took = `${((kept.compliedAtMs - kept.sinceMs) / SECOND_MS).toFixed(1)} s`;
      this.audit
        .record('dispatch', 'limit-complied', limit.scope, `${limit.kind} ${limit.valueW} W of ${limit.setBy}: kept after ${took}`)
        .catch(() => undefined);
    }
    if (kept.exceeded === (before?.exceeded ?? false)) return;
    if (!kept.exceeded) return void this.alarms.clear(subjectOf(limit), KIND);
    const message = `The ${limit.kind} limit of ${Math.round(limit.valueW)} W (${limit.setBy}) is passed: ${Math.round(powerW)} W, and nothing is left to hold it with`;
    void this.alarms.raise({ subject: subjectOf(limit), kind: KIND, severity: 'critical', message });
  }
}

/** A limit with the power it is about as last seen, when it was kept first, and whether it is passed now. */
export interface KeptLimit {
  readonly limit: HeldLimit;
  readonly powerW?: Watt;
  readonly compliedAtMs?: EpochMs;
  readonly exceeded?: boolean;
}

const pick = (watched: Watched | undefined): Omit<KeptLimit, 'limit'> => {
  if (!watched) return {};
  const { powerW, kept } = watched;
  return { powerW, exceeded: kept.exceeded, ...(kept.compliedAtMs === undefined ? {} : { compliedAtMs: kept.compliedAtMs }) };
};

const keyOf = ({ id, scope, kind }: HeldLimit): string => (id === undefined ? `${scope} ${kind}` : String(id));
const subjectOf = ({ scope, kind }: HeldLimit): string => `${scope} ${kind}`;

/** What a limit is about, as a magnitude; unknown while the word of the meter, or of the battery, is missing. */
const limitedPowerW = ({ scope, kind }: HeldLimit, { sites, fleet }: PlantImage): Watt | undefined => {
  const powersW = scope === FLEET_SCOPE ? (fleet.complete ? fleet.powersW : undefined) : sites.get(scope)?.powersW;
  if (!powersW) return undefined;
  const { grid: gridW, pv: pvW, battery: batteryW } = powersW;
  const flexibleW = ('flexible' in powersW ? powersW.flexible : undefined) ?? 0;
  // What batteries take and flexible loads draw; a site may have but one of them.
  const loadsW = batteryW === undefined && flexibleW === 0 ? undefined : Math.max(0, -(batteryW ?? 0)) - flexibleW;
  const above = (powerW: Watt | undefined): Watt | undefined => powerW && Math.max(0, powerW);
  switch (kind) {
    case 'import':
      return above(gridW);
    case 'export':
      return above(gridW && -gridW);
    case 'generation':
      return above(pvW);
    case 'load':
      return loadsW;
    case 'dimming':
      return gridW === undefined || loadsW === undefined ? undefined : Math.max(0, Math.min(gridW, loadsW));
  }
};
