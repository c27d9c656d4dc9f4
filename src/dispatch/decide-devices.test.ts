import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import { device, inputOf, NOON_MS, RATING } from './decide.fixture.js';
import type { DecisionInput, PlannedDevice } from './decision.js';

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

describe('a site that runs on its own', () => {
  it('is handed back and left alone, whatever is wished, and counts for no event', () => {
    const homes = [
      { id: 'home', gridW: 0, pvW: 3_000, charger: { drawsW: 5_000 } },
      { id: 'other', gridW: 1_000 },
    ];
    const wishes = {
      overrides: new Map([['home-battery', { setpoint: { kind: 'battery-power', powerW: 2_000 } as const, by: 'anna' }]]),
      siteLimits: new Map([['home', { generationW: 0, loadW: 0, exportW: 0 }]]),
      event: {
        id: 'EV',
        direction: 'up' as const,
        powerW: 3_000,
        baselineW: new Map([
          ['home', 2_000],
          ['other', 1_000],
        ]),
        optedOut: new Set<string>(),
      },
    };
    const { image, ...input } = inputOf(homes, wishes);
    const sites = new Map(image.sites).set('home', { ...image.sites.get('home')!, islanded: true });
    const { devices } = decide({ ...input, image: { ...image, sites } });
    const alone = devices.filter(({ deviceId }) => deviceId.startsWith('home-'));
    expect(alone).toHaveLength(3);
    for (const one of alone) {
      expect(one).toMatchObject({ owner: 'itself', reason: 'its site runs on its own, cut off from the grid' });
      expect(one.setpoint).toBeUndefined();
      expect(one.holds).toBeUndefined();
    }
    expect(devices.find(({ deviceId }) => deviceId === 'other-battery')!.setpoint).toEqual({ kind: 'battery-power', powerW: 3_000 });
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

  it('share a limit on sun by their ratings', () => {
    const input = twice(inputOf([{ id: 'a', pvW: 4_000 }], { siteLimits: new Map([['a', { sunW: 4_000 }]]) }), 'pv');
    expect(setpoints(input)).toEqual([
      { kind: 'pv-limit', maxW: 2_000 },
      { kind: 'pv-limit', maxW: 2_000 },
    ]);
  });

  it('leave out of a limit on sun what an inverter gives that cannot be told anything', () => {
    const input = twice(inputOf([{ id: 'a', pvW: 3_000 }], { siteLimits: new Map([['a', { sunW: 4_000 }]]) }), 'pv');
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

it('a hybrid’s sun is curtailed by plan at its terminal, what its battery gives or takes on top', () => {
  const planned = new Map<string, PlannedDevice>([
    ['a-hybrid', { kind: 'battery', step: { batteryW: -1_000, gridW: 0 }, sunAtMostW: 2_500 }],
  ]);
  const input = inputOf([{ id: 'a', gridW: 0, pvW: 4_000 }], { planned });
  const [site] = input.plant.sites;
  const hybrid = device('a', 'hybrid', { battery: RATING });
  const values = { 'pv.powerW': 4_000, 'battery.powerW': -1_000, 'battery.socPct': 60 };
  const { devices } = decide({
    ...input,
    plant: { ...input.plant, sites: [{ ...site!, devices: [site!.devices[0]!, hybrid] }] },
    image: {
      ...input.image,
      devices: new Map([['a-hybrid', { deviceId: 'a-hybrid', siteId: 'a', health: 'online' as const, readAtMs: NOON_MS, values }]]),
    },
  });
  expect(devices.find(({ control }) => control === 'pv-limit')).toMatchObject({ owner: 'plan', setpoint: { maxW: 1_500 } });
});

describe('sun under an export limit', () => {
  const capW = (home: Parameters<typeof inputOf>[0][number]): unknown => {
    const { setpoint } = decide(inputOf([home])).devices.find(({ deviceId }) => deviceId === 'a-pv')!;
    return setpoint?.kind === 'pv-limit' ? setpoint.maxW : undefined;
  };

  it('is told ahead while a cloud is over the roof, in steps', () => {
    expect(capW({ id: 'a', gridW: -500, pvW: 1_000, exportLimitW: 3_000, socPct: 50 })).toBe(3_500);
    expect(capW({ id: 'a', gridW: 300, pvW: 200, exportLimitW: 3_000 })).toBeUndefined();
  });

  it('does not count on a battery that is about to be full', () => {
    expect(capW({ id: 'a', gridW: 0, batteryW: -4_000, pvW: 4_500, socPct: 99.5, exportLimitW: 1_000 })).toBe(1_500);
    expect(capW({ id: 'a', gridW: 0, batteryW: -4_000, pvW: 4_500, socPct: 60, exportLimitW: 1_000 })).toBeUndefined();
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

it('tells what an inverter falls back to where its site owes a limit without us too', () => {
  const input = inputOf([{ id: 'a', pvW: 4_000 }], { siteLimits: new Map([['a', { sunW: 1_000 }]]) });
  const [site] = input.plant.sites;
  const owing = { ...site!, safeLimits: { sunW: 2_000 } };
  const sunOf = (one: typeof owing | undefined) =>
    decide({ ...input, plant: { ...input.plant, sites: [one ?? site!] } }).devices.find(({ control }) => control === 'pv-limit');
  expect(sunOf(owing)).toMatchObject({ setpoint: { maxW: 1_000 }, fallback: { kind: 'pv-limit', maxW: 2_000 } });
  expect(sunOf(undefined)).not.toHaveProperty('fallback');
});

it.each([
  ['device', 1],
  ['supervisor', 1],
  ['none', 0],
] as const)('commands a device of reversion class %s to %d setpoints', (reversion, count) => {
  const input = inputOf([{ id: 'a', gridW: 1_000 }], { siteLimits: new Map([['a', { sunW: 0 }]]) });
  const [site] = input.plant.sites;
  const devices = site!.devices.map((one) => ({ ...one, reversion }));
  const decision = decide({ ...input, plant: { ...input.plant, sites: [{ ...site!, devices }] } });
  expect(decision.devices.flatMap(({ setpoint }) => setpoint ?? [])).toHaveLength(count);
});

it('a limit on sun that is told ahead, well above what it gives, is known to hold nothing down', () => {
  const slackAt = (gridW: number): true | undefined => {
    const input = inputOf([{ id: 'a', gridW, pvW: 1_500, socPct: 100, exportLimitW: 1_000 }]);
    const { setpoint, isSlack } = decide(input).devices.find(({ deviceId }) => deviceId === 'a-pv')!;
    expect(setpoint).toMatchObject({ kind: 'pv-limit' });
    return isSlack;
  };
  expect([slackAt(500), slackAt(-1_000)]).toEqual([true, undefined]);
});
