import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { AuditService } from '../platform/audit.service.js';
import { Clock } from '../platform/clock.js';
import { type HeldLimit, LimitService } from '../signals/limit.service.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { type Compliance, unknownUntil, watchLimit } from './compliance.js';
import { limitedPowers } from './limited-power.js';

const NAME = 'limit-compliance';
const KIND = 'limit-exceeded';

interface Watched {
  readonly limit: HeldLimit;
  readonly kept: Compliance;
  readonly powerW: Watt | undefined;
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
    return this.limits.inForce(nowMs).map((limit) => ({ limit, ...pick(this.watched.get(keyOf(limit)), nowMs) }));
  }

  /** Nothing here is waited for: a database that hangs must not keep anybody from looking. */
  look(nowMs: EpochMs): void {
    const holding = this.limits.inForce(nowMs);
    const powerOf = limitedPowers(this.telemetry.image(nowMs));
    const keys = new Set(holding.map(keyOf));
    for (const [key, { limit, kept }] of this.watched) {
      if (keys.has(key)) continue;
      this.watched.delete(key);
      if (kept.exceeded) void this.alarms.clear(subjectOf(limit), KIND);
      if (kept.unknownSinceMs !== undefined) this.note('limit-not-known', limit, `not known for ${inSeconds(nowMs - kept.unknownSinceMs)}`);
    }
    for (const limit of holding) this.watch(limit, powerOf(limit), nowMs);
  }

  private watch(limit: HeldLimit, powerW: Watt | undefined, nowMs: EpochMs): void {
    const before = this.watched.get(keyOf(limit))?.kept;
    const kept = watchLimit(before, limit.valueW, powerW, nowMs);
    this.watched.set(keyOf(limit), { limit, kept, powerW });
    if (kept.unknownSinceMs === nowMs) this.note('limit-not-known', limit, 'not known from here on');
    const unknownMs = kept.unknownMs - (before?.unknownMs ?? 0);
    if (unknownMs > 0) this.note('limit-not-known', limit, `not known for ${inSeconds(unknownMs)}`);
    if (before?.compliedAtMs === undefined && kept.compliedAtMs !== undefined && kept.hadToAct) {
      const notKnown = kept.unknownMs > 0 ? `, ${inSeconds(kept.unknownMs)} of them not known` : '';
      this.note('limit-complied', limit, `kept after ${inSeconds(kept.compliedAtMs - kept.sinceMs)}${notKnown}`);
    }
    if (kept.exceeded === (before?.exceeded ?? false)) return;
    if (!kept.exceeded) return void this.alarms.clear(subjectOf(limit), KIND);
    const message = `The ${limit.kind} limit of ${Math.round(limit.valueW)} W (${limit.setBy}) is passed: ${Math.round(powerW!)} W, and nothing is left to hold it with`;
    void this.alarms.raise({ subject: subjectOf(limit), kind: KIND, severity: 'critical', message });
  }

  private note(action: string, { scope, kind, valueW, setBy }: HeldLimit, what: string): void {
    this.audit.record('dispatch', action, scope, `${kind} ${valueW} W of ${setBy}: ${what}`).catch(() => undefined);
  }
}

const inSeconds = (durationMs: DurationMs): string => `${(durationMs / SECOND_MS).toFixed(1)} s`;

/** A limit with the power it is about, absent while that cannot be told, when it was kept first, whether it is passed, and how long nobody could tell. */
export interface KeptLimit {
  readonly limit: HeldLimit;
  readonly powerW?: Watt;
  readonly compliedAtMs?: EpochMs;
  readonly exceeded?: boolean;
  readonly unknownMs?: DurationMs;
}

const pick = (watched: Watched | undefined, nowMs: EpochMs): Omit<KeptLimit, 'limit'> => {
  if (!watched) return {};
  const { powerW, kept } = watched;
  const unknownMs = unknownUntil(kept, nowMs);
  return {
    ...(powerW === undefined ? {} : { powerW }),
    ...(unknownMs > 0 ? { unknownMs } : {}),
    exceeded: kept.exceeded,
    ...(kept.compliedAtMs === undefined ? {} : { compliedAtMs: kept.compliedAtMs }),
  };
};

const keyOf = ({ id, scope, kind }: HeldLimit): string => (id === undefined ? `${scope} ${kind}` : String(id));
const subjectOf = ({ scope, kind }: HeldLimit): string => `${scope} ${kind}`;
