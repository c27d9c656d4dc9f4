import { Injectable } from '@nestjs/common';
import { busName, type DeviceId } from '../fleet/plant.js';
import { Turns } from '../kernel/turns.js';
import type { DurationMs } from '../kernel/units.js';
import { Clock, monotonicMs } from '../platform/clock.js';
import { FieldControl } from './field-control.port.js';
import { type FieldDevice, FieldDevices } from './field-devices.js';
import { HeldControls } from './held-controls.js';
import { LeaseKeeping } from './lease-keeping.js';
import type { Lease, LeaseOutcome, Setpoint } from './setpoint.js';
import { Supervision } from './supervision.port.js';

/** How long a whole assertion or release of one device may take; what is not known by then is `unknown`. */
const DEADLINE_MS: DurationMs = 4_000;

/** Writes leases over Modbus, in turns: one command at a time and in order for each device; devices do not wait for each other. */
@Injectable()
export class ModbusFieldControl extends FieldControl {
  private readonly keeping: LeaseKeeping;
  private readonly turns = new Turns<DeviceId>();
  /** Counts how often everything was handed back: what was asked for before that is not written after it. */
  private releases = 0;

  constructor(
    private readonly devices: FieldDevices,
    supervision: Supervision,
    private readonly held: HeldControls,
    private readonly clock: Clock,
  ) {
    super();
    this.keeping = new LeaseKeeping(supervision, held, clock);
  }

  assert(leases: readonly Lease[]): Promise<LeaseOutcome[]> {
    return Promise.all(leases.map((lease) => this.assertOne(lease)));
  }

  release(deviceId: DeviceId, control: Setpoint['kind']): Promise<'released' | 'unknown'> {
    const field = this.devices.get(deviceId);
    if (!field) return Promise.resolve('unknown');
    return inTime(
      this.handBack(field, (held) => held.filter((kind) => kind === control)),
      DEADLINE_MS,
    );
  }

  /**
   * Also what an earlier run of the plant may have left behind. Devices that share a bus go one after the other, each read,
   * released and read back, so that some are free where the time does not do for all.
   */
  async releaseAll(deadlineMs: DurationMs = DEADLINE_MS): Promise<{ released: DeviceId[]; unknown: DeviceId[] }> {
    this.releases += 1;
    const holders = [
      ...new Set([...this.keeping.table.holders(), ...this.held.inheritedControls(this.clock.now()).map(({ deviceId }) => deviceId)]),
    ];
    const lastOnBus = new Map<string, Promise<unknown>>();
    const outcomes = holders.flatMap((deviceId) => {
      const field = this.devices.get(deviceId);
      if (!field) return [];
      const bus = busName(field.device.address);
      const handedBack = (lastOnBus.get(bus) ?? Promise.resolve()).then(() => this.handBack(field, (held) => held));
      lastOnBus.set(bus, handedBack);
      return inTime(handedBack, deadlineMs).then((outcome) => ({ deviceId, outcome }));
    });
    const all = await Promise.all(outcomes);
    const those = (wanted: 'released' | 'unknown') => all.filter(({ outcome }) => outcome === wanted).map(({ deviceId }) => deviceId);
    return { released: those('released'), unknown: those('unknown') };
  }

  leases(): readonly Lease[] {
    return this.keeping.table.inForce(this.clock.now(), monotonicMs());
  }

  /** Nothing is written from here on. */
  close(): void {
    this.keeping.close();
  }

  writesLastDay(): ReadonlyMap<DeviceId, number> {
    return this.devices.writes.lastDay(monotonicMs());
  }

  private handBack(field: FieldDevice, which: (held: Setpoint['kind'][]) => Setpoint['kind'][]): Promise<'released' | 'unknown'> {
    const { id } = field.device;
    return this.turns.take(id, () => {
      const inherited = this.held.inheritedControls(this.clock.now()).filter(({ deviceId }) => deviceId === id);
      const held = new Set([...this.keeping.table.kindsOf(id), ...inherited.map(({ kind }) => kind)]);
      return this.keeping.handBack(field, which([...held]));
    });
  }

  private assertOne(lease: Lease): Promise<LeaseOutcome> {
    const field = this.devices.get(lease.deviceId);
    if (!field) return Promise.resolve({ kind: 'refused', lease, reason: `there is no device "${lease.deviceId}"` });
    if (field.device.reversion === 'none')
      return Promise.resolve({ kind: 'refused', lease, reason: 'nothing would end the setpoint: its reversion class is `none`' });
    const { releases } = this;
    const outcome = this.turns.take(lease.deviceId, () => this.keeping.maintain(lease, field, () => this.releases === releases));
    return withinDeadline<LeaseOutcome>(outcome, DEADLINE_MS, () => ({
      kind: 'unknown',
      lease,
      reason: `no outcome within ${DEADLINE_MS} ms`,
    }));
  }
}

const inTime = (handedBack: Promise<'released' | 'unknown'>, deadlineMs: DurationMs): Promise<'released' | 'unknown'> =>
  withinDeadline<'released' | 'unknown'>(handedBack, deadlineMs, () => 'unknown');

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
