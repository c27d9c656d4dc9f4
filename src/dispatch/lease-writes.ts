import { type Lease, type Setpoint, wattsOf } from '../field/setpoint.js';
import type { DeviceId } from '../fleet/plant.js';
import { type DurationMs, MINUTE_MS, type Watt } from '../kernel/units.js';
import type { Cut } from './band.js';
import type { Decision } from './decision.js';

/** How long a device goes on with its last word from us; it is asserted again at half of that. */
export const LEASE_MS: DurationMs = MINUTE_MS;

/** What is left of an error once things have come to rest. Many inverters keep settings in flash: less is not worth a write. */
const FINE_W = 15;
/** While a setpoint is this young its device may still be on its way to it, and only what differs by more is written over it. */
const YOUNG_MS: DurationMs = 5_000;
const COARSE_W = 100;
const COARSE_SHARE = 0.05;
/** A charger is not told anew for each kettle: so little above its limit it goes on for a few seconds. */
const LOAD_SHARE = 0.01;

export interface LeaseWrites {
  readonly assert: Lease[];
  readonly release: { readonly deviceId: DeviceId; readonly control: Setpoint['kind'] }[];
}

/**
 * Which leases a decision asks to write and which to hand back, given those in force. The same setpoint is written again only when
 * half its time is gone, or once the device turns out to do something else (`doubted`). What a limit tightens is written at once; other small changes wait until the last one has shown. Expiries are staggered by device, so that a silent plant's fleet does not step as one.
 */
export const leaseWrites = (decision: Decision, inForce: readonly Lease[], leaseMs: DurationMs, doubted = NOBODY): LeaseWrites => {
  const writes: LeaseWrites = { assert: [], release: [] };
  const heldBy = new Map(inForce.map((lease) => [keyOf(lease.deviceId, lease.setpoint.kind), lease]));
  decision.devices.forEach(({ deviceId, control, setpoint, holds, owner, fallback, waitsWithin, keepsFromW, cuts }, index) => {
    const held = heldBy.get(keyOf(deviceId, control));
    if (!setpoint) {
      if (held && !holds) writes.release.push({ deviceId, control });
      return;
    }
    const isDoubted = held !== undefined && doubted.has(deviceId) && (control === 'battery-power' || control === 'load-limit');
    if (held && !isDoubted && isYoung(held.expiresAtMs - decision.atMs, leaseMs)) {
      const ageMs = staggered(leaseMs, index) - (held.expiresAtMs - decision.atMs);
      const isFine = ageMs >= YOUNG_MS || (control !== 'load-limit' && isTightened(held.setpoint, setpoint, cuts));
      if (sameEnough(held.setpoint, setpoint, isFine) || maySuffice(held.setpoint, setpoint, keepsFromW)) return;
    }
    const expiresAtMs = decision.atMs + staggered(leaseMs, index);
    const mayWait =
      waitsWithin !== undefined && (!held || (wattsOf(held.setpoint) >= waitsWithin.minW && wattsOf(held.setpoint) <= waitsWithin.maxW));
    writes.assert.push({
      deviceId,
      owner,
      setpoint,
      expiresAtMs,
      ...(fallback === undefined ? {} : { fallback }),
      ...(mayWait ? { mayWait } : {}),
      ...(isDoubted ? { isDoubted } : {}),
    });
  });
  return writes;
};

/** Whether it goes the way in which the connection or an operator's limit binds it. */
const isTightened = (held: Setpoint, wanted: Setpoint, cuts: readonly Cut[]): boolean => {
  if (held.kind !== 'battery-power' || wanted.kind !== 'battery-power') return cuts.some(isLimit);
  return cuts.some(
    (cut) =>
      isLimit(cut) &&
      ((wanted.powerW < held.powerW && wanted.powerW > cut.maxW - FINE_W) ||
        (wanted.powerW > held.powerW && wanted.powerW < cut.minW + FINE_W)),
  );
};

const isLimit = ({ by }: Cut): boolean => by === 'connection' || by === 'operator';

const NOBODY: ReadonlySet<DeviceId> = new Set();

const keyOf = (deviceId: DeviceId, control: Setpoint['kind']): string => `${deviceId} ${control}`;

const LONGEST_SHARE = 1.25;
/** Leases are staggered up to this. */
export const LONGEST_LEASE_MS: DurationMs = LONGEST_SHARE * LEASE_MS;

/** A lease with more time left than any is given belongs to a clock that has been set back since. */
const isYoung = (leftMs: DurationMs, leaseMs: DurationMs): boolean => leftMs > leaseMs / 2 && leftMs <= LONGEST_SHARE * leaseMs;

/** Up to a quarter longer, spread evenly by the golden ratio whatever the fleet's size. */
const staggered = (leaseMs: DurationMs, index: number): DurationMs =>
  Math.round(leaseMs * (1 + (LONGEST_SHARE - 1) * ((index * 0.618) % 1)));

const sameEnough = (held: Setpoint, wanted: Setpoint, isFine: boolean): boolean => {
  if (held.kind === 'battery-power' && wanted.kind === 'battery-power') return near(held.powerW, wanted.powerW, isFine);
  // A limit is made tighter at once, and looser in steps.
  if (held.kind === 'pv-limit' && wanted.kind === 'pv-limit') return near(held.maxW, wanted.maxW, isFine || wanted.maxW < held.maxW);
  if (held.kind === 'load-limit' && wanted.kind === 'load-limit')
    return near(held.maxW, wanted.maxW, isFine) && (isFine || held.maxW - wanted.maxW <= LOAD_SHARE * wanted.maxW);
  if (held.kind === 'generator' && wanted.kind === 'generator') return held.run === wanted.run && near(held.powerW, wanted.powerW, isFine);
  return false;
};

/** A limit that might be looser by now, and is loose enough. */
const maySuffice = (held: Setpoint, wanted: Setpoint, keepsFromW: Watt | undefined): boolean =>
  keepsFromW !== undefined && wattsOf(held) >= keepsFromW && wattsOf(held) <= wattsOf(wanted);

/** Zero is meant exactly: a battery told to rest does not trickle. */
const near = (heldW: Watt, wantedW: Watt, isFine: boolean): boolean => {
  if (heldW === wantedW) return true;
  const marginW = isFine ? FINE_W : Math.max(COARSE_W, COARSE_SHARE * Math.abs(wantedW));
  return wantedW !== 0 && heldW !== 0 && Math.abs(heldW - wantedW) <= marginW;
};
