import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import type { SampleValues } from '../field/sample.js';
import type { Device, DeviceId, DeviceRole, Plant, Site } from '../fleet/plant.js';
import { BUS_FLOWS, loadOf } from '../kernel/flow.js';
import { QUANTITIES_OF_FLOW, flowsOfRole } from './metering.js';
import { type DeviceState, plantImage, SILENT_DEVICE, withSample } from './plant-image.js';

const T0 = Date.UTC(2026, 4, 1, 10);
const BATTERY = {
  capacityWh: 10_000,
  maxChargeW: 5_000,
  maxDischargeW: 5_000,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.95,
  minSocPct: 5,
  maxSocPct: 100,
};

const device = (siteId: string, role: DeviceRole, more: Partial<Device> = {}): Device => ({
  id: `${siteId}-${role}`,
  siteId,
  name: role,
  role,
  profile: 'sunspec',
  address: { host: '127.0.0.1', port: 502, unitId: 1 },
  direction: 1,
  pollPeriodMs: 1_000,
  reversion: 'device',
  ratedW: 5_000,
  battery: role === 'battery' || role === 'hybrid' ? BATTERY : undefined,
  ...more,
});

const site = (id: string, roles: DeviceRole[], kind: Site['kind'] = 'home'): Site => ({
  id,
  name: id,
  kind,
  zone: 'Europe/Berlin',
  importLimitW: 17_000,
  exportLimitW: 10_000,
  devices: roles.map((role) => device(id, role)),
});

const plant = (...sites: Site[]): Plant => ({ name: 'p', zone: 'Europe/Berlin', currency: 'EUR', households: [], sites });

const told = (values: Record<DeviceId, SampleValues>, atMs = T0): Map<DeviceId, DeviceState> =>
  new Map(Object.entries(values).map(([deviceId, each]) => [deviceId, withSample(SILENT_DEVICE, { deviceId, atMs, values: each })]));

describe("a site's balance", () => {
  const home = site('home-1', ['grid-meter', 'pv', 'battery']);
  const values = {
    'home-1-grid-meter': { 'grid.powerW': -1_000 },
    'home-1-pv': { 'pv.powerW': 3_000 },
    'home-1-battery': { 'battery.powerW': -1_500, 'battery.socPct': 40 },
  };

  it('holds what a flexible load draws already, and is whole without its word', () => {
    const withCar = { ...home, devices: [...home.devices, device('home-1', 'flexible-load')] };
    const drawing = { ...values, 'home-1-flexible-load': { 'flexible.powerW': -400 } };
    const now = plantImage(plant(withCar), told(drawing), T0 + 500);
    expect(now.sites.get('home-1')).toMatchObject({ loadW: 500, powersW: { grid: -1_000, flexible: -400 }, missing: [] });
    expect(now.fleet.loadW).toBe(500);
    const silent = plantImage(plant(withCar), told(values), T0 + 500).sites.get('home-1')!;
    expect(silent).toMatchObject({ loadW: 500, missing: [] });
    expect(silent.powersW.flexible).toBeUndefined();
  });

  it('runs on its own by the word of a device that makes a grid, or of a meter without voltage on any phase', () => {
    const alone = (more: Record<DeviceId, SampleValues>) => {
      const merged = Object.fromEntries(Object.entries(values).map(([id, each]) => [id, { ...each, ...more[id] }]));
      return plantImage(plant(home), told(merged), T0 + 500).sites.get('home-1')!.islanded;
    };
    expect(alone({ 'home-1-battery': { 'device.islanded': 1 } })).toBe(true);
    expect(alone({ 'home-1-grid-meter': { 'grid.voltageV': 0.4 } })).toBe(true);
    expect(alone({ 'home-1-battery': { 'device.islanded': 0 }, 'home-1-grid-meter': { 'grid.voltageV': 231 } })).toBeUndefined();
    expect(alone({ 'home-1-grid-meter': { 'grid.voltageAV': 0, 'grid.voltageBV': 229, 'grid.voltageCV': 231 } })).toBeUndefined();
    expect(alone({})).toBeUndefined();
  });

  it('is the sum of what flows into the bus', () => {
    const now = plantImage(plant(home), told(values), T0 + 500).sites.get('home-1')!;
    expect(now).toEqual({
      siteId: 'home-1',
      powersW: { grid: -1_000, pv: 3_000, battery: -1_500 },
      loadW: 500,
      socPct: 40,
      storedWh: 4_000,
      missing: [],
      readAtMs: T0,
    });
  });

  it('holds what each phase carries, for the limits of the connection', () => {
    const phases = { 'grid.currentAA': 24.1, 'grid.currentBA': 3, 'grid.currentCA': 0, 'grid.voltageAV': 229 };
    const states = told({ ...values, 'home-1-grid-meter': { 'grid.powerW': -1_000, ...phases } });
    expect(plantImage(plant(home), states, T0).devices.get('home-1-grid-meter')!.values).toMatchObject(phases);
  });

  it('has sun and battery from a hybrid inverter', () => {
    const hybrid = site('home-2', ['grid-meter', 'hybrid']);
    const states = told({
      'home-2-grid-meter': { 'grid.powerW': 200 },
      'home-2-hybrid': { 'pv.powerW': 900, 'battery.powerW': 100, 'battery.socPct': 80 },
    });
    const now = plantImage(plant(hybrid), states, T0).sites.get('home-2')!;
    expect([now.powersW, now.loadW, now.socPct]).toEqual([{ grid: 200, pv: 900, battery: 100 }, 1_200, 80]);
  });

  it('is absent, with the device named, when one word is missing', () => {
    const { 'home-1-battery': _battery, ...others } = values;
    const image = plantImage(plant(home), told(others), T0);
    expect(image.sites.get('home-1')).toEqual({
      siteId: 'home-1',
      powersW: { grid: -1_000, pv: 3_000 },
      loadW: undefined,
      silentFlows: ['battery'],
      missing: ['home-1-battery'],
      readAtMs: T0,
    });
    expect(image.devices.get('home-1-battery')).toMatchObject({ health: 'offline', values: {} });
    expect(image.fleet).toMatchObject({ complete: false, sitesMissing: ['home-1'], loadW: 0, storedWh: 0, capacityWh: 0 });
  });

  it('lets a reading count for 5 s at one poll a second, and not a moment longer', () => {
    expect(plantImage(plant(home), told(values), T0 + 5_000).sites.get('home-1')!.loadW).toBe(500);
    const late = plantImage(plant(home), told(values), T0 + 5_001);
    expect(late.sites.get('home-1')).toMatchObject({ powersW: {}, missing: ['home-1-grid-meter', 'home-1-pv', 'home-1-battery'] });
    expect(late.devices.get('home-1-pv')).toMatchObject({ health: 'stale', readAtMs: T0, values: {} });
  });

  it('does not let a reading count that lies as far ahead, of a clock that was set back', () => {
    const states = told({ 'a-grid-meter': { 'grid.powerW': 500 } });
    const healthAt = (ms: number) => plantImage(plant(site('a', ['grid-meter'])), states, T0 + ms).devices.get('a-grid-meter');
    expect(healthAt(-5_000)).toMatchObject({ health: 'online', values: { 'grid.powerW': 500 } });
    expect(healthAt(-5_001)).toMatchObject({ health: 'stale', values: {} });
  });

  it('waits three polls and 2 s for a slower device', () => {
    const slow = { ...home, devices: home.devices.map((each) => ({ ...each, pollPeriodMs: 10_000 })) };
    expect(plantImage(plant(slow), told(values), T0 + 32_000).sites.get('home-1')!.loadW).toBe(500);
    expect(plantImage(plant(slow), told(values), T0 + 32_001).sites.get('home-1')!.loadW).toBeUndefined();
  });

  it('does not wait where the field says that a device is offline', () => {
    const states = told(values);
    states.set('home-1-pv', { ...states.get('home-1-pv')!, health: 'offline', reason: 'no answer for 30 s' });
    const image = plantImage(plant(home), states, T0);
    expect(image.sites.get('home-1')!.missing).toEqual(['home-1-pv']);
    expect(image.devices.get('home-1-pv')).toMatchObject({ health: 'offline', reason: 'no answer for 30 s', values: {} });
  });

  it('keeps the last good word on a quantity while it is young enough', () => {
    const states = told(values);
    const partial = withSample(states.get('home-1-battery')!, {
      deviceId: 'home-1-battery',
      atMs: T0 + 2_000,
      values: { 'battery.socPct': 41 },
    });
    states.set('home-1-battery', partial);
    const now = plantImage(plant(home), states, T0 + 3_000).devices.get('home-1-battery')!;
    expect(now).toMatchObject({ readAtMs: T0 + 2_000, values: { 'battery.powerW': -1_500, 'battery.socPct': 41 } });
  });

  it('does not pass one of two inverters for all the sun', () => {
    const two = { ...home, devices: [...home.devices, device('home-1', 'pv', { id: 'home-1-pv-2' })] };
    const now = plantImage(plant(two), told(values), T0).sites.get('home-1')!;
    expect([now.powersW.pv, now.missing]).toEqual([undefined, ['home-1-pv-2']]);
  });

  it('knows the grid of a battery that stands alone, and of no home without a meter', () => {
    const alone = plantImage(
      plant(site('community', ['battery'], 'community-battery')),
      told({ 'community-battery': { 'battery.powerW': 700 } }),
      T0,
    );
    expect(alone.sites.get('community')).toMatchObject({ powersW: { battery: 700, grid: -700 }, loadW: 0 });
    const unmetered = plantImage(plant(site('home-9', ['pv'])), told({ 'home-9-pv': { 'pv.powerW': 700 } }), T0);
    expect(unmetered.sites.get('home-9')).toMatchObject({ powersW: { pv: 700 }, loadW: undefined, missing: [] });
  });
});

const anyRoles = fc.constantFrom<DeviceRole[]>(
  ['grid-meter', 'pv', 'battery'],
  ['grid-meter', 'hybrid'],
  ['grid-meter', 'generator'],
  ['pv'],
);
const anyWords = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -9_000, max: 9_000 }), fc.integer({ min: 0, max: 12_000 })), {
  minLength: 12,
  maxLength: 12,
});

test.prop([fc.array(anyRoles, { minLength: 1, maxLength: 4 }), anyWords])(
  'a load is known exactly where every device is, and the fleet is the sum of such sites',
  (roles, words) => {
    const sites = roles.map((each, i) => site(`s${i}`, each));
    const states = new Map<DeviceId, DeviceState>();
    let next = 0;
    for (const each of sites.flatMap(({ devices }) => devices)) {
      const [answers, powerW, ageMs] = words[(next += 1) % words.length]!;
      if (!answers) continue;
      const values = Object.fromEntries(flowsOfRole(each.role).map((flow) => [QUANTITIES_OF_FLOW[flow].power, powerW]));
      states.set(each.id, withSample(SILENT_DEVICE, { deviceId: each.id, atMs: T0 - ageMs, values }));
    }
    const image = plantImage(plant(...sites), states, T0);
    const whole = [...image.sites.values()].filter(({ loadW }) => loadW !== undefined);
    for (const now of image.sites.values()) {
      const metered = now.powersW.grid !== undefined;
      expect(now.loadW !== undefined).toBe(now.missing.length === 0 && metered);
      if (now.loadW !== undefined) expect(now.loadW).toBe(loadOf(now.powersW));
    }
    expect(image.fleet.complete).toBe(whole.length === sites.length);
    expect(image.fleet.sitesMissing).toEqual(sites.map(({ id }) => id).filter((id) => image.sites.get(id)!.loadW === undefined));
    for (const flow of BUS_FLOWS) {
      expect(image.fleet.powersW[flow]).toBe(whole.reduce((sum, { powersW }) => sum + (powersW[flow] ?? 0), 0));
    }
    expect(image.fleet.loadW).toBe(loadOf(image.fleet.powersW));
  },
);
