import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { BatteryRating, Device, Plant, Site } from '../fleet/plant.js';
import type { DeviceNow, PlantImage, SiteNow } from '../telemetry/image.js';
import { decide } from './decide.js';
import type { DecisionInput, PlannedDevice } from './decision.js';

const NOON_MS = Date.UTC(2026, 5, 1, 12);
const RATING: BatteryRating = {
  capacityWh: 10_000,
  maxChargeW: 5_000,
  maxDischargeW: 5_000,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.95,
  minSocPct: 5,
  maxSocPct: 100,
};

interface Home {
  id: string;
  gridW?: number;
  batteryW?: number;
  pvW?: number;
  socPct?: number;
  importLimitW?: number;
  exportLimitW?: number;
}

const device = (siteId: string, role: Device['role'], extra: Partial<Device> = {}): Device => ({
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
  ...extra,
});

const siteOf = ({ id, importLimitW = 20_000, exportLimitW = 20_000 }: Home): Site => ({
  id,
  name: id,
  kind: 'home',
  zone: 'Europe/Berlin',
  importLimitW,
  exportLimitW,
  devices: [device(id, 'grid-meter'), device(id, 'pv'), device(id, 'battery', { battery: RATING })],
});

const imageOf = (homes: readonly Home[]): PlantImage => {
  const devices = new Map<string, DeviceNow>();
  const sites = new Map<string, SiteNow>();
  for (const { id, gridW = 0, batteryW = 0, pvW = 0, socPct = 50 } of homes) {
    const online = (role: string, values: DeviceNow['values']): void => {
      devices.set(`${id}-${role}`, { deviceId: `${id}-${role}`, siteId: id, health: 'online', readAtMs: NOON_MS, values });
    };
    online('grid-meter', { 'grid.powerW': gridW });
    online('pv', { 'pv.powerW': pvW });
    online('battery', { 'battery.powerW': batteryW, 'battery.socPct': socPct });
    sites.set(id, {
      siteId: id,
      powersW: { grid: gridW, pv: pvW, battery: batteryW },
      loadW: gridW + pvW + batteryW,
      socPct,
      missing: [],
      readAtMs: NOON_MS,
    });
  }
  const sum = (pick: (home: Home) => number | undefined): number => homes.reduce((total, home) => total + (pick(home) ?? 0), 0);
  const powersW = { grid: sum((home) => home.gridW), pv: sum((home) => home.pvW), battery: sum((home) => home.batteryW), generator: 0 };
  return { atMs: NOON_MS, devices, sites, fleet: { powersW, loadW: 0, storedWh: 0, capacityWh: 0, complete: true, sitesMissing: [] } };
};

const inputOf = (homes: readonly Home[], extra: Partial<DecisionInput> = {}): DecisionInput => ({
  atMs: NOON_MS,
  plant: { name: 'Test', zone: 'Europe/Berlin', currency: 'EUR', households: [], sites: homes.map(siteOf) } satisfies Plant,
  image: imageOf(homes),
  consents: new Map(homes.map(({ id }) => [id, { reserveFloorPct: 20, optedOut: false }])),
  lockedOut: new Set(),
  siteLimits: new Map(),
  fleetLimits: {},
  overrides: new Map(),
  generators: new Map(),
  ...extra,
});

const plan = (homes: readonly Home[], step: { batteryW: number; gridW: number }): Map<string, PlannedDevice> =>
  new Map(homes.map(({ id }) => [`${id}-battery`, { kind: 'battery', step }]));

const batteryW = (input: DecisionInput, id = 'a'): number | undefined => {
  const { setpoint } = decide(input).devices.find(({ deviceId }) => deviceId === `${id}-battery`)!;
  return setpoint?.kind === 'battery-power' ? setpoint.powerW : undefined;
};

describe('following the plan', () => {
  it('covers the load that came, where the plan kept the grid at zero', () => {
    const homes = [{ id: 'a', gridW: 1_800 }];
    expect(batteryW(inputOf(homes, { planned: plan(homes, { batteryW: 900, gridW: 0 }) }))).toBe(1_800);
  });

  it('holds its energy for later, where the plan imports now', () => {
    const homes = [{ id: 'a', gridW: 1_800 }];
    expect(batteryW(inputOf(homes, { planned: plan(homes, { batteryW: 0, gridW: 900 }) }))).toBe(0);
  });

  it('charges from the grid, and takes all the sun there is on top', () => {
    const planned = { batteryW: -2_000, gridW: 2_500 };
    expect(batteryW(inputOf([{ id: 'a', gridW: 500 }], { planned: plan([{ id: 'a' }], planned) }))).toBe(-2_000);
    expect(batteryW(inputOf([{ id: 'a', gridW: -3_000 }], { planned: plan([{ id: 'a' }], planned) }))).toBe(-3_000);
  });

  it('leaves a battery to itself without a plan, without its meter, and while locked out', () => {
    const homes = [{ id: 'a', gridW: 1_800 }];
    const planned = plan(homes, { batteryW: 0, gridW: 0 });
    expect(batteryW(inputOf(homes))).toBeUndefined();
    expect(batteryW(inputOf(homes, { planned, lockedOut: new Set(['a-battery']) }))).toBeUndefined();
    const image = imageOf(homes);
    const blind = new Map([['a', { ...image.sites.get('a')!, powersW: { pv: 0, battery: 0 }, missing: ['a-grid-meter'] }]]);
    expect(batteryW(inputOf(homes, { planned, image: { ...image, sites: blind } }))).toBeUndefined();
  });
});

describe('a grid event', () => {
  const event = {
    id: 'EV-0001',
    direction: 'up' as const,
    powerW: 3_000,
    baselineW: new Map([
      ['a', 500],
      ['b', 500],
    ]),
    optedOut: new Set<string>(),
  };

  it('shares its power by what each battery can still give, below each home’s own baseline', () => {
    const homes = [
      { id: 'a', gridW: 1_000 },
      { id: 'b', gridW: 1_000 },
    ];
    const input = inputOf(homes, { event });
    expect(decide(input).shared).toEqual({ wantedW: 3_000, givenW: 3_000 });
    expect(batteryW(input, 'a')).toBe(2_000);
    expect(batteryW(input, 'b')).toBe(2_000);
  });

  it('leaves out the home that opted out, and the others take its part', () => {
    const homes = [
      { id: 'a', gridW: 500 },
      { id: 'b', gridW: 500 },
    ];
    const planned = plan(homes, { batteryW: 0, gridW: 500 });
    const input = inputOf(homes, { event: { ...event, optedOut: new Set(['b']) }, planned });
    expect(batteryW(input, 'a')).toBe(3_000);
    expect(batteryW(input, 'b')).toBe(0);
  });

  it('says how much is missing when batteries are at their floor', () => {
    const homes = [
      { id: 'a', gridW: 500, socPct: 20 },
      { id: 'b', gridW: 500, socPct: 80 },
    ];
    const decision = decide(inputOf(homes, { event: { ...event, powerW: 9_000 } }));
    expect(decision.shared).toEqual({ wantedW: 9_000, givenW: 5_000 });
    const floor = decision.devices.find(({ deviceId }) => deviceId === 'a-battery')!;
    expect(floor.cuts.map(({ by }) => by)).toContain('consent');
  });
});

describe('limits', () => {
  it('an operator’s import limit outranks a plan that charges from the grid', () => {
    const homes = [{ id: 'a', gridW: 1_000 }];
    const input = inputOf(homes, {
      planned: plan(homes, { batteryW: -4_000, gridW: 5_000 }),
      siteLimits: new Map([['a', { importW: 2_000 }]]),
    });
    expect(batteryW(input)).toBe(-1_000);
  });

  it('hold sun at the export limit, and let it go only with room to spare', () => {
    const pvCap = (gridW: number): number | undefined => {
      const { setpoint } = decide(inputOf([{ id: 'a', gridW, pvW: 4_000, socPct: 100, exportLimitW: 3_000 }])).devices.find(
        ({ deviceId }) => deviceId === 'a-pv',
      )!;
      return setpoint?.kind === 'pv-limit' ? setpoint.maxW : undefined;
    };
    expect(pvCap(-3_500)).toBe(3_500);
    expect(pvCap(-3_000)).toBe(4_000);
    expect(pvCap(-1_000)).toBeUndefined();
  });

  it('a fleet over its limit is brought back by its batteries', () => {
    const homes = [
      { id: 'a', gridW: 4_000 },
      { id: 'b', gridW: 4_000 },
    ];
    const planned = plan(homes, { batteryW: 0, gridW: 4_000 });
    const input = inputOf(homes, { planned, fleetLimits: { importW: 6_000 } });
    expect(batteryW(input, 'a')! + batteryW(input, 'b')!).toBe(2_000);
  });

  it('a fleet that is within its limit only because its batteries give way keeps them at it', () => {
    const homes = [
      { id: 'a', gridW: 3_000, batteryW: 1_000 },
      { id: 'b', gridW: 3_000, batteryW: 1_000 },
    ];
    const planned = plan(homes, { batteryW: 0, gridW: 4_000 });
    const input = inputOf(homes, { planned, fleetLimits: { importW: 6_000 } });
    expect([batteryW(input, 'a'), batteryW(input, 'b')]).toEqual([1_000, 1_000]);
  });

  it('a site that is away does not hide what the others draw from the fleet’s limit', () => {
    const homes = [
      { id: 'a', gridW: 8_000 },
      { id: 'b', gridW: 0 },
    ];
    const image = imageOf(homes);
    const fleet = { ...image.fleet, powersW: { ...image.fleet.powersW, grid: 0 }, complete: false, sitesMissing: ['a'] };
    const planned = plan(homes, { batteryW: 0, gridW: 4_000 });
    const input = inputOf(homes, { planned, fleetLimits: { importW: 6_000 }, image: { ...image, fleet } });
    expect(batteryW(input, 'a')! + batteryW(input, 'b')!).toBe(2_000);
  });
});

describe('a device that falls silent', () => {
  it('keeps what it holds: a missed poll lifts no limit and stops no generator', () => {
    const input = inputOf([{ id: 'a', gridW: 1_000 }], { siteLimits: new Map([['a', { generationW: 0 }]]) });
    const silent = new Map([...input.image.devices].map(([id, now]) => [id, { ...now, health: 'stale' as const }]));
    const { devices } = decide({ ...input, image: { ...input.image, devices: silent } });
    expect(devices.map(({ deviceId, setpoint, holds }) => [deviceId, setpoint, holds])).toEqual([
      ['a-pv', undefined, true],
      ['a-battery', undefined, true],
    ]);
  });

  it('is no reason to lift an export limit: without the meter no more leaves than the connection bears', () => {
    const input = inputOf([{ id: 'a', gridW: 0, pvW: 4_000, exportLimitW: 0 }]);
    const blind = new Map([['a', { ...input.image.sites.get('a')!, powersW: { pv: 4_000, battery: 0 } }]]);
    const pv = decide({ ...input, image: { ...input.image, sites: blind } }).devices.find(({ deviceId }) => deviceId === 'a-pv');
    expect(pv).toMatchObject({ owner: 'connection', setpoint: { kind: 'pv-limit', maxW: 0 } });
  });
});

describe('several devices of one kind at a site', () => {
  const twice = (input: DecisionInput, role: 'pv' | 'battery'): DecisionInput => {
    const [site] = input.plant.sites;
    const first = site!.devices.find((one) => one.role === role)!;
    const second = { ...first, id: `a-${role}-2` };
    const now = input.image.devices.get(first.id)!;
    return {
      ...input,
      plant: { ...input.plant, sites: [{ ...site!, devices: [...site!.devices, second] }] },
      image: { ...input.image, devices: new Map([...input.image.devices, [second.id, { ...now, deviceId: second.id }]]) },
    };
  };
  const setpoints = (input: DecisionInput): unknown[] => decide(input).devices.flatMap(({ setpoint }) => setpoint ?? []);

  it('share a generation limit by their ratings', () => {
    const input = twice(inputOf([{ id: 'a', pvW: 4_000 }], { siteLimits: new Map([['a', { generationW: 4_000 }]]) }), 'pv');
    expect(setpoints(input)).toEqual([
      { kind: 'pv-limit', maxW: 2_000 },
      { kind: 'pv-limit', maxW: 2_000 },
    ]);
  });

  it('leave out of a generation limit what an inverter gives that cannot be told anything', () => {
    const input = twice(inputOf([{ id: 'a', pvW: 3_000 }], { siteLimits: new Map([['a', { generationW: 4_000 }]]) }), 'pv');
    expect(setpoints({ ...input, lockedOut: new Set(['a-pv']) })).toEqual([{ kind: 'pv-limit', maxW: 1_000 }]);
  });

  it('cover the load together, and not twice', () => {
    const step = { batteryW: 1_500, gridW: 0 };
    const planned = new Map<string, PlannedDevice>(['a-battery', 'a-battery-2'].map((id) => [id, { kind: 'battery', step }]));
    expect(setpoints(twice(inputOf([{ id: 'a', gridW: 3_000 }], { planned }), 'battery'))).toEqual([
      { kind: 'battery-power', powerW: 1_500 },
      { kind: 'battery-power', powerW: 1_500 },
    ]);
  });
});

describe('a hybrid inverter', () => {
  it('is held at its terminal where its sun would break a limit, and its battery is told its power as well', () => {
    const input = inputOf([{ id: 'a', gridW: -4_800, pvW: 4_800, socPct: 100, exportLimitW: 1_000 }], {
      planned: new Map([['a-hybrid', { kind: 'battery', step: { batteryW: 0, gridW: 0 } }]]),
    });
    const [site] = input.plant.sites;
    const hybrid = device('a', 'hybrid', { battery: RATING });
    const values = { 'pv.powerW': 4_800, 'battery.powerW': 0, 'battery.socPct': 100 };
    const { devices } = decide({
      ...input,
      plant: { ...input.plant, sites: [{ ...site!, devices: [site!.devices[0]!, hybrid] }] },
      image: {
        ...input.image,
        devices: new Map([['a-hybrid', { deviceId: 'a-hybrid', siteId: 'a', health: 'online' as const, readAtMs: NOON_MS, values }]]),
      },
    });
    expect(devices.map(({ setpoint }) => setpoint)).toEqual([
      { kind: 'pv-limit', maxW: 1_000 },
      { kind: 'battery-power', powerW: 0 },
    ]);
  });
});

describe('a generator', () => {
  const GENERATOR = {
    minW: 3_000,
    maxW: 10_000,
    rampWPerS: 1_000,
    warmUpS: 0,
    minUpS: 0,
    minDownS: 0,
    noLoadLitresPerH: 1,
    litresPerKwh: 0.3,
    fuelMicroPerLitre: 1_000_000,
    startMicro: 0,
  };
  const told = (exportLimitW: number, gridW: number): unknown => {
    const input = inputOf([{ id: 'a', gridW, exportLimitW }], {
      overrides: new Map([['a-generator', { setpoint: { kind: 'generator', run: true, powerW: 10_000 }, by: 'anna' }]]),
    });
    const [site] = input.plant.sites;
    const genset = device('a', 'generator', { ratedW: 10_000, generator: GENERATOR });
    const now = { deviceId: 'a-generator', siteId: 'a', health: 'online' as const, readAtMs: NOON_MS, values: { 'generator.powerW': 0 } };
    const { devices } = decide({
      ...input,
      plant: { ...input.plant, sites: [{ ...site!, devices: [site!.devices[0]!, genset] }] },
      image: { ...input.image, devices: new Map([['a-generator', now]]) },
    });
    return devices[0];
  };

  it('gives an override no more than its connection takes, and stands where that is below its minimum', () => {
    expect(told(20_000, 0)).toMatchObject({ setpoint: { run: true, powerW: 10_000 }, cuts: [] });
    expect(told(2_000, 4_000)).toMatchObject({ setpoint: { run: true, powerW: 6_000 }, cuts: [{ by: 'connection' }] });
    expect(told(0, 1_000)).toMatchObject({ setpoint: { run: false, powerW: 0 }, cuts: [{ by: 'connection' }] });
  });
});

it('commands nothing whose setpoint only a supervisor would end: there is none yet', () => {
  const input = inputOf([{ id: 'a', gridW: 1_000 }], { siteLimits: new Map([['a', { generationW: 0 }]]) });
  const [site] = input.plant.sites;
  const devices = site!.devices.map((one) => ({ ...one, reversion: 'supervisor' as const }));
  const decision = decide({ ...input, plant: { ...input.plant, sites: [{ ...site!, devices }] } });
  expect(decision.devices.flatMap(({ setpoint }) => setpoint ?? [])).toEqual([]);
});

const anyHome = (id: string): fc.Arbitrary<Home> =>
  fc.record({
    id: fc.constant(id),
    gridW: fc.integer({ min: -15_000, max: 15_000 }),
    batteryW: fc.integer({ min: -5_000, max: 5_000 }),
    socPct: fc.double({ min: 0, max: 100, noNaN: true }),
    importLimitW: fc.integer({ min: 1_000, max: 20_000 }),
    exportLimitW: fc.integer({ min: 0, max: 20_000 }),
  });
const anyStep = fc.record({ batteryW: fc.integer({ min: -9_000, max: 9_000 }), gridW: fc.integer({ min: -9_000, max: 9_000 }) });
const anyEvent = fc.option(
  fc.record({ powerW: fc.integer({ min: 1, max: 30_000 }), direction: fc.constantFrom('up' as const, 'down' as const) }),
  { nil: undefined },
);

test.prop([anyHome('a'), anyHome('b'), anyStep, anyEvent])(
  'no setpoint breaks what the battery can do or takes the household’s reserve',
  (a, b, step, wish) => {
    const homes = [a, b];
    const event = wish && {
      ...wish,
      id: 'EV-0001',
      baselineW: new Map([
        ['a', 0],
        ['b', 0],
      ]),
      optedOut: new Set<string>(),
    };
    const decision = decide(inputOf(homes, { planned: plan(homes, step), ...(event ? { event } : {}) }));
    for (const home of homes) {
      const { setpoint } = decision.devices.find(({ deviceId }) => deviceId === `${home.id}-battery`)!;
      if (setpoint?.kind !== 'battery-power') throw new Error('a battery that answers is decided on');
      expect(Math.abs(setpoint.powerW)).toBeLessThanOrEqual(5_000);
      if (home.socPct! <= 20) expect(setpoint.powerW).toBeLessThanOrEqual(0);
      if (home.socPct! >= 100) expect(setpoint.powerW).toBeGreaterThanOrEqual(0);
    }
    if (decision.shared) expect(Math.abs(decision.shared.givenW)).toBeLessThanOrEqual(Math.abs(decision.shared.wantedW) + 1e-6);
  },
);
