import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import type { Device } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import { decide } from './decide.js';
import { device, type Home, inputOf, NOON_MS, RATING } from './decide.fixture.js';
import type { DecisionInput } from './decision.js';

const limited = (home: Omit<Home, 'id'>, generationW: Watt, extra: Partial<DecisionInput> = {}): DecisionInput =>
  inputOf([{ id: 'a', socPct: 80, ...home }], { siteLimits: new Map([['a', { generationW }]]), ...extra });

const serving: DecisionInput['planned'] = new Map([['a-battery', { kind: 'battery', step: { batteryW: 5_000, gridW: 0 } }]]);

/** What each device is told, W: a battery to give, sun and engines to give at most. */
const told = (input: DecisionInput): Record<string, Watt | undefined> =>
  Object.fromEntries(
    decide(input).devices.map(({ deviceId, setpoint }) => [deviceId, setpoint && ('powerW' in setpoint ? setpoint.powerW : setpoint.maxW)]),
  );

/** With another device at its site, and what that says. */
const besides = (input: DecisionInput, more: Device, values: Record<string, number>): DecisionInput => {
  const [site] = input.plant.sites;
  const now = { deviceId: more.id, siteId: 'a', health: 'online' as const, readAtMs: NOON_MS, values };
  return {
    ...input,
    plant: { ...input.plant, sites: [{ ...site!, devices: [...site!.devices, more] }] },
    image: { ...input.image, devices: new Map([...input.image.devices, [more.id, now]]) },
  };
};

const GENSET = device('a', 'generator', {
  ratedW: 6_000,
  generator: {
    minW: 2_000,
    maxW: 6_000,
    litresPerKwh: 0.3,
    noLoadLitresPerH: 1,
    fuelMicroPerLitre: 1_500_000,
    minUpS: 600,
    minDownS: 300,
    rampWPerS: 500,
    warmUpS: 30,
    startMicro: 500_000,
  },
});

describe('a limit on generation', () => {
  it('leaves a battery what the sun does not give and may not come to give by the next decision', () => {
    const at = (pvW: Watt): unknown => told(limited({ gridW: 4_000, pvW }, 3_000, { planned: serving }));
    expect([at(2_000), at(0), at(50), at(3_000)]).toMatchObject([
      { 'a-battery': 500, 'a-pv': 2_500 },
      { 'a-battery': 2_900, 'a-pv': 100 },
      { 'a-battery': 2_850, 'a-pv': 150 },
      { 'a-battery': 0, 'a-pv': 3_000 },
    ]);
  });

  it('holds the sun to what a battery gives until it gives way', () => {
    expect(told(limited({ gridW: 1_000, pvW: 1_000, batteryW: 2_500 }, 3_000, { planned: serving }))).toMatchObject({
      'a-battery': 1_500,
      'a-pv': 500,
    });
  });

  it('takes a battery that charges for one that gives nothing', () => {
    expect(told(limited({ gridW: -500, pvW: 3_500, batteryW: -2_000 }, 3_000, { planned: serving }))).toMatchObject({ 'a-pv': 3_000 });
  });

  it('binds a battery without a plan, and has one rest of which too little is known', () => {
    const alone = limited({ gridW: 2_000, pvW: 0, batteryW: 1_000 }, 1_000);
    expect(decide(alone).devices).toContainEqual(
      expect.objectContaining({ deviceId: 'a-battery', owner: 'operator', setpoint: { kind: 'battery-power', powerW: 900 } }),
    );
    const blind = new Map([['a', { ...alone.image.sites.get('a')!, powersW: { pv: 0, battery: 1_000 } }]]);
    const unknown = { ...alone, image: { ...alone.image, sites: blind } };
    expect(told(unknown)).toMatchObject({ 'a-battery': 0 });
    expect(told({ ...unknown, siteLimits: new Map([['a', { generationW: 9_000 }]]) })).toMatchObject({ 'a-battery': undefined });
  });

  it('comes before what somebody has set by hand', () => {
    const overrides = new Map([['a-battery', { setpoint: { kind: 'battery-power', powerW: 4_000 } as const, by: 'anna' }]]);
    expect(told(limited({ gridW: 4_000, pvW: 1_000 }, 3_000, { overrides }))).toMatchObject({ 'a-battery': 1_500 });
  });

  it('leaves out what devices give that cannot be told anything', () => {
    const input = limited({ gridW: 1_000, pvW: 2_000, batteryW: 500 }, 4_000, { planned: serving });
    expect(told({ ...input, lockedOut: new Set(['a-pv']) })).toMatchObject({ 'a-battery': 1_500 });
    expect(told({ ...input, lockedOut: new Set(['a-battery']) })).toMatchObject({ 'a-pv': 3_500 });
    const silent = new Map([
      ...input.image.devices,
      ['a-pv', { ...input.image.devices.get('a-pv')!, values: {}, health: 'stale' as const }],
    ]);
    expect(told({ ...input, image: { ...input.image, devices: silent } })).toMatchObject({ 'a-battery': 0 });
  });

  it('leaves an engine what the sun does not give, and holds the sun for one that may not stop yet', () => {
    const planned = new Map([...serving, ['a-generator', { kind: 'generator', run: true, powerW: 6_000 }] as const]);
    const at = (pvW: Watt, engineW: Watt, sinceMs: number): unknown => {
      const generators = new Map([['a-generator', { running: engineW > 0, sinceMs }]]);
      const home = limited({ gridW: 5_000, pvW }, 5_000, { planned, generators });
      return told(besides(home, GENSET, { 'generator.powerW': engineW, 'generator.state': engineW > 0 ? 2 : 0 }));
    };
    const [longAgo, justNow] = [NOON_MS - 3_600_000, NOON_MS - 60_000];
    expect(at(1_000, 3_500, longAgo)).toMatchObject({ 'a-pv': 1_500, 'a-generator': 3_500, 'a-battery': 0 });
    expect(at(4_000, 2_000, longAgo)).toMatchObject({ 'a-pv': 3_000, 'a-generator': 0, 'a-battery': 0 });
    expect(at(4_000, 2_000, justNow)).toMatchObject({ 'a-pv': 3_000, 'a-generator': 2_000, 'a-battery': 0 });
    expect(at(4_000, 0, longAgo)).toMatchObject({ 'a-pv': 4_500, 'a-generator': 0, 'a-battery': 500 });
  });

  it('holds a hybrid at its terminal, where its battery gives way to its sun by itself', () => {
    const [home] = inputOf([{ id: 'a' }]).plant.sites;
    const hybrid = device('a', 'hybrid', { battery: RATING });
    const input = limited({ gridW: 3_000, pvW: 1_000, batteryW: 500 }, 3_000);
    const now = { deviceId: hybrid.id, siteId: 'a', health: 'online' as const, readAtMs: NOON_MS };
    const values = { 'pv.powerW': 1_000, 'battery.powerW': 500, 'battery.socPct': 80 };
    const devices = new Map([[hybrid.id, { ...now, values }]]);
    const planned: DecisionInput['planned'] = new Map([[hybrid.id, { kind: 'battery', step: { batteryW: 5_000, gridW: 0 } }]]);
    const plant = { ...input.plant, sites: [{ ...home!, devices: [hybrid] }] };
    const { devices: decided } = decide({ ...input, plant, planned, image: { ...input.image, devices } });
    expect(decided.flatMap(({ setpoint }) => setpoint ?? [])).toEqual([
      { kind: 'pv-limit', maxW: 3_000 },
      { kind: 'battery-power', powerW: 2_000 },
    ]);
  });
});

interface Weather {
  readonly sunW: Watt;
  readonly loadW: Watt;
}
const weather = fc.array(fc.record({ sunW: fc.nat(5_000), loadW: fc.nat(9_000) }), { minLength: 1, maxLength: 6 });

/** Cycle after cycle with devices that do what they are told, and what they give in each. */
const lived = (generationW: Watt, courses: readonly Weather[], planned: DecisionInput['planned']): { sunW: Watt; batteryW: Watt }[] => {
  let given = { sunW: 0, batteryW: 0 };
  let capW = Infinity;
  return courses.flatMap(({ sunW, loadW }) =>
    Array.from({ length: CYCLES }, () => {
      given = { ...given, sunW: Math.min(sunW, capW) };
      const before = given;
      const asked = told(
        limited({ gridW: loadW - given.sunW - given.batteryW, pvW: given.sunW, batteryW: given.batteryW }, generationW, { planned }),
      );
      capW = asked['a-pv'] ?? Infinity;
      given = { ...given, batteryW: asked['a-battery'] ?? 0 };
      return before;
    }),
  );
};
const CYCLES = 25;

test.prop([fc.nat(9_000), weather, fc.boolean()])(
  'holds in every cycle of devices that do what they are told, and lets the sun have it',
  (generationW, courses, isPlanned) => {
    const cycles = lived(generationW, courses, isPlanned ? serving : undefined);
    const begun = cycles.slice(1);
    for (const { sunW, batteryW } of begun) expect(sunW + Math.max(0, batteryW)).toBeLessThanOrEqual(generationW + 1);
    courses.forEach(({ sunW }, index) => {
      const { sunW: letW } = cycles[(index + 1) * CYCLES - 1]!;
      expect(letW).toBeGreaterThanOrEqual(Math.min(sunW, generationW) - 1);
    });
  },
);
