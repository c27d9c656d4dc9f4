import type { Lease, Setpoint } from '../field/setpoint.js';
import type { DeviceId } from '../fleet/plant.js';
import type { DurationMs, Watt } from '../kernel/units.js';
import type { Decision } from './decision.js';

/** Changes smaller than this are not worth a write: many inverters keep settings in flash. */
const DEADBAND_W = 30;
const DEADBAND_SHARE = 0.02;

export interface LeaseWrites {
  readonly assert: Lease[];
  readonly release: { readonly deviceId: DeviceId; readonly control: Setpoint['kind'] }[];
}

/**
 * Which leases a decision asks to write and which to hand back, given those in force. The same setpoint is written again
 * only when half its time is gone. Expiries are staggered by device, so that a silent plant's fleet does not step as one.
 */
export const leaseWrites = (decision: Decision, inForce: readonly Lease[], leaseMs: DurationMs): LeaseWrites => {
  const writes: LeaseWrites = { assert: [], release: [] };
  const heldBy = new Map(inForce.map((lease) => [keyOf(lease.deviceId, lease.setpoint.kind), lease]));
  decision.devices.forEach(({ deviceId, control, setpoint, holds, owner, fallback, waitsWithin }, index) => {
    const held = heldBy.get(keyOf(deviceId, control));
    if (!setpoint) {
      if (held && !holds) writes.release.push({ deviceId, control });
      return;
    }
    if (held && sameEnough(held.setpoint, setpoint) && isYoung(held.expiresAtMs - decision.atMs, leaseMs)) return;
    const expiresAtMs = decision.atMs + staggered(leaseMs, index);
    const mayWait =
      waitsWithin !== undefined && (!held || (powerOf(held.setpoint) >= waitsWithin.minW && powerOf(held.setpoint) <= waitsWithin.maxW));
    writes.assert.push({
      deviceId,
      owner,
      setpoint,
      expiresAtMs,
      ...(fallback === undefined ? {} : { fallback }),
      ...(mayWait ? { mayWait } : {}),
    });
  });
  return writes;
};

const keyOf = (deviceId: DeviceId, control: Setpoint['kind']): string => `${deviceId} ${control}`;

const LONGEST_SHARE = 1.25;

/** A lease with more time left than any is given belongs to a clock that has been set back since. */
const isYoung = (leftMs: DurationMs, leaseMs: DurationMs): boolean => leftMs > leaseMs / 2 && leftMs <= LONGEST_SHARE * leaseMs;

const powerOf = (setpoint: Setpoint): Watt => (setpoint.kind === 'pv-limit' ? setpoint.maxW : setpoint.powerW);

/** Up to a quarter longer, spread evenly by the golden ratio whatever the fleet's size. */
const staggered = (leaseMs: DurationMs, index: number): DurationMs =>
  Math.round(leaseMs * (1 + (LONGEST_SHARE - 1) * ((index * 0.618) % 1)));

const sameEnough = (a: Setpoint, b: Setpoint): boolean => {
  if (a.kind === 'battery-power' && b.kind === 'battery-power') return near(a.powerW, b.powerW);
  if (a.kind === 'pv-limit' && b.kind === 'pv-limit') return near(a.maxW, b.maxW);
  if (a.kind === 'generator' && b.kind === 'generator') return a.run === b.run && near(a.powerW, b.powerW);
  return false;
};

/** Zero is meant exactly: a battery told to rest does not trickle. */
const near = (a: Watt, b: Watt): boolean =>
  a === b || (b !== 0 && a !== 0 && Math.abs(a - b) <= Math.max(DEADBAND_W, DEADBAND_SHARE * Math.abs(b)));
