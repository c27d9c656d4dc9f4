import type { DeviceId } from '../fleet/plant.js';
import type { EpochMs, Watt } from '../kernel/units.js';

export const SETPOINT_KINDS = ['battery-power', 'pv-limit', 'generator', 'load-limit'] as const;

/** What a device can be told. Powers are in the house's sign: a battery discharges with positive power. Limits are magnitudes. */
export type Setpoint =
  | { readonly kind: 'battery-power'; readonly powerW: Watt }
  | { readonly kind: 'pv-limit'; readonly maxW: Watt }
  | { readonly kind: 'generator'; readonly run: boolean; readonly powerW: Watt }
  /** A flexible load draws no more than this; 0, or less than it can draw at least: nothing. */
  | { readonly kind: 'load-limit'; readonly maxW: Watt };

/** The power a setpoint names, of a limit its magnitude; W. */
export const wattsOf = (setpoint: Setpoint): Watt => ('maxW' in setpoint ? setpoint.maxW : setpoint.powerW);

/** What holds a device down and never drives it. One that stands may be somebody's safety. */
export type Limit = Extract<Setpoint, { maxW: Watt }>;

export const isLimit = (kind: Setpoint['kind']): kind is Limit['kind'] => kind === 'pv-limit' || kind === 'load-limit';

/** A limit that a device falls back to when a lease ends and nobody is there: what its site owes the grid even then. */
export type Fallback = Limit;

/** A setpoint is a lease: it ends at `expiresAtMs` unless it is asserted again, and the device then falls back by itself. */
export interface Lease {
  readonly deviceId: DeviceId;
  /** Who asked: `plan`, `event:EV-7`, `override:anna`. */
  readonly owner: string;
  readonly setpoint: Setpoint;
  readonly expiresAtMs: EpochMs;
  /** Absent: the device then does what it does by itself. */
  readonly fallback?: Fallback;
  /** Nothing but the plan's wish for something better: what the device does now may go on while writes are scarce. */
  readonly mayWait?: true;
  /** The device does something else: what it shows is read again before it is taken for told, since somebody else may have set it. */
  readonly isDoubted?: true;
}

/**
 * What reading back after a write said. `overwrote` is what somebody else had set there; `noFallback`: the device has no way to
 * fall back to what the lease names. `yielded`: what somebody else has set was left as it is.
 */
export type LeaseOutcome =
  | ({ readonly kind: 'confirmed'; readonly lease: Lease } & Asides)
  | ({ readonly kind: 'clamped'; readonly lease: Lease; readonly readbackW: Watt } & Asides)
  | { readonly kind: 'yielded'; readonly lease: Lease; readonly shows: string }
  /** The budget of writes is used up for now: what it was told before goes on. */
  | { readonly kind: 'deferred'; readonly lease: Lease }
  /** `leftAtW`: the device is left at the limit that its site owes, and nothing but the plant or an operator ends that. */
  | { readonly kind: 'refused'; readonly lease: Lease; readonly reason: string; readonly leftAtW?: Watt }
  | { readonly kind: 'unknown'; readonly lease: Lease; readonly reason: string };

interface Asides {
  readonly overwrote?: string;
  readonly noFallback?: true;
}

/** A setpoint in words: `charge 1200 W`, `at most 3000 W`. */
export const setpointText = (setpoint: Setpoint): string => {
  switch (setpoint.kind) {
    case 'battery-power':
      return setpoint.powerW === 0 ? 'rest' : `${setpoint.powerW > 0 ? 'discharge' : 'charge'} ${Math.abs(Math.round(setpoint.powerW))} W`;
    case 'pv-limit':
      return `at most ${Math.round(setpoint.maxW)} W`;
    case 'load-limit':
      return setpoint.maxW === 0 ? 'draw nothing' : `draw at most ${Math.round(setpoint.maxW)} W`;
    case 'generator':
      return setpoint.run ? `run at ${Math.round(setpoint.powerW)} W` : 'stand';
  }
};
