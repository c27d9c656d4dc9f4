import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Subject } from 'rxjs';
import { IsNull, Repository } from 'typeorm';
import { AlarmEntity, type Severity } from './alarm.entity.js';
import { messageOf } from '../kernel/errors.js';
import { type DurationMs, type EpochMs, MINUTE_MS } from '../kernel/units.js';
import { Clock } from './clock.js';

/** What waits grows every second; that it still waits is worth a line a minute. */
const COUNTS_EVERY_MS: DurationMs = MINUTE_MS;

export interface AlarmRaise {
  readonly subject: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly message: string;
}

/**
 * The alarm log. An alarm stands from the moment it is raised until it is cleared; it is never deleted, and the log tells of both. Raising one never
 * fails: while the database is away it stands in memory and in the process's log, and is stored with the next change.
 */
@Injectable()
export class AlarmService {
  readonly changes = new Subject<AlarmEntity>();
  private readonly log = new Logger('alarms');
  private readonly open = new Map<string, AlarmEntity>();
  /** Alarms that the database does not have as they are now. */
  private readonly unstored = new Set<AlarmEntity>();
  private readonly toldAtMs = new WeakMap<AlarmEntity, EpochMs>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    @InjectRepository(AlarmEntity) private readonly alarms: Repository<AlarmEntity>,
    private readonly clock: Clock,
  ) {}

  /** Takes up what was open when the process last ended. */
  async load(): Promise<void> {
    for (const alarm of await this.alarms.findBy({ clearedAtMs: IsNull() })) this.open.set(keyOf(alarm), alarm);
  }

  raise(alarm: AlarmRaise): Promise<void> {
    return this.inOrder(async () => {
      const standing = this.open.get(keyOf(alarm));
      if (standing) return this.tellAnew(standing, alarm);
      const raised = this.alarms.create({ ...alarm, raisedAtMs: this.clock.now(), clearedAtMs: null });
      this.open.set(keyOf(alarm), raised);
      await this.changed(raised, 'raised');
    });
  }

  clear(subject: string, kind: string): Promise<void> {
    return this.inOrder(async () => {
      const alarm = this.open.get(keyOf({ subject, kind }));
      if (!alarm) return;
      this.open.delete(keyOf(alarm));
      alarm.clearedAtMs = this.clock.now();
      await this.changed(alarm, 'cleared');
    });
  }

  openCount(): number {
    return this.open.size;
  }

  /** The open ones that are stored. */
  standing(): AlarmEntity[] {
    return [...this.open.values()].filter((alarm) => !this.unstored.has(alarm));
  }

  newest(limit: number): Promise<AlarmEntity[]> {
    return this.alarms.find({ order: { id: 'DESC' }, take: limit });
  }

  /** It goes on for another cause, as after a new start of the plant: who looks at it must read the one of now. */
  private async tellAnew(standing: AlarmEntity, { severity, message }: AlarmRaise): Promise<void> {
    if (standing.message === message && standing.severity === severity) return;
    const nowMs = this.clock.now();
    const onlyCounts = standing.severity === severity && withoutNumbers(standing.message) === withoutNumbers(message);
    if (onlyCounts && nowMs - (this.toldAtMs.get(standing) ?? standing.raisedAtMs) < COUNTS_EVERY_MS) return;
    this.toldAtMs.set(standing, nowMs);
    Object.assign(standing, { severity, message });
    await this.store(standing);
    this.changes.next(standing);
  }

  private async changed(alarm: AlarmEntity, what: 'raised' | 'cleared'): Promise<void> {
    this.log.warn(`${what}: ${alarm.severity} ${alarm.subject} ${alarm.kind}: ${alarm.message}`);
    await this.store(alarm);
    this.changes.next(alarm);
  }

  private async store(alarm: AlarmEntity): Promise<void> {
    this.unstored.add(alarm);
    try {
      for (const waiting of this.unstored) {
        await this.alarms.save(waiting);
        this.unstored.delete(waiting);
      }
    } catch (error) {
      this.log.error(`not stored (${messageOf(error)}): ${alarm.severity} ${alarm.subject} ${alarm.kind}: ${alarm.message}`);
    }
  }

  /** One change after another, so that a raise and a clear of the same alarm cannot cross. */
  private inOrder(change: () => Promise<void>): Promise<void> {
    const done = this.queue.then(change);
    this.queue = done.catch(() => undefined);
    return done;
  }
}

const withoutNumbers = (message: string): string => message.replaceAll(/\d+/g, '#');

const keyOf = ({ subject, kind }: { subject: string; kind: string }): string => `${subject} ${kind}`;
