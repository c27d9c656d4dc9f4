import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Subject } from 'rxjs';
import { Repository } from 'typeorm';
import { FieldControl } from '../field/field-control.port.js';
import type { Lease, LeaseOutcome, Setpoint } from '../field/setpoint.js';
import type { DeviceId } from '../fleet/plant.js';
import { AdapterError, messageOf } from '../kernel/errors.js';
import { isOverWithin } from '../kernel/deadline.js';
import { type DurationMs, type EpochMs, SECOND_MS } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { Clock } from '../platform/clock.js';
import type { Decision, DecisionInput } from './decision.js';
import { DecisionLog } from './decision-log.js';
import { DecisionService } from './decision.service.js';
import { DispatchStateEntity } from './dispatch-state.entity.js';
import { LEASE_MS, leaseWrites } from './lease-writes.js';
import { OutcomeAlarms } from './outcome-alarms.js';

/** As many as are shown: each tells of every device, and what was decided before is in the log on disk. */
const DECISIONS_KEPT = 20;
/** A decision older than this is not written: the plant has gone on since its image was taken. */
const OUTDATED_AFTER_MS: DurationMs = 5 * SECOND_MS;
/** After a leap of the clock all that was read before it looks old: for so long devices are asked, and go on with what they hold. */
const HEARD_ANEW_MS: DurationMs = 5 * SECOND_MS;
/** An operator's stop waits no longer for what is to be written down about it. */
const STORED_WITHIN_MS: DurationMs = 5 * SECOND_MS;

const OVERDUE = 'The control loop has missed its deadline: nothing is written, and setpoints run out, until it goes on';

export interface DispatchState {
  readonly mode: 'running' | 'released' | 'holding';
  readonly reason?: string;
  readonly sinceMs: EpochMs;
  readonly leases: number;
}

/** The control loop: read, decide, write, over a frozen image of the plant. The only holder of leases. */
@Injectable()
export class DispatchService {
  /** What devices are about to be told in a cycle. Who hears of it and then of no outcomes knows that they may have been told. */
  readonly asking = new Subject<{ readonly atMs: EpochMs; readonly leases: readonly Lease[] }>();
  /** What devices were told in a cycle, and what reading it back said. */
  readonly told = new Subject<{ readonly atMs: EpochMs; readonly outcomes: readonly LeaseOutcome[] }>();
  private state: DispatchStateEntity | undefined;
  /** A broken invariant: devices are handed back, and nothing is written until an operator resumes. */
  private broken: { reason: string; sinceMs: EpochMs } | undefined;
  /** The loop has missed its deadline: nothing is written until a cycle has ended again, and leases run out. */
  private overdueSinceMs: EpochMs | undefined;
  private telling: Promise<void> | undefined;
  private readonly decisions: Decision[] = [];
  private unfollowing: DecisionInput['unfollowing'];
  private readonly outcomes: OutcomeAlarms;
  private cycle: Promise<void> = Promise.resolve();
  private closed = false;
  private leaptMs: DurationMs = 0;
  private heardAnewMs: EpochMs = -Infinity;

  constructor(
    private readonly deciding: DecisionService,
    private readonly field: FieldControl,
    @InjectRepository(DispatchStateEntity) private readonly states: Repository<DispatchStateEntity>,
    private readonly alarms: AlarmService,
    private readonly clock: Clock,
    private readonly log: DecisionLog,
  ) {
    this.outcomes = new OutcomeAlarms(alarms);
  }

  /** Takes up whether an operator had released the plant. */
  async load(): Promise<void> {
    this.state = (await this.states.findOneBy({ id: 1 })) ?? undefined;
  }

  now(): DispatchState {
    const leases = this.field.leases().length;
    if (this.state?.released)
      return { mode: 'released', reason: `${this.state.reason} (${this.state.byUser})`, sinceMs: this.state.sinceMs, leases };
    if (this.broken) return { mode: 'holding', reason: this.broken.reason, sinceMs: this.broken.sinceMs, leases };
    if (this.overdueSinceMs !== undefined) return { mode: 'holding', reason: OVERDUE, sinceMs: this.overdueSinceMs, leases };
    return { mode: 'running', sinceMs: this.state?.sinceMs ?? 0, leases };
  }

  /** The watchdog's word: the cycle that began at `sinceMs` is not over in time. Whatever it still decides is not written. */
  miss(sinceMs: EpochMs): void {
    if (this.overdueSinceMs !== undefined) return;
    this.overdueSinceMs = sinceMs;
    void this.alarms.raise({ subject: 'dispatch', kind: 'overdue', severity: 'critical', message: OVERDUE });
  }

  /** Controls that hold a setpoint which bears upon their device: a limit told ahead, well above what is given, changes nothing. */
  bearing(): { deviceId: DeviceId; control: Setpoint['kind'] }[] {
    const slack = new Set(
      this.decisions.at(-1)?.devices.flatMap(({ deviceId, control, isSlack }) => (isSlack ? [`${deviceId} ${control}`] : [])),
    );
    return this.field
      .leases()
      .map(({ deviceId, setpoint }) => ({ deviceId, control: setpoint.kind }))
      .filter(({ deviceId, control }) => !slack.has(`${deviceId} ${control}`));
  }

  /** The last few decisions, newest last. */
  recent(): readonly Decision[] {
    return [...this.decisions];
  }

  /** One cycle; never rejects. Cycles never overlap: one that is asked for while another runs comes after it. */
  runCycle(): Promise<void> {
    this.cycle = this.cycle.then(() => this.once());
    return this.cycle;
  }

  /** The plant stops: nothing is written from now on. */
  close(): void {
    this.closed = true;
  }

  /**
   * Hands every device back, and commands nothing until somebody resumes. Devices that do not answer end by their own timers.
   * The devices come first: that nothing could be written down keeps nobody from a stop. Throws an `AdapterError` then.
   */
  async releaseAll(reason: string, byUser: string): Promise<{ released: DeviceId[]; unknown: DeviceId[] }> {
    this.state = { id: 1, released: true, reason, byUser, sinceMs: this.clock.now() };
    const first = await this.field.releaseAll();
    await isOverWithin(this.cycle, STORED_WITHIN_MS);
    const late = await this.releaseEach(this.field.leases().filter(({ deviceId }) => !first.unknown.includes(deviceId)));
    const message = `All devices released by ${byUser}: ${reason}`;
    const told = this.alarms.raise({ subject: 'dispatch', kind: 'released', severity: 'warning', message });
    await isOverWithin(told, STORED_WITHIN_MS);
    await this.store(this.state);
    return { released: [...new Set([...first.released, ...late.released])], unknown: [...first.unknown, ...late.unknown] };
  }

  /** Goes on after a release or a broken invariant. Throws an `AdapterError`, and goes on with nothing, where that cannot be stored. */
  async resume(reason: string, byUser: string): Promise<void> {
    const state = { id: 1, released: false, reason, byUser, sinceMs: this.clock.now() };
    await this.store(state);
    this.state = state;
    this.broken = undefined;
    for (const kind of ['released', 'broken']) await isOverWithin(this.alarms.clear('dispatch', kind), STORED_WITHIN_MS);
  }

  private async store(state: DispatchStateEntity): Promise<void> {
    try {
      const saving = this.states.save(state);
      if (!(await isOverWithin(saving, STORED_WITHIN_MS))) throw new Error(`no answer in ${STORED_WITHIN_MS / SECOND_MS} s`);
      await saving;
    } catch (error) {
      const meaning = state.released
        ? 'all devices were handed back and dispatch holds, but a restart would not know of it'
        : 'dispatch stays as it was';
      throw new AdapterError(`the database does not take it down (${messageOf(error)}): ${meaning}`, true, { cause: error });
    }
  }

  /** What a cycle that was under way wrote in the meantime. */
  private async releaseEach(leases: readonly Lease[]): Promise<{ released: DeviceId[]; unknown: DeviceId[] }> {
    const outcomes = await Promise.all(leases.map(({ deviceId, setpoint }) => this.field.release(deviceId, setpoint.kind)));
    const those = (wanted: 'released' | 'unknown') => leases.filter((_, i) => outcomes[i] === wanted).map(({ deviceId }) => deviceId);
    return { released: those('released'), unknown: those('unknown') };
  }

  private mayWrite(): boolean {
    return !this.closed && this.now().mode === 'running';
  }

  /** The clock has leapt ahead a moment ago. Of a fleet that is half heard the one half would stand in for the other. */
  private isToHearAnew(nowMs: EpochMs): boolean {
    const leaptMs = this.clock.leaptMs();
    if (leaptMs !== this.leaptMs) this.heardAnewMs = nowMs + HEARD_ANEW_MS;
    this.leaptMs = leaptMs;
    return nowMs < this.heardAnewMs;
  }

  private async once(): Promise<void> {
    const nowMs = this.clock.now();
    if (!this.mayWrite() || this.isToHearAnew(nowMs)) return;
    try {
      await this.decideAndWrite(nowMs);
    } catch (error) {
      this.broken = { reason: messageOf(error), sinceMs: this.clock.now() };
      // A device without a timer would go on for ever: while this process lives, its supervisor may not get to the line.
      await this.field.releaseAll();
      const message = `Dispatch holds, and hands every device back: ${messageOf(error)}`;
      void this.alarms.raise({ subject: 'dispatch', kind: 'broken', severity: 'critical', message });
    } finally {
      this.overdueSinceMs = undefined;
    }
  }

  private async decideAndWrite(nowMs: EpochMs): Promise<void> {
    const { input, decision } = await this.deciding.decideAt(nowMs, this.leaptMs);
    const tookMs = this.clock.now() - decision.atMs;
    // The clock has leapt since the image was taken: leases from before that would be over already.
    if (this.clock.leaptMs() !== this.leaptMs) return;
    if (tookMs > OUTDATED_AFTER_MS) this.miss(decision.atMs);
    // An operator may have released while the image was read, or the watchdog may have given this cycle up: nothing is written then.
    if (!this.mayWrite()) return;
    this.remember(decision);
    const { assert, release } = leaseWrites(decision, this.field.leases(), LEASE_MS, this.newlyUnfollowing(input));
    if (assert.length > 0) this.asking.next({ atMs: decision.atMs, leases: assert });
    const writing = Promise.all([
      this.field.assert(assert),
      Promise.all(release.map(({ deviceId, control }) => this.field.release(deviceId, control))),
    ]);
    this.log.note(input, decision);
    const [outcomes] = await writing;
    this.told.next({ atMs: decision.atMs, outcomes });
    this.tell(outcomes);
  }

  /** Devices that were still taken to do what they are told in the cycle before. */
  private newlyUnfollowing({ unfollowing = new Set() }: DecisionInput): ReadonlySet<DeviceId> {
    const before = this.unfollowing;
    this.unfollowing = unfollowing;
    return new Set([...unfollowing].filter((id) => !before?.has(id)));
  }

  /** Alarms are told beside the loop, which does not wait for the database that keeps them; while it owes an answer they are left out. */
  private tell(outcomes: readonly LeaseOutcome[]): void {
    this.telling ??= this.outcomes
      .watch(outcomes)
      .then(() => this.alarms.clear('dispatch', 'overdue'))
      .finally(() => (this.telling = undefined));
  }

  private remember(decision: Decision): void {
    this.decisions.push(decision);
    if (this.decisions.length > DECISIONS_KEPT) this.decisions.shift();
  }
}
