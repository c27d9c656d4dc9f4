import { AdapterError, messageOf } from '../kernel/errors.js';
import { type DurationMs, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { type Clock, monotonicMs } from '../platform/clock.js';
import type { CommandOutcome } from './drivers/device-driver.js';
import type { FieldDevice } from './field-devices.js';
import { Heartbeats } from './heartbeats.js';
import type { HeldControls } from './held-controls.js';
import { isGood, isSame, LeaseTable, type Written } from './lease-table.js';
import { Refusals } from './refusals.js';
import { isLimit, type Lease, type LeaseOutcome, type Setpoint } from './setpoint.js';
import type { Supervision } from './supervision.port.js';

/** No device is told to go on for longer, whatever a clock that was set says of a lease's end. */
const LONGEST_LEASE_MS: DurationMs = 5 * MINUTE_MS;

/** What one device is told, and what is known of it; one call at a time for each device. */
export class LeaseKeeping {
  readonly table = new LeaseTable(() => this.clock.leaptMs());
  private readonly refusals = new Refusals();
  private readonly heartbeats = new Heartbeats((deviceId) => this.table.isInForce(deviceId, this.clock.now(), monotonicMs()));

  constructor(
    private readonly supervision: Supervision,
    private readonly held: HeldControls,
    private readonly clock: Clock,
  ) {}

  close(): void {
    this.heartbeats.stopAll();
    this.held.close(this.clock.now());
  }

  /**
   * Sees to it that the device does what the lease says: by writing it, or by nothing where it does so already. `isWanted` is asked
   * before the first write, since a device may take its time over what is read before.
   */
  async maintain(lease: Lease, field: FieldDevice, isWanted: () => boolean): Promise<LeaseOutcome> {
    const leaseMs = Math.min(lease.expiresAtMs - this.clock.now(), LONGEST_LEASE_MS);
    if (leaseMs <= 0) return { kind: 'refused', lease, reason: 'the lease is already over' };
    const { connectionChanges } = field.unit;
    const standing = lease.isDoubted ? undefined : this.table.stillStanding(lease, leaseMs, connectionChanges, monotonicMs());
    if (standing) return this.supervised(lease, leaseMs, field, () => this.goesOn(standing, field), this.shownBy(lease));
    const refused = this.refusals.standing(lease, connectionChanges, monotonicMs());
    if (refused !== undefined) return { kind: 'refused', lease, reason: refused };
    const found = await shown(field, lease.setpoint.kind);
    if (found.kind === 'unknown') return { ...found, lease };
    return this.follow(lease, leaseMs, field, found.shows, isWanted);
  }

  /** What is no longer held by the time its turn comes has been handed back already, and what others have set since stays. */
  async handBack(field: FieldDevice, kinds: readonly Setpoint['kind'][]): Promise<'released' | 'unknown'> {
    try {
      const ours: Setpoint['kind'][] = [];
      for (const kind of kinds) if (this.isToBeEnded(field, kind, await field.driver.shows(kind))) ours.push(kind);
      if (ours.length > 0) {
        field.pace?.take();
        if (!(await field.driver.release(ours))) return 'unknown';
      }
      const known = kinds.filter((kind) => ours.includes(kind) || this.table.last(field.device.id, kind));
      await this.forget(field, known);
      this.held.letGo(field.device.id, kinds, this.clock.now());
      return 'released';
    } catch {
      // Whatever is wrong with this device, the others are handed back all the same.
      return 'unknown';
    }
  }

  /** Goes by what the device shows before anything is written to it. */
  private async follow(
    lease: Lease,
    leaseMs: DurationMs,
    field: FieldDevice,
    shows: string | undefined,
    isWanted: () => boolean,
  ): Promise<LeaseOutcome> {
    const { kind } = lease.setpoint;
    const last = this.table.last(field.device.id, kind);
    const foreign = shows !== undefined && this.isForeign(field, kind, shows);
    // A limit may be somebody's safety: we never relax one that we did not set.
    if (foreign && (isLimit(kind) || field.device.foreignSetpoints !== 'insist')) {
      await this.yieldTo(field, kind);
      return { kind: 'yielded', lease, shows };
    }
    const bySupervisor = isSupervised(field, kind);
    const goesOn = last && isGood(last.outcome) && last.shows === shows ? last : undefined;
    if (goesOn && bySupervisor && isSame(goesOn.outcome.lease.setpoint, lease.setpoint))
      return this.supervised(
        lease,
        leaseMs,
        field,
        () => this.goesOn(this.table.renewed(goesOn, lease, monotonicMs() + leaseMs), field),
        shows,
      );
    const timerEnds = goesOn !== undefined && !bySupervisor && goesOn.deviceEndsAtMs - monotonicMs() <= leaseMs / 2;
    const mayWait = lease.mayWait === true && !timerEnds && (goesOn !== undefined || last === undefined);
    if (mayWait && field.pace?.allows(monotonicMs()) === false)
      return goesOn ? this.supervised(lease, leaseMs, field, () => ({ kind: 'deferred', lease }), shows) : { kind: 'deferred', lease };
    const outcome = await this.supervised(lease, leaseMs, field, () => this.writeLease(lease, leaseMs, field, isWanted));
    return foreign && (outcome.kind === 'confirmed' || outcome.kind === 'clamped') ? { ...outcome, overwrote: shows } : outcome;
  }

  /**
   * Whether somebody else's setpoint binds the device. What we wrote and do not know the fate of may be what it shows, and so may
   * what it was to fall back to, and what this plant wrote before it died.
   */
  private isForeign({ device }: FieldDevice, kind: Setpoint['kind'], shows: string): boolean {
    const last = this.table.last(device.id, kind);
    if (!last) return !this.held.isInherited(device.id, kind, shows, this.clock.now());
    if (!isGood(last.outcome) || shows === last.shows) return false;
    return shows !== last.fallbackShows || monotonicMs() < last.deviceEndsAtMs;
  }

  /** Whether what a control shows is to be ended by us: neither what a stranger has set, nor what is over already. */
  private isToBeEnded(field: FieldDevice, kind: Setpoint['kind'], shows: string | undefined): boolean {
    if (shows !== undefined) return !this.isForeign(field, kind, shows);
    // An engine that stands may have been told to start all the same: that call is to be taken back.
    if (kind === 'generator') return true;
    const last = this.table.last(field.device.id, kind);
    return last !== undefined && !(isGood(last.outcome) && last.shows !== undefined);
  }

  /** The device has it, and goes on with it: so do its heartbeats and our memory of it. */
  private goesOn(outcome: LeaseOutcome, field: FieldDevice): LeaseOutcome {
    const { kind } = outcome.lease.setpoint;
    this.heartbeats.start(field);
    this.hold(field, kind, this.table.last(field.device.id, kind));
    return outcome;
  }

  private hold(field: FieldDevice, kind: Setpoint['kind'], { shows, fallbackShows }: Partial<Written> = {}): void {
    const stays = isSupervised(field, kind) || !field.driver.showsItsEnd(kind);
    this.held.hold({ deviceId: field.device.id, kind, shows, fallbackShows, stays }, this.clock.now());
  }

  private async writeLease(lease: Lease, leaseMs: DurationMs, field: FieldDevice, isWanted: () => boolean): Promise<LeaseOutcome> {
    const leaseS = Math.ceil(leaseMs / SECOND_MS);
    const { kind } = lease.setpoint;
    const before = this.table.last(field.device.id, kind);
    if (!isWanted()) {
      if (!before) await this.forget(field, [kind]);
      return { kind: 'refused', lease, reason: 'everything was handed back in the meantime' };
    }
    // Whatever happens from here on, the device may hold it: the tables must know before the first write.
    this.hold(field, kind);
    this.remember({ kind: 'unknown', lease, reason: 'being written' }, field, leaseS);
    field.pace?.take();
    this.heartbeats.start(field);
    const outcome: LeaseOutcome = { ...(await commanded(field, lease, leaseS)), lease };
    this.remember(outcome, field, leaseS);
    if (outcome.kind === 'refused') return this.afterRefusal(outcome, field, before);
    if (!isGood(outcome)) return outcome;
    this.refusals.clear(lease);
    const found = await shown(field, kind, lease);
    if (found.kind === 'unknown') this.remember({ ...found, lease }, field, leaseS);
    else {
      this.remember(outcome, field, leaseS, found);
      this.hold(field, kind, found);
      // Should it not be heard, the supervisor ends whatever the control shows.
      if (isSupervised(field, kind)) await this.watch(lease, leaseMs, field, found.shows).catch(() => undefined);
    }
    return outcome;
  }

  /** A device that refuses holds nothing of what was asked; what it was told before may go on, and is not wanted any more. */
  private async afterRefusal(
    outcome: LeaseOutcome & { kind: 'refused' },
    field: FieldDevice,
    before: Written | undefined,
  ): Promise<LeaseOutcome> {
    const { lease, reason } = outcome;
    const { kind } = lease.setpoint;
    this.refusals.add(lease, reason, field.unit.connectionChanges, monotonicMs());
    if (!before || before.outcome.kind === 'refused') {
      await this.forget(field, [kind]);
      return outcome;
    }
    this.table.record(before);
    if ((await this.handBack(field, [kind])) === 'released') return outcome;
    return { ...outcome, kind: 'unknown', reason: `${reason}; what it was told before could not be taken back` };
  }

  private remember(
    outcome: LeaseOutcome,
    field: FieldDevice,
    leaseS: number,
    { shows, fallbackShows }: Pick<Written, 'shows' | 'fallbackShows'> = {},
  ): void {
    const deviceEndsAtMs = monotonicMs() + leaseS * SECOND_MS;
    const { connectionChanges } = field.unit;
    this.table.record({ outcome, connectionChanges, deviceEndsAtMs, shows, fallbackShows });
  }

  /**
   * Lets the supervisor know of a lease before the device does, where the device would keep it for ever. Without a supervisor
   * it is handed back, or left at what its site owes. It is told what the control shows where nothing is going to be written: what
   * it then finds instead is not ours.
   */
  private async supervised(
    lease: Lease,
    leaseMs: DurationMs,
    field: FieldDevice,
    act: () => LeaseOutcome | Promise<LeaseOutcome>,
    shows?: string,
  ): Promise<LeaseOutcome> {
    try {
      if (isSupervised(field, lease.setpoint.kind)) await this.watch(lease, leaseMs, field, shows);
    } catch (error) {
      if (error instanceof AdapterError) return this.withoutSupervisor(lease, field, error.message);
      throw error;
    }
    return act();
  }

  /** What the site owes stays on the device: a limit that nobody ends is safer than none. The rest is handed back. */
  private async withoutSupervisor(lease: Lease, field: FieldDevice, why: string): Promise<LeaseOutcome> {
    const { kind } = lease.setpoint;
    const last = this.table.last(lease.deviceId, kind);
    const owed = lease.fallback ?? last?.outcome.lease.fallback;
    const left = owed?.kind === kind ? await this.leaveAt({ ...lease, setpoint: owed }, field, last !== undefined) : 'not-ours';
    if (owed && left !== 'not-ours') {
      const { maxW: leftAtW } = owed;
      if (left === 'left') return { kind: 'refused', lease, reason: `${why} (left at its fallback of ${Math.round(leftAtW)} W)`, leftAtW };
      return { kind: 'unknown', lease, reason: `${why} (its fallback is not confirmed: ${left.reason})` };
    }
    const handedBack = last && (await this.handBack(field, [kind]));
    return { kind: 'refused', lease, reason: why + (handedBack ? ` (handing the device back: ${handedBack})` : '') };
  }

  /** Writes what is owed over our own word, once. Until it is confirmed the device counts as holding what it was told before. */
  private async leaveAt(owed: Lease, field: FieldDevice, isHeld: boolean): Promise<'left' | 'not-ours' | { reason: string }> {
    const [deviceId, kind] = [field.device.id, owed.setpoint.kind];
    const before = await shown(field, kind);
    if (before.kind === 'unknown') return isHeld ? before : 'not-ours';
    if (before.shows !== undefined && this.held.isLeft(deviceId, kind, before.shows)) return 'left';
    if (!isHeld || (before.shows !== undefined && this.isForeign(field, kind, before.shows))) return 'not-ours';
    field.pace?.take();
    const outcome: LeaseOutcome = { ...(await commanded(field, owed, LONGEST_LEASE_MS / SECOND_MS)), lease: owed };
    if (!isGood(outcome)) return { reason: 'reason' in outcome ? outcome.reason : outcome.kind };
    const after = await shown(field, kind);
    if (after.kind === 'unknown') return after;
    await this.forget(field, [kind]);
    this.held.leave({ deviceId, kind, fallbackShows: after.shows, stays: true }, this.clock.now());
    return 'left';
  }

  private watch(lease: Lease, leaseMs: DurationMs, { device }: FieldDevice, shown?: string): Promise<void> {
    const { id: deviceId, profile, address } = device;
    const known = shown === undefined ? {} : { shown };
    return this.supervision.watch({ deviceId, control: lease.setpoint.kind, profile, address, ...fallbackOf(lease), ...known }, leaseMs);
  }

  private shownBy({ deviceId, setpoint }: Lease): string | undefined {
    return this.table.last(deviceId, setpoint.kind)?.shows;
  }

  /** Somebody else has the control now. What is only inherited stays with the supervisor, which knows better what was ours. */
  private async yieldTo(field: FieldDevice, kind: Setpoint['kind']): Promise<void> {
    if (this.table.last(field.device.id, kind)) await this.forget(field, [kind]);
    else this.held.letGo(field.device.id, [kind], this.clock.now());
  }

  /** These are ours no more. A supervisor that does not hear of it finds that out by itself. */
  private async forget(field: FieldDevice, kinds: readonly Setpoint['kind'][]): Promise<void> {
    const { id: deviceId } = field.device;
    this.table.forget(deviceId, kinds);
    this.held.letGo(deviceId, kinds, this.clock.now());
    const told = kinds.filter((kind) => isSupervised(field, kind)).map((control) => this.supervision.forget({ deviceId, control }));
    await Promise.allSettled(told);
  }
}

/** Whether the supervisor and no timer of the device ends a setpoint of this kind. */
const isSupervised = ({ device, driver }: FieldDevice, kind: Setpoint['kind']): boolean =>
  device.reversion === 'supervisor' && !driver.endsByItself(kind);

const fallbackOf = ({ fallback }: Lease): Pick<Lease, 'fallback'> => (fallback === undefined ? {} : { fallback });

type Found =
  ({ readonly kind: 'shown' } & Pick<Written, 'shows' | 'fallbackShows'>) | { readonly kind: 'unknown'; readonly reason: string };

/** What a control shows now and, of a lease that it has taken, what it will show after its fallback. */
const shown = async ({ driver }: FieldDevice, kind: Setpoint['kind'], taken?: Lease): Promise<Found> => {
  try {
    const shows = await driver.shows(kind);
    const fallbackShows = taken?.fallback && (await driver.showsFallback(taken.fallback));
    return { kind: 'shown', shows, fallbackShows };
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
