import type { DeviceId } from '../fleet/plant.js';
import type { Lease, LeaseOutcome, Setpoint } from './setpoint.js';

/** The way to devices. Only `dispatch` holds it. One device that fails never delays another. */
export abstract class FieldControl {
  /** Writes the leases, each device's in parallel, and reads them back. Answers in the order asked. */
  abstract assert(leases: readonly Lease[]): Promise<LeaseOutcome[]>;
  /** Hands one control of a device back to it: limit off, timer cleared. Unknown where it does not answer. */
  abstract release(deviceId: DeviceId, control: Setpoint['kind']): Promise<'released' | 'unknown'>;
  /** Hands every device back that holds, or may hold, a lease of ours. */
  abstract releaseAll(): Promise<{ released: DeviceId[]; unknown: DeviceId[] }>;
  /** The leases that are in force now; a device's stand in the order they were asserted in. */
  abstract leases(): readonly Lease[];
  /** How often the most written register of each device was written in the last 24 hours. */
  abstract writesLastDay(): ReadonlyMap<DeviceId, number>;
}
