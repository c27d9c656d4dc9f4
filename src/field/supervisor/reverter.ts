import { busName, type ModbusBus } from '../../fleet/plant.js';
import { Bus, timingOf } from '../bus.js';
import { commissionedDevice } from '../commissioned.js';
import type { ModbusLinks } from '../modbus-link.port.js';
import type { SupervisedLease } from './supervised-lease.js';

/**
 * Hands controls back over connections of its own. They are open only while they are needed: many devices take one client,
 * and the plant is to find its place free when it comes back.
 */
export class Reverter {
  private readonly inUse = new Map<string, { readonly bus: Bus; users: number }>();

  constructor(private readonly links: ModbusLinks) {}

  /** True once the device shows that it let go. Throws an `AdapterError` when it does not answer. */
  async handBack({ address, profile, control }: SupervisedLease): Promise<boolean> {
    const used = this.use(address);
    try {
      const device = await commissionedDevice(used.bus.unit(address.unitId, 'control'), profile);
      return await device.release([control]);
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
