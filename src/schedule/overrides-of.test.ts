import { describe, expect, it } from 'vitest';
import type { Device, Site } from '../fleet/plant.js';
import { MINUTE_MS } from '../kernel/units.js';
import { batteryOverrideOf, generatorOverrideOf, type PlannedOverride, sunOverrideOf } from './overrides-of.js';

const steps = Array.from({ length: 4 }, (_, step) => ({ startMs: step * 15 * MINUTE_MS, endMs: (step + 1) * 15 * MINUTE_MS }));
const device = (id: string, role: Device['role'], more: Partial<Device> = {}): Device => ({
  id,
  siteId: 'home',
  name: id,
  role,
  profile: 'sunspec',
  address: { host: '127.0.0.1', port: 502, unitId: 1 },
  direction: 1,
  pollPeriodMs: 1_000,
  reversion: 'device',
  ratedW: 5_000,
  ...more,
});
const until = (minutes: number, deviceId: string, setpoint: PlannedOverride['setpoint']): PlannedOverride => ({
  deviceId,
  setpoint,
  endMs: minutes * MINUTE_MS,
  by: 'anna',
});
const siteOf = (...devices: Device[]): Site => ({
  id: 'home',
  name: 'home',
  kind: 'home',
  zone: 'UTC',
  importLimitW: 11_000,
  exportLimitW: 11_000,
  devices,
});

describe('what a person has set', () => {
  const charging = until(30, 'battery', { kind: 'battery-power', powerW: -2_000 });
  it('binds a battery until it ends', () => {
    expect(batteryOverrideOf(device('battery', 'battery'), [charging], steps, [])).toEqual({
      override: { powerW: [-2_000, -2_000, null, null], by: 'anna' },
    });
    expect(batteryOverrideOf(device('other', 'battery'), [charging], steps, [])).toEqual({});
  });

  it('comes after an event that its site serves', () => {
    const event = { startMs: 10 * MINUTE_MS, endMs: 15 * MINUTE_MS };
    expect(batteryOverrideOf(device('battery', 'battery'), [charging], steps, [event]).override!.powerW).toEqual([
      null,
      -2_000,
      null,
      null,
    ]);
  });

  it.each([
    [{ run: true, powerW: 4_000 }, 4_000],
    [{ run: true, powerW: 0 }, 3_000],
    [{ run: false, powerW: 4_000 }, 0],
  ])('has a generator run or stand: %j', (setpoint, powerW) => {
    const rating = { minW: 3_000 } as NonNullable<Device['generator']>;
    const override = until(20, 'genset', { kind: 'generator', ...setpoint });
    expect(generatorOverrideOf(device('genset', 'generator', { generator: rating }), [override], steps)).toEqual({
      override: { powerW: [powerW, null, null, null], by: 'anna' },
    });
  });

  it('runs a generator without a minimum, since 0 would have it stand', () => {
    const rating = { minW: 0 } as NonNullable<Device['generator']>;
    const override = until(60, 'genset', { kind: 'generator', run: true, powerW: 0 });
    expect(generatorOverrideOf(device('genset', 'generator', { generator: rating }), [override], steps).override!.powerW[0]).toBe(1);
  });

  it('holds sun: alone at what is said, beside others by its part of the sun', () => {
    const held = until(15, 'roof', { kind: 'pv-limit', maxW: 1_000 });
    const about = { steps, pvW: [6_000, 6_000, 6_000, 6_000], unavailable: new Set<string>() };
    const roof = device('roof', 'pv');
    expect(sunOverrideOf(siteOf(roof), [held], about)).toEqual({ pvOverride: { maxW: [1_000, null, null, null], by: 'anna' } });
    const both = siteOf(roof, device('barn', 'pv', { ratedW: 10_000 }));
    expect(sunOverrideOf(both, [held], about).pvOverride!.maxW).toEqual([5_000, null, null, null]);
    expect(sunOverrideOf(both, [{ ...held, deviceId: 'other' }], about)).toEqual({});
    expect(sunOverrideOf(siteOf(roof), [held], { ...about, unavailable: new Set(['roof']) })).toEqual({});
  });
});
