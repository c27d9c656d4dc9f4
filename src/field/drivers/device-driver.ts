import type { DeviceRole, FlexibleLoadRating, ReversionClass } from '../../fleet/plant.js';
import type { EpochMs, Watt } from '../../kernel/units.js';
import type { SampleValues } from '../sample.js';
import type { Fallback, Setpoint } from '../setpoint.js';

/** How a device stands at its site: what its numbers mean there, and which way its meter looks. */
export interface Standing {
  readonly role: DeviceRole;
  readonly direction: 1 | -1;
  /** What ends its setpoints; the device itself where nothing is said. */
  readonly reversion?: ReversionClass;
  /** Of a flexible load: the phases that it hangs on. */
  readonly flexibleLoad?: Pick<FlexibleLoadRating, 'phases'>;
}

/** What a written setpoint turned out to be when it was read back. */
export type CommandOutcome =
  | { readonly kind: 'confirmed'; readonly noFallback?: true }
  | { readonly kind: 'clamped'; readonly readbackW: number; readonly noFallback?: true }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** What a device says of itself besides its readings, as far as it does. */
export interface SelfReport {
  /** The power it is made or set for. */
  readonly ratedW?: Watt;
  /** Its clock, to the second, where it is in universal time. */
  readonly clockMs?: EpochMs;
}

/** Knows one device's registers; addresses and the device's own signs never leave it. */
export interface DeviceDriver {
  /** One poll, in the house's units and signs. Throws an `AdapterError` when the device does not answer or is not what it should be. */
  read(): Promise<SampleValues>;
  /**
   * Writes a setpoint that the device itself ends after `leaseS` seconds, by going over to `fallback` where one is given and it
   * can, and reads it back. What the supervisor ends (see `endsByItself`) is told its fallback by that. Failures of the device are
   * outcomes; nothing is written twice.
   */
  command(setpoint: Setpoint, leaseS: number, fallback?: Fallback): Promise<CommandOutcome>;
  /**
   * Ends what was commanded, of these kinds alone where some are named, so that what somebody else set stays; clears the timers.
   * True once the device shows it. Throws an `AdapterError` when it does not answer.
   */
  release(kinds?: readonly Setpoint['kind'][]): Promise<boolean>;
  /**
   * Shows the device that its controller lives, each second while it is commanded; false where it does not ask. Throws an
   * `AdapterError` when it does not answer.
   */
  beat(): Promise<boolean>;
  /**
   * What binds the device by its controls of a kind, whoever set it: a text that is the same until somebody changes it, and
   * `undefined` where nothing does. Throws an `AdapterError` when it does not answer.
   */
  shows(kind: Setpoint['kind']): Promise<string | undefined>;
  /**
   * What `shows` will say once the device has gone over to a fallback, by itself or told so by a supervisor; `undefined` where that
   * binds nothing or cannot be known. Throws an `AdapterError` when it does not answer.
   */
  showsFallback(fallback: Fallback): Promise<string | undefined>;
  /** Whether the device itself ends a setpoint of this kind when nobody says more. */
  endsByItself(kind: Setpoint['kind']): boolean;
  /** Whether what `shows` says ends with the setpoint; a device may go on showing what its timer has ended. */
  showsItsEnd(kind: Setpoint['kind']): boolean;
  /** Asks for its rating and its clock, at a poll's turn on the bus. Throws an `AdapterError` when it does not answer. */
  selfReport(): Promise<SelfReport>;
}
