import { describe, expect, it } from 'vitest';
import type { Lease } from '../field/setpoint.js';
import type { Decision } from './decision.js';
import { leaseWrites } from './lease-writes.js';

const LEASE_MS = 60_000;
const decision = (powerW: number | undefined, atMs = 0, holds?: true): Decision => ({
  atMs,
  devices: [
    {
      deviceId: 'a',
      control: 'battery-power',
      owner: 'plan',
      cuts: [],
      reason: '',
      ...(holds ? { holds } : {}),
      ...(powerW === undefined ? {} : { setpoint: { kind: 'battery-power' as const, powerW } }),
    },
  ],
});
const held = (powerW: number, expiresAtMs: number): Lease[] => [
  { deviceId: 'a', owner: 'plan', setpoint: { kind: 'battery-power', powerW }, expiresAtMs },
];

describe('lease writes', () => {
  it('carry what the device is to fall back to', () => {
    const fallback = { kind: 'pv-limit', maxW: 5 } as const;
    const [device] = decision(1).devices;
    expect(leaseWrites({ atMs: 0, devices: [{ ...device!, fallback }] }, [], LEASE_MS).assert).toMatchObject([{ fallback }]);
  });

  it('doubt what is held by a device that turns out to do something else, and of a hybrid not its limit', () => {
    const doubted = new Set(['a']);
    expect(leaseWrites(decision(1_000), held(1_000, 50_000), LEASE_MS, doubted).assert).toMatchObject([{ isDoubted: true }]);
    expect(leaseWrites(decision(1_000), [], LEASE_MS, doubted).assert[0]).not.toHaveProperty('isDoubted');
    const setpoint = { kind: 'pv-limit', maxW: 5 } as const;
    const limit = { ...decision(0).devices[0]!, control: 'pv-limit', setpoint } as const;
    const heldLimit = [{ deviceId: 'a', owner: 'plan', setpoint, expiresAtMs: 50_000 }];
    expect(leaseWrites({ atMs: 0, devices: [limit] }, heldLimit, LEASE_MS, doubted).assert).toEqual([]);
  });

  it('write what is new, and nothing that is much the same', () => {
    expect(leaseWrites(decision(1_000), [], LEASE_MS).assert).toHaveLength(1);
    expect(leaseWrites(decision(1_010), held(1_000, 50_000), LEASE_MS).assert).toHaveLength(0);
    expect(leaseWrites(decision(1_020), held(1_000, 50_000), LEASE_MS).assert).toHaveLength(1);
  });

  it('wait with small changes until the last setpoint has shown, and not with large ones', () => {
    const young = held(1_000, 58_000);
    expect(leaseWrites(decision(1_090), young, LEASE_MS).assert).toHaveLength(0);
    expect(leaseWrites(decision(1_110), young, LEASE_MS).assert).toHaveLength(1);
  });

  it('do not wait where a limit tightens, and wait where it leaves more', () => {
    const young = held(1_000, 58_000);
    const asked = (powerW: number, limit: { minW: number; maxW: number }, by: 'operator' | 'event' = 'operator') => {
      const device = { ...decision(powerW).devices[0]!, cuts: [{ by, why: '', ...limit }] };
      return leaseWrites({ atMs: 0, devices: [device] }, young, LEASE_MS).assert.length;
    };
    const [gives, takes] = [(maxW: number) => ({ minW: -5_000, maxW }), (minW: number) => ({ minW, maxW: 5_000 })];
    expect([asked(910, gives(910)), asked(910, gives(3_000)), asked(1_090, gives(1_090))]).toEqual([1, 0, 0]);
    expect([asked(1_090, takes(1_090)), asked(1_090, takes(-3_000)), asked(910, takes(910))]).toEqual([1, 0, 0]);
    expect(asked(910, gives(910), 'event')).toBe(0);
  });

  it('make a limit on sun tighter at once, and looser in steps', () => {
    const limit = (maxW: number) => ({ kind: 'pv-limit', maxW }) as const;
    const young: Lease[] = [{ deviceId: 'a', owner: 'connection', setpoint: limit(1_000), expiresAtMs: 58_000 }];
    const asked = (maxW: number) =>
      leaseWrites(
        {
          atMs: 0,
          devices: [{ deviceId: 'a', control: 'pv-limit', owner: 'connection', setpoint: limit(maxW), cuts: [], reason: '' }],
        },
        young,
        LEASE_MS,
      ).assert;
    expect(asked(980)).toHaveLength(1);
    expect(asked(1_020)).toHaveLength(0);
  });

  it('leave a shared limit that is tighter than it had to be, while it is loose enough', () => {
    const limit = (maxW: number) => ({ kind: 'pv-limit', maxW }) as const;
    const standing = (maxW: number): Lease[] => [{ deviceId: 'a', owner: 'operator', setpoint: limit(maxW), expiresAtMs: 50_000 }];
    const shared = { deviceId: 'a', control: 'pv-limit', owner: 'operator', setpoint: limit(2_000), keepsFromW: 1_500 } as const;
    const asked = (heldW: number, atMs = 0) =>
      leaseWrites({ atMs, devices: [{ ...shared, cuts: [], reason: '' }] }, standing(heldW), LEASE_MS).assert.length;
    expect([asked(1_600), asked(1_400), asked(2_100), asked(1_600, 25_000)]).toEqual([0, 1, 1, 1]);
  });

  it('assert again once half the time is gone', () => {
    expect(leaseWrites(decision(1_000, 31_000), held(1_000, 60_000), LEASE_MS).assert).toHaveLength(1);
  });

  it('assert again what a clock that was set back says will hold for an hour', () => {
    expect(leaseWrites(decision(1_000, -3_600_000), held(1_000, 50_000), LEASE_MS).assert).toHaveLength(1);
  });

  it('may wait where the plan alone asks, and what is held now is allowed', () => {
    const asked = (heldW: number, waitsWithin?: { minW: number; maxW: number }) => {
      const [device] = decision(1_000).devices;
      return leaseWrites({ atMs: 0, devices: [{ ...device!, waitsWithin }] }, held(heldW, 50_000), LEASE_MS).assert[0]!.mayWait;
    };
    expect(asked(4_000, { minW: -5_000, maxW: 5_000 })).toBe(true);
    expect(asked(4_000, { minW: -5_000, maxW: 3_000 })).toBeUndefined();
    expect(asked(4_000)).toBeUndefined();
  });

  it('mean zero exactly', () => {
    expect(leaseWrites(decision(0), held(20, 50_000), LEASE_MS).assert).toHaveLength(1);
  });

  it('hand back what nobody wants any more, once', () => {
    expect(leaseWrites(decision(undefined), held(1_000, 50_000), LEASE_MS).release).toEqual([{ deviceId: 'a', control: 'battery-power' }]);
    expect(leaseWrites(decision(undefined), [], LEASE_MS).release).toEqual([]);
  });

  it('leave a silent device what it holds, and do not renew it', () => {
    expect(leaseWrites(decision(undefined, 40_000, true), held(1_000, 50_000), LEASE_MS)).toEqual({ assert: [], release: [] });
  });

  it('keep a hybrid’s two controls apart', () => {
    const limit: Lease = { deviceId: 'a', owner: 'operator', setpoint: { kind: 'pv-limit', maxW: 0 }, expiresAtMs: 50_000 };
    expect(leaseWrites(decision(1_000), [...held(1_000, 50_000), limit], LEASE_MS)).toEqual({ assert: [], release: [] });
    expect(leaseWrites(decision(undefined), [limit], LEASE_MS).release).toEqual([]);
  });
});
