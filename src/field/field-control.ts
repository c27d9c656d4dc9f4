import { Injectable } from '@nestjs/common';
import type { DeviceId } from '../fleet/plant.js';
import { AdapterError, messageOf } from '../kernel/errors.js';
import { Turns } from '../kernel/turns.js';
import { type DurationMs, SECOND_MS } from '../kernel/units.js';
import { Clock, monotonicMs } from '../platform/clock.js';
import type { CommandOutcome } from './drivers/device-driver.js';
import { FieldControl } from './field-control.port.js';
import { type FieldDevice, FieldDevices } from './field-devices.js';
import { LeaseTable } from './lease-table.js';
import type { Lease, LeaseOutcome, Setpoint } from './setpoint.js';
import { Supervision } from './supervision.port.js';

/** How long a whole assertion or release of one device may take; what is not known by then is `unknown`. */
const DEADLINE_MS: DurationMs = 4_000;

/** Writes leases over Modbus and keeps, in memory, what was written to whom. */
@Injectable()
export class ModbusFieldControl extends FieldControl {
  private readonly table = new LeaseTable();
  /** One command at a time and in order for each device; devices do not wait for each other. */
  private readonly turns = new Turns<DeviceId>();

  constructor(
    private readonly devices: FieldDevices,
    private readonly supervision: Supervision,
    private readonly clock: Clock,
  ) {
    super();
  }

  assert(leases: readonly Lease[]): Promise<LeaseOutcome[]> {
    return Promise.all(leases.map((lease) => this.assertOne(lease)));
  }

  release(deviceId: DeviceId, control: Setpoint['kind']): Promise<'released' | 'unknown'> {
    return this.releaseKinds(deviceId, (held) => held.filter((kind) => kind === control), DEADLINE_MS);
  }

  async releaseAll(deadlineMs: DurationMs = DEADLINE_MS): Promise<{ released: DeviceId[]; unknown: DeviceId[] }> {
    const holders = this.table.holders();
    const outcomes = await Promise.all(holders.map((deviceId) => this.releaseKinds(deviceId, (held) => held, deadlineMs)));
    return {
      released: holders.filter((_, index) => outcomes[index] === 'released'),
      unknown: holders.filter((_, index) => outcomes[index] === 'unknown'),
    };
  }

  leases(): readonly Lease[] {
    return this.table.inForce(this.clock.now());
  }

  private async releaseKinds(
    deviceId: DeviceId,
    which: (held: Setpoint['kind'][]) => Setpoint['kind'][],
    deadlineMs: DurationMs,
  ): Promise<'released' | 'unknown'> {
    const field = this.devices.get(deviceId);
    if (!field) return 'unknown';
    const released = this.turns.take(deviceId, () => this.handBack(field, which(this.table.kindsOf(deviceId))));
    return withinDeadline<'released' | 'unknown'>(released, deadlineMs, () => 'unknown');
  }

  private assertOne(lease: Lease): Promise<LeaseOutcome> {
    const field = this.devices.get(lease.deviceId);
    if (!field) return Promise.resolve({ kind: 'refused', lease, reason: `there is no device "${lease.deviceId}"` });
    if (field.device.reversion === 'none')
      return Promise.resolve({ kind: 'refused', lease, reason: 'nothing would end the setpoint: its reversion class is `none`' });
    const outcome = this.turns.take(lease.deviceId, () => this.writeLease(lease, field));
    return withinDeadline<LeaseOutcome>(outcome, DEADLINE_MS, () => ({
      kind: 'unknown',
      lease,
      reason: `no outcome within ${DEADLINE_MS} ms`,
    }));
  }

  private async writeLease(lease: Lease, field: FieldDevice): Promise<LeaseOutcome> {
    const leaseMs = lease.expiresAtMs - this.clock.now();
    if (leaseMs <= 0) return { kind: 'refused', lease, reason: 'the lease is already over' };
    if (field.device.reversion === 'supervisor') {
      const unsupervised = await this.handOver(lease, field, leaseMs);
      if (unsupervised !== undefined) return { kind: 'refused', lease, reason: unsupervised };
    }
    const standing = this.table.stillStanding(lease, leaseMs, field.unit.connectionChanges, monotonicMs());
    if (standing) return standing;
    const leaseS = Math.ceil(leaseMs / SECOND_MS);
    // Whatever happens from here on, the device may hold it: the table must know before the first write.
    this.remember({ kind: 'unknown', lease, reason: 'being written' }, field, leaseS);
    const outcome = { ...(await commanded(field, lease, leaseS)), lease };
    this.remember(outcome, field, leaseS);
    return outcome;
  }

  private remember(outcome: LeaseOutcome, field: FieldDevice, leaseS: number): void {
    const deviceKeepsItMs = field.device.reversion === 'device' ? leaseS * SECOND_MS : Infinity;
    this.table.record(outcome, field.unit.connectionChanges, monotonicMs() + deviceKeepsItMs);
  }

  /**
   * Lets the supervisor know of a lease before the device does. Where there is none, nothing of ours may stay on the device:
   * it is handed back. Answers why not, where it went wrong.
   */
  private async handOver({ setpoint }: Lease, field: FieldDevice, leaseMs: DurationMs): Promise<string | undefined> {
    const { id: deviceId, profile, address } = field.device;
    try {
      await this.supervision.watch({ deviceId, control: setpoint.kind, profile, address }, leaseMs);
      return undefined;
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      const held = this.table.kindsOf(deviceId).filter((kind) => kind === setpoint.kind);
      const handedBack = await this.handBack(field, held);
      return held.length === 0 ? error.message : `${error.message} (handing the device back: ${handedBack})`;
    }
  }

  /** A supervisor that does not hear of it hands the device back once more, which changes nothing. */
  private async tellReleased(field: FieldDevice, kinds: readonly Setpoint['kind'][]): Promise<void> {
    if (field.device.reversion !== 'supervisor') return;
    await Promise.allSettled(kinds.map((control) => this.supervision.forget({ deviceId: field.device.id, control })));
  }

  /** What is no longer held by the time its turn comes has been handed back already: what others set stays. */
  private async handBack(field: FieldDevice, kinds: readonly Setpoint['kind'][]): Promise<'released' | 'unknown'> {
    if (kinds.length === 0) return 'released';
    try {
      if (!(await field.driver.release(kinds))) return 'unknown';
      this.table.forget(field.device.id, kinds);
      await this.tellReleased(field, kinds);
      return 'released';
    } catch {
      // Whatever is wrong with this device, the others are handed back all the same.
      return 'unknown';
    }
  }
}

const commanded = async (field: FieldDevice, lease: Lease, leaseS: number): Promise<CommandOutcome> => {
  try {
    return await field.driver.command(lease.setpoint, leaseS);
  } catch (error) {
    // One odd device never stops the others: what its registers made impossible is its own outcome.
    return { kind: 'unknown', reason: messageOf(error) };
  }
};

const withinDeadline = async <T>(outcome: Promise<T>, deadlineMs: DurationMs, late: () => T): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), deadlineMs);
  });
  try {
    return await Promise.race([outcome, deadline]);
  } finally {
    clearTimeout(timer);
  }
};
