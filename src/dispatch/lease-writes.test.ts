import { describe, expect, it } from 'vitest';
import type { Lease } from '../field/setpoint.js';
import type { Decision } from './decision.js';
import { leaseWrites } from './lease-writes.js';

const LEASE_MS = 60_000;
const decision = (powerW: number | undefined, atMs = 0): Decision => ({
  atMs,
  devices: [
    {
      deviceId: 'a',
      owner: 'plan',
      cuts: [],
      reason: '',
      ...(powerW === undefined ? {} : { setpoint: { kind: 'battery-power' as const, powerW } }),
    },
  ],
});
const held = (powerW: number, expiresAtMs: number): Map<string, Lease> =>
  new Map([['a', { deviceId: 'a', owner: 'plan', setpoint: { kind: 'battery-power', powerW }, expiresAtMs }]]);

describe('lease writes', () => {
  it('write what is new, and nothing that is much the same', () => {
    expect(leaseWrites(decision(1_000), new Map(), LEASE_MS).assert).toHaveLength(1);
    expect(leaseWrites(decision(1_010), held(1_000, 50_000), LEASE_MS).assert).toHaveLength(0);
    expect(leaseWrites(decision(1_100), held(1_000, 50_000), LEASE_MS).assert).toHaveLength(1);
  });

  it('assert again once half the time is gone', () => {
    expect(leaseWrites(decision(1_000, 31_000), held(1_000, 60_000), LEASE_MS).assert).toHaveLength(1);
  });

  it('mean zero exactly', () => {
    expect(leaseWrites(decision(0), held(20, 50_000), LEASE_MS).assert).toHaveLength(1);
  });

  it('hand back what nobody wants any more, once', () => {
    expect(leaseWrites(decision(undefined), held(1_000, 50_000), LEASE_MS).release).toEqual(['a']);
    expect(leaseWrites(decision(undefined), new Map(), LEASE_MS).release).toEqual([]);
  });
});
