import { busName, type ModbusBus } from '../../fleet/plant.js';
import { Bus, timingOf } from '../bus.js';
import { type Commissioned, commissionedDevice } from '../commissioned.js';
import type { ModbusLinks } from '../modbus-link.port.js';
import { isLimit } from '../setpoint.js';
import type { SupervisedLease } from './supervised-lease.js';

/** What became of a lease whose time is over. `left`: somebody else has set what the device shows now, and nothing was written. */
export type Reverted = { readonly kind: 'ended' } | { readonly kind: 'left'; readonly shows: string } | { readonly kind: 'not-shown' };

/**
 * Ends what controls hold over connections of its own. They are open only while they are needed: many devices take one client,
 * and the plant is to find its place free when it comes back.
 */
export class Reverter {
  private readonly inUse = new Map<string, { readonly bus: Bus; users: number }>();
  /** Leases whose end has been written once, and may be half done. */
  private readonly begun = new WeakSet<SupervisedLease>();

  constructor(private readonly links: ModbusLinks) {}

  /** `ended` once the device shows its fallback, or that it let go where it has none. Throws an `AdapterError` when it does not answer. */
  async end(lease: SupervisedLease): Promise<Reverted> {
    const { address, profile } = lease;
    const used = this.use(address);
    try {
      const unit = used.bus.unit(address.unitId, 'control');
      return await this.endOn(await commissionedDevice(unit, { profile, ...address }), lease);
    } finally {
      used.users -= 1;
      if (used.users === 0) {
        this.inUse.delete(busName(address));
        await used.bus.close();
      }
    }
  }

  private async endOn(device: Commissioned, lease: SupervisedLease): Promise<Reverted> {
    const { control, fallback, shown } = lease;
    if (shown !== undefined) {
      const shows = await device.shows(control);
      if (shows === undefined && !fallback) return { kind: 'ended' };
      if (shows !== undefined && shows !== shown && !this.mayBeHalfDone(lease)) return { kind: 'left', shows };
    }
    this.begun.add(lease);
    if (!fallback) return (await device.release([control])) ? { kind: 'ended' } : { kind: 'not-shown' };
    const { kind } = await device.command(fallback);
    return kind === 'confirmed' || kind === 'clamped' ? { kind: 'ended' } : { kind: 'not-shown' };
  }

  /**
   * Whether what the device shows can be our own release, of which a part was lost. Never a limit: its release begins with
   * lifting it, and where it shows another one that is its fallback or somebody's safety, and either may stay.
   */
  private mayBeHalfDone(lease: SupervisedLease): boolean {
    return !isLimit(lease.control) && this.begun.has(lease);
  }

  private use(address: ModbusBus): { readonly bus: Bus; users: number } {
    const name = busName(address);
    const used = this.inUse.get(name) ?? { bus: new Bus(this.links.link(address), timingOf(address)), users: 0 };
    used.users += 1;
    this.inUse.set(name, used);
    return used;
  }
}
