import { Injectable } from '@nestjs/common';
import type { DeviceId } from '../fleet/plant.js';
import { AdapterError, messageOf } from '../kernel/errors.js';
import { Turns } from '../kernel/turns.js';
import { type DurationMs, SECOND_MS } from '../kernel/units.js';
import { Clock, monotonicMs } from '../platform/clock.js';
import type { CommandOutcome } from './drivers/device-driver.js';
import { FieldControl } from './field-control.port.js';
import { type FieldDevice, FieldDevices } from './field-devices.js';
import { Heartbeats } from './heartbeats.js';
import { HeldControls } from './held-controls.js';
import { isGood, isSame, LeaseTable, type Written } from './lease-table.js';
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
  private readonly heartbeats = new Heartbeats((deviceId) => this.table.isInForce(deviceId, this.clock.now()));

  constructor(
    private readonly devices: FieldDevices,
    private readonly supervision: Supervision,
    private readonly held: HeldControls,
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

  /** Nothing is written from here on. */
  close(): void {
    this.heartbeats.stopAll();
  }

  writesLastDay(): ReadonlyMap<DeviceId, number> {
    return this.devices.writes.lastDay(monotonicMs());
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
    const outcome = this.turns.take(lease.deviceId, () => this.maintain(lease, field));
    return withinDeadline<LeaseOutcome>(outcome, DEADLINE_MS, () => ({
      kind: 'unknown',
      lease,
      reason: `no outcome within ${DEADLINE_MS} ms`,
    }));
  }

  /** Sees to it that the device does what the lease says: by writing it, or by nothing where it does so already. */
  private async maintain(lease: Lease, field: FieldDevice): Promise<LeaseOutcome> {
    const leaseMs = lease.expiresAtMs - this.clock.now();
    if (leaseMs <= 0) return { kind: 'refused', lease, reason: 'the lease is already over' };
    const standing = this.table.stillStanding(lease, leaseMs, field.unit.connectionChanges, monotonicMs());
    if (standing) return this.supervised(lease, leaseMs, field, () => standing);
    const found = await shown(field, lease.setpoint.kind);
    if (found.kind === 'unknown') return { ...found, lease };
    return this.follow(lease, leaseMs, field, found.shows);
  }

  /** Goes by what the device shows before anything is written to it. */
  private async follow(lease: Lease, leaseMs: DurationMs, field: FieldDevice, shows: string | undefined): Promise<LeaseOutcome> {
    const { kind } = lease.setpoint;
    const last = this.table.last(field.device.id, kind);
    const foreign = this.isForeign(field, kind, shows);
    // A limit on sun may be somebody's safety: we never relax one that we did not set.
    if (foreign && shows !== undefined && (kind === 'pv-limit' || field.device.foreignSetpoints !== 'insist')) {
      await this.forget(field, [kind]);
      return { kind: 'yielded', lease, shows };
    }
    if (last && isGood(last.outcome) && last.shows === shows) {
      const lasts = field.device.reversion === 'supervisor';
      if (lasts && isSame(last.outcome.lease.setpoint, lease.setpoint))
        return this.supervised(lease, leaseMs, field, () => this.table.renewed(last, lease, monotonicMs() + leaseMs));
      const mustWrite = !lasts && last.deviceEndsAtMs - monotonicMs() <= leaseMs / 2;
      const mayWrite = lease.owner !== 'plan' || (field.pace?.allows(monotonicMs()) ?? true);
      if (!mustWrite && !mayWrite) return this.supervised(lease, leaseMs, field, () => ({ kind: 'deferred', lease }));
    }
    const outcome = await this.supervised(lease, leaseMs, field, () => this.writeLease(lease, leaseMs, field));
    const overwrote = foreign && shows !== undefined ? { overwrote: shows } : {};
    return outcome.kind === 'confirmed' || outcome.kind === 'clamped' ? { ...outcome, ...overwrote } : outcome;
  }

  /**
   * Whether somebody else's setpoint binds the device. What we wrote and do not know the fate of may be what it shows, and so
   * may be what this plant wrote before it died.
   */
  private isForeign({ device }: FieldDevice, kind: Setpoint['kind'], shows: string | undefined): boolean {
    if (shows === undefined) return false;
    const last = this.table.last(device.id, kind);
    if (!last) return !this.held.isInherited(device.id, kind, this.clock.now());
    return isGood(last.outcome) && last.shows !== shows;
  }

  /** Whether what a control shows is to be ended by us: neither what a stranger has set, nor what is over already. */
  private mayBeOurs(field: FieldDevice, kind: Setpoint['kind'], shows: string | undefined): boolean {
    const last = this.table.last(field.device.id, kind);
    const isOver = last && isGood(last.outcome) && last.shows !== undefined && shows === undefined;
    return !isOver && !this.isForeign(field, kind, shows);
  }

  private async writeLease(lease: Lease, leaseMs: DurationMs, field: FieldDevice): Promise<LeaseOutcome> {
    const leaseS = Math.ceil(leaseMs / SECOND_MS);
    const { kind } = lease.setpoint;
    const before = this.table.last(field.device.id, kind);
    // Whatever happens from here on, the device may hold it: the tables must know before the first write.
    this.held.hold(lease.deviceId, kind, this.clock.now(), lease.fallback !== undefined);
    this.remember({ kind: 'unknown', lease, reason: 'being written' }, field, leaseS);
    field.pace?.take();
    this.heartbeats.start(field);
    const outcome: LeaseOutcome = { ...(await commanded(field, lease, leaseS)), lease };
    this.remember(outcome, field, leaseS);
    if (outcome.kind === 'refused') return this.afterRefusal(outcome, field, before);
    if (!isGood(outcome)) return outcome;
    const found = await shown(field, kind);
    if (found.kind === 'shown') this.remember(outcome, field, leaseS, found);
    else this.remember({ ...found, lease }, field, leaseS);
    return outcome;
  }

  /** A device that refuses holds nothing of what was asked; what it was told before may go on, and is not wanted any more. */
  private async afterRefusal(
    outcome: LeaseOutcome & { kind: 'refused' },
    field: FieldDevice,
    before: Written | undefined,
  ): Promise<LeaseOutcome> {
    const { kind } = outcome.lease.setpoint;
    if (!before || before.outcome.kind === 'refused') {
      await this.forget(field, [kind]);
      return outcome;
    }
    this.table.record(before);
    if ((await this.handBack(field, [kind])) === 'released') return outcome;
    return { ...outcome, kind: 'unknown', reason: `${outcome.reason}; what it was told before could not be taken back` };
  }

  private remember(outcome: LeaseOutcome, field: FieldDevice, leaseS: number, { shows }: Pick<Written, 'shows'> = {}): void {
    const deviceEndsAtMs = monotonicMs() + leaseS * SECOND_MS;
    const { connectionChanges } = field.unit;
    this.table.record({ outcome, connectionChanges, deviceEndsAtMs, ...(shows === undefined ? {} : { shows }) });
  }

  /**
   * Lets the supervisor know of a lease before the device does, where the device would keep it for ever. Without a supervisor
   * nothing of ours may stay on it: it is handed back.
   */
  private async supervised(
    lease: Lease,
    leaseMs: DurationMs,
    field: FieldDevice,
    act: () => LeaseOutcome | Promise<LeaseOutcome>,
  ): Promise<LeaseOutcome> {
    const { id: deviceId, profile, address, reversion } = field.device;
    const control = lease.setpoint.kind;
    try {
      if (reversion === 'supervisor') await this.supervision.watch({ deviceId, control, profile, address, ...fallbackOf(lease) }, leaseMs);
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      const handedBack = this.table.last(deviceId, control) && (await this.handBack(field, [control]));
      return { kind: 'refused', lease, reason: error.message + (handedBack ? ` (handing the device back: ${handedBack})` : '') };
    }
    return act();
  }

  /** What is no longer held by the time its turn comes has been handed back already, and what others have set since stays. */
  private async handBack(field: FieldDevice, kinds: readonly Setpoint['kind'][]): Promise<'released' | 'unknown'> {
    try {
      const ours: Setpoint['kind'][] = [];
      for (const kind of kinds) if (this.mayBeOurs(field, kind, await field.driver.shows(kind))) ours.push(kind);
      if (ours.length > 0) {
        field.pace?.take();
        if (!(await field.driver.release(ours))) return 'unknown';
      }
      await this.forget(field, kinds);
      return 'released';
    } catch {
      // Whatever is wrong with this device, the others are handed back all the same.
      return 'unknown';
    }
  }

  /** These are ours no more. A supervisor that does not hear of it hands the device back once more. */
  private async forget(field: FieldDevice, kinds: readonly Setpoint['kind'][]): Promise<void> {
    const { id: deviceId, reversion } = field.device;
    this.table.forget(deviceId, kinds);
    this.held.letGo(deviceId, kinds);
    if (reversion === 'supervisor') await Promise.allSettled(kinds.map((control) => this.supervision.forget({ deviceId, control })));
  }
}

const fallbackOf = ({ fallback }: Lease): Pick<Lease, 'fallback'> => (fallback === undefined ? {} : { fallback });

type Found = { readonly kind: 'shown'; readonly shows?: string } | { readonly kind: 'unknown'; readonly reason: string };

const shown = async ({ driver }: FieldDevice, kind: Setpoint['kind']): Promise<Found> => {
  try {
    const shows = await driver.shows(kind);
    return { kind: 'shown', ...(shows === undefined ? {} : { shows }) };
  } catch (error) {
    return { kind: 'unknown', reason: `what it does now cannot be read: ${messageOf(error)}` };
  }
};

const commanded = async (field: FieldDevice, lease: Lease, leaseS: number): Promise<CommandOutcome> => {
  try {
    return await field.driver.command(lease.setpoint, leaseS, lease.fallback);
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
