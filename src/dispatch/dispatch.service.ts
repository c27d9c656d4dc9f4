import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { FieldControl } from '../field/field-control.port.js';
import type { LeaseOutcome } from '../field/setpoint.js';
import type { DeviceId } from '../fleet/plant.js';
import { messageOf } from '../kernel/errors.js';
import { type EpochMs, MINUTE_MS } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { Clock } from '../platform/clock.js';
import type { Decision } from './decision.js';
import { DecisionService } from './decision.service.js';
import { DispatchStateEntity } from './dispatch-state.entity.js';
import { leaseWrites } from './lease-writes.js';

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
  /** A broken invariant: nothing is written until an operator resumes, and the devices' own timers end the leases. */
  private broken: { reason: string; sinceMs: EpochMs } | undefined;
  private readonly decisions: Decision[] = [];
  private readonly unruly = new Set<DeviceId>();
  private cycle: Promise<void> = Promise.resolve();

  constructor(
    private readonly deciding: DecisionService,
    private readonly field: FieldControl,
    @InjectRepository(DispatchStateEntity) private readonly states: Repository<DispatchStateEntity>,
    private readonly alarms: AlarmService,
    private readonly clock: Clock,
  ) {}

  /** Takes up whether an operator had released the plant. */
  async load(): Promise<void> {
    this.state = (await this.states.findOneBy({ id: 1 })) ?? undefined;
  }

  now(): DispatchState {
    const leases = this.field.leases().size;
    if (this.state?.released)
      return { mode: 'released', reason: `${this.state.reason} (${this.state.byUser})`, sinceMs: this.state.sinceMs, leases };
    if (this.broken) return { mode: 'holding', reason: this.broken.reason, sinceMs: this.broken.sinceMs, leases };
    return { mode: 'running', sinceMs: this.state?.sinceMs ?? 0, leases };
  }

  /** The newest decisions, newest last. */
  recent(): readonly Decision[] {
    return this.decisions;
  }

  /** One cycle. Cycles never overlap: one that is asked for while another runs comes after it. */
  runCycle(): Promise<void> {
    this.cycle = this.cycle.then(() => this.once());
    return this.cycle;
  }

  /** Hands every device back, and commands nothing until somebody resumes. Devices that do not answer end by their own timers. */
  async releaseAll(reason: string, byUser: string): Promise<{ released: DeviceId[]; unknown: DeviceId[] }> {
    await this.setReleased(true, reason, byUser);
    await this.cycle;
    await this.alarms.raise({
      subject: 'dispatch',
      kind: 'released',
      severity: 'warning',
      message: `All devices released by ${byUser}: ${reason}`,
    });
    return this.field.releaseAll();
  }

  async resume(reason: string, byUser: string): Promise<void> {
    this.broken = undefined;
    await this.setReleased(false, reason, byUser);
    await this.alarms.clear('dispatch', 'released');
    await this.alarms.clear('dispatch', 'broken');
  }

  private async setReleased(released: boolean, reason: string, byUser: string): Promise<void> {
    const state: DispatchStateEntity = { id: 1, released, reason, byUser, sinceMs: this.clock.now() };
    this.state = state;
    await this.states.save(state);
  }

  private async once(): Promise<void> {
    if (this.now().mode !== 'running') return;
    try {
      const decision = await this.deciding.decideAt(this.clock.now());
      // An operator may have released while the image was read: nothing is written after that.
      if (this.now().mode !== 'running') return;
      this.remember(decision);
      const { assert, release } = leaseWrites(decision, this.field.leases(), LEASE_MS);
      const [outcomes] = await Promise.all([
        this.field.assert(assert),
        Promise.all(release.map((deviceId) => this.field.release(deviceId))),
      ]);
      await this.watch(outcomes);
    } catch (error) {
      this.broken = { reason: messageOf(error), sinceMs: this.clock.now() };
      await this.alarms.raise({
        subject: 'dispatch',
        kind: 'broken',
        severity: 'critical',
        message: `Dispatch holds: ${messageOf(error)}`,
      });
    }
  }

  private remember(decision: Decision): void {
    this.decisions.push(decision);
    if (this.decisions.length > DECISIONS_KEPT) this.decisions.shift();
  }

  /** A device that refuses or does not say what it did is worth an alarm, which ends with its next good word. */
  private async watch(outcomes: readonly LeaseOutcome[]): Promise<void> {
    for (const outcome of outcomes) {
      const { deviceId } = outcome.lease;
      if (outcome.kind === 'refused' || outcome.kind === 'unknown') {
        this.unruly.add(deviceId);
        await this.alarms.raise({
          subject: deviceId,
          kind: 'setpoint',
          severity: 'warning',
          message: `Setpoint ${outcome.kind}: ${outcome.reason}`,
        });
      } else if (this.unruly.delete(deviceId)) {
        await this.alarms.clear(deviceId, 'setpoint');
      }
    }
  }
}
