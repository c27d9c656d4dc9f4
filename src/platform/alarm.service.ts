import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Subject } from 'rxjs';
import { IsNull, Repository } from 'typeorm';
import { AlarmEntity, type Severity } from './alarm.entity.js';
import { Clock } from './clock.js';

export interface AlarmRaise {
  readonly subject: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly message: string;
}

/** The alarm log. An alarm stands from the moment it is raised until it is cleared; it is never deleted. */
@Injectable()
export class AlarmService {
  readonly changes = new Subject<AlarmEntity>();
  private readonly open = new Map<string, AlarmEntity>();
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
      if (this.open.has(keyOf(alarm))) return;
      const raised = await this.alarms.save({ ...alarm, raisedAtMs: this.clock.now(), clearedAtMs: null });
      this.open.set(keyOf(alarm), raised);
      this.changes.next(raised);
    });
  }

  clear(subject: string, kind: string): Promise<void> {
    return this.inOrder(async () => {
      const alarm = this.open.get(keyOf({ subject, kind }));
      if (!alarm) return;
      this.open.delete(keyOf(alarm));
      alarm.clearedAtMs = this.clock.now();
      await this.alarms.save(alarm);
      this.changes.next(alarm);
    });
  }

  openCount(): number {
    return this.open.size;
  }

  newest(limit: number): Promise<AlarmEntity[]> {
    return this.alarms.find({ order: { id: 'DESC' }, take: limit });
  }

  /** One change after another, so that a raise and a clear of the same alarm cannot cross. */
  private inOrder(change: () => Promise<void>): Promise<void> {
    const done = this.queue.then(change);
    this.queue = done.catch(() => undefined);
    return done;
  }
}

const keyOf = ({ subject, kind }: { subject: string; kind: string }): string => `${subject} ${kind}`;
