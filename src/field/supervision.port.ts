import type { DurationMs } from '../kernel/units.js';
import type { SupervisedControl, SupervisedLease } from './supervisor/supervised-lease.js';

/** A second process that ends setpoints for a plant that fell silent, on devices that would keep them for ever. */
export abstract class Supervision {
  /**
   * Resolves once the supervisor has the lease on disk and would end it after `leaseMs`: before that nothing may be written to
   * the device. Throws an `AdapterError` where it does not answer.
   */
  abstract watch(lease: SupervisedLease, leaseMs: DurationMs): Promise<void>;
  /** The device was seen to let go. Throws an `AdapterError` where the supervisor does not answer. */
  abstract forget(control: SupervisedControl): Promise<void>;
}
