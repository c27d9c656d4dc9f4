import { describe, expect } from 'vitest';
import { fc, test } from '../../test/prop.js';
import type { Sample } from '../field/sample.js';
import type { Device } from '../fleet/plant.js';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { deviceEnergies } from './device-energies.js';

const HYBRID = { id: 'hybrid', siteId: 'home', role: 'hybrid', pollPeriodMs: MINUTE_MS } as unknown as Device;
const SLOT = { startMs: 0, endMs: HOUR_MS };
const LIMITS = { maxPowerW: { pv: 10_000, battery: 10_000 } } as unknown as Parameters<typeof deviceEnergies>[0]['limits'];

/** A reading a minute of what the sun and the battery of one inverter do; the battery counts both its ways. */
const readings = (sunW: readonly number[], batteryW: readonly number[]): Sample[] => {
  let [out, into] = [500, 700];
  return Array.from({ length: 63 }, (_, minute) => {
    const battery = batteryW[minute % batteryW.length]!;
    out += Math.max(battery, 0) / 60;
    into += Math.max(-battery, 0) / 60;
    const values = {
      'pv.powerW': sunW[minute % sunW.length]!,
      'battery.powerW': battery,
      'battery.toBusCounterWh': out,
      'battery.fromBusCounterWh': into,
    };
    return { deviceId: 'hybrid', atMs: (minute - 1) * MINUTE_MS, values };
  });
};

const sunOf = (samples: readonly Sample[]) =>
  deviceEnergies({ device: HYBRID, limits: LIMITS }, samples, [SLOT], []).find(({ flow }) => flow === 'pv');

const powers = (min: number) => fc.array(fc.integer({ min, max: 8_000 }), { minLength: 1, maxLength: 20 });

describe('energy that a battery gave out', () => {
  test.prop([powers(0), powers(-8_000)])('is never called sun, whatever a hybrid inverter does', (sunW, batteryW) => {
    expect(sunOf(readings(sunW, batteryW))).toEqual(sunOf(readings(sunW, [0])));
    expect(sunOf(readings([0], batteryW))).toMatchObject({ toBusWh: 0, fromBusWh: 0 });
  });
});
