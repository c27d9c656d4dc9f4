import { busName, type ModbusBus } from '../../fleet/plant.js';
import { Bus, timingOf } from '../bus.js';
import { commissionedDevice } from '../commissioned.js';
import type { ModbusLinks } from '../modbus-link.port.js';
import type { SupervisedLease } from './supervised-lease.js';

/** A device of class `supervisor` has no timer that this could run into. */
const FOR_EVER_S = 65_534;

/**
 * Ends what controls hold over connections of its own. They are open only while they are needed: many devices take one client,
 * and the plant is to find its place free when it comes back.
 */
export class Reverter {
  private readonly inUse = new Map<string, { readonly bus: Bus; users: number }>();

  constructor(private readonly links: ModbusLinks) {}

  /** True once the device shows its fallback, or that it let go where it has none. Throws an `AdapterError` when it does not answer. */
  async end({ address, profile, control, fallback }: SupervisedLease): Promise<boolean> {
    const used = this.use(address);
    try {
      const device = await commissionedDevice(used.bus.unit(address.unitId, 'control'), profile);
      if (!fallback) return await device.release([control]);
      const { kind } = await device.command(fallback, FOR_EVER_S);
      return kind === 'confirmed' || kind === 'clamped';
    } finally {
      used.users -= 1;
      if (used.users === 0) {
        this.inUse.delete(busName(address));
        await used.bus.close();
      }
    }
  }

  private use(address: ModbusBus): { readonly bus: Bus; users: number } {
    const name = busName(address);
    const used = this.inUse.get(name) ?? { bus: new Bus(this.links.link(address), timingOf(address)), users: 0 };
    used.users += 1;
    this.inUse.set(name, used);
    return used;
  }
}
