import type { DeviceId } from '../fleet/plant.js';
import type { EpochMs, Watt } from '../kernel/units.js';

export const SETPOINT_KINDS = ['battery-power', 'pv-limit', 'generator'] as const;

/** What a device can be told. Powers are in the house's sign: a battery discharges with positive power. */
export type Setpoint =
  | { readonly kind: 'battery-power'; readonly powerW: Watt }
  | { readonly kind: 'pv-limit'; readonly maxW: Watt }
  | { readonly kind: 'generator'; readonly run: boolean; readonly powerW: Watt };

/** A setpoint is a lease: it ends at `expiresAtMs` unless it is asserted again, and the device then falls back by itself. */
export interface Lease {
  readonly deviceId: DeviceId;
  /** Who asked: `plan`, `event:EV-7`, `override:anna`. */
  readonly owner: string;
  readonly setpoint: Setpoint;
  readonly expiresAtMs: EpochMs;
}

/**
 * What reading back after a write said. `overwrote` is what somebody else had set there; `yielded`: it was left as it is.
 */
export type LeaseOutcome =
  | { readonly kind: 'confirmed'; readonly lease: Lease; readonly overwrote?: string }
  | { readonly kind: 'clamped'; readonly lease: Lease; readonly readbackW: Watt; readonly overwrote?: string }
  | { readonly kind: 'yielded'; readonly lease: Lease; readonly shows: string }
  /** The budget of writes is used up for now: what it was told before goes on. */
  | { readonly kind: 'deferred'; readonly lease: Lease }
  | { readonly kind: 'refused'; readonly lease: Lease; readonly reason: string }
  | { readonly kind: 'unknown'; readonly lease: Lease; readonly reason: string };
