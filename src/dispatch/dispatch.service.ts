import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { FieldControl } from '../field/field-control.port.js';
import type { Lease } from '../field/setpoint.js';
import type { DeviceId } from '../fleet/plant.js';
import { AdapterError, messageOf } from '../kernel/errors.js';
import { type EpochMs, MINUTE_MS } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { Clock } from '../platform/clock.js';
import type { Decision } from './decision.js';
import { DecisionService } from './decision.service.js';
import { DispatchStateEntity } from './dispatch-state.entity.js';
import { leaseWrites } from './lease-writes.js';
import { OutcomeAlarms } from './outcome-alarms.js';

/** How long a device goes on with its last word from us; it is asserted again at half of that. */
export const LEASE_MS = MINUTE_MS;
const DECISIONS_KEPT = 300;

export interface DispatchState {
  readonly mode: 'running' | 'released' | 'holding';
  readonly reason?: string;
  readonly sinceMs: EpochMs;
  readonly leases: number;
}

/** The control loop: read, decide, write, over a frozen image of the plant. The only holder of leases. */
@Injectable()
export class DispatchService {
  private state: DispatchStateEntity | undefined;
  /** A broken invariant: devices are handed back, and nothing is written until an operator resumes. */
  private broken: { reason: string; sinceMs: EpochMs } | undefined;
  private readonly decisions: Decision[] = [];
  private readonly outcomes: OutcomeAlarms;
  private cycle: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly deciding: DecisionService,
    private readonly field: FieldControl,
    @InjectRepository(DispatchStateEntity) private readonly states: Repository<DispatchStateEntity>,
    private readonly alarms: AlarmService,
    private readonly clock: Clock,
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
    return { mode: 'running', sinceMs: this.state?.sinceMs ?? 0, leases };
  }

  /** The newest decisions, newest last. */
  recent(): readonly Decision[] {
    return this.decisions;
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
    const [first] = await Promise.all([this.field.releaseAll(), this.cycle]);
    const late = await this.releaseEach(this.field.leases().filter(({ deviceId }) => !first.unknown.includes(deviceId)));
    await this.alarms.raise({
      subject: 'dispatch',
      kind: 'released',
      severity: 'warning',
      message: `All devices released by ${byUser}: ${reason}`,
    });
    await this.store(this.state);
    return { released: [...new Set([...first.released, ...late.released])], unknown: [...first.unknown, ...late.unknown] };
  }

  /** Goes on after a release or a broken invariant. Throws an `AdapterError`, and goes on with nothing, where that cannot be stored. */
  async resume(reason: string, byUser: string): Promise<void> {
    const state = { id: 1, released: false, reason, byUser, sinceMs: this.clock.now() };
    await this.store(state);
    this.state = state;
    this.broken = undefined;
    await this.alarms.clear('dispatch', 'released');
    await this.alarms.clear('dispatch', 'broken');
  }

  private async store(state: DispatchStateEntity): Promise<void> {
    try {
      await this.states.save(state);
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

  private async once(): Promise<void> {
    if (!this.mayWrite()) return;
    try {
      const decision = await this.deciding.decideAt(this.clock.now());
      // An operator may have released while the image was read: nothing is written after that.
      if (!this.mayWrite()) return;
      this.remember(decision);
      const { assert, release } = leaseWrites(decision, this.field.leases(), LEASE_MS);
      const [outcomes] = await Promise.all([
        this.field.assert(assert),
        Promise.all(release.map(({ deviceId, control }) => this.field.release(deviceId, control))),
      ]);
      await this.outcomes.watch(outcomes);
    } catch (error) {
      this.broken = { reason: messageOf(error), sinceMs: this.clock.now() };
      // A device without a timer would go on for ever: while this process lives, its supervisor may not get to the line.
      await this.field.releaseAll();
      await this.alarms.raise({
        subject: 'dispatch',
        kind: 'broken',
        severity: 'critical',
        message: `Dispatch holds, and hands every device back: ${messageOf(error)}`,
      });
    }
  }

  private remember(decision: Decision): void {
    this.decisions.push(decision);
    if (this.decisions.length > DECISIONS_KEPT) this.decisions.shift();
  }
}
