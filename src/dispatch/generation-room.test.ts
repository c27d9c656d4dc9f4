import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import type { Device } from '../fleet/plant.js';
import { clamp, type Watt } from '../kernel/units.js';
import { CycleMemory } from './cycle-memory.js';
import { decide } from './decide.js';
import { device, type Home, inputOf, NOON_MS, RATING } from './decide.fixture.js';
import type { DecisionInput } from './decision.js';
import type { GeneratorNow } from './generator-rules.js';

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
  it('says what is left where an engine cannot run with so little', () => {
    const why = (generationW: Watt): unknown => {
      const planned = new Map([['a-generator', { kind: 'generator', run: true, powerW: 6_000 } as const]]);
      const input = besides(limited({ pvW: 0 }, generationW, { planned }), GENSET, { 'generator.powerW': 0, 'generator.state': 0 });
      return decide(input)
        .devices.find(({ control }) => control === 'generator')
        ?.cuts.map((cut) => cut.why);
    };
    expect(why(1_600)).toEqual(['the limit on generation leaves 1500 W, and it gives 2000 W at least']);
    expect(why(4_600)).toEqual(['the limit on generation leaves it 4500 W']);
    expect(why(9_000)).toEqual([]);
  });

  it('has an engine wait for what a slow battery cannot make free by the time it is warm, whatever a quick one beside it could', () => {
    const planned = new Map([...serving, ['a-generator', { kind: 'generator', run: true, powerW: 6_000 } as const]]);
    const quick = device('a', 'battery', { id: 'a-quick', battery: RATING });
    const runs = (paceWPerS: number, quickW: Watt): unknown => {
      const home = limited({ gridW: 5_000, batteryW: 5_000 - quickW }, 5_100, { planned, paces: new Map([['a-battery', paceWPerS]]) });
      const both = besides(home, quick, { 'battery.powerW': quickW, 'battery.socPct': 80 });
      const input = besides(both, GENSET, { 'generator.powerW': 0, 'generator.state': 0 });
      return decide(input).devices.find(({ control }) => control === 'generator')?.setpoint;
    };
    expect([runs(50, 100), runs(70, 100)]).toMatchObject([{ run: false }, { run: true }]);
    expect([runs(30, 1_000), runs(40, 1_000)]).toMatchObject([{ run: false }, { run: true }]);
  });

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

  describe('lets an engine rise', () => {
    const planned = new Map([...serving, ['a-generator', { kind: 'generator', run: true, powerW: 6_000 }] as const]);
    const at = (powers: Pick<Home, 'batteryW'> & { engineW: Watt }, now: Partial<GeneratorNow>, extra: Partial<DecisionInput> = {}) => {
      const { batteryW = 0, engineW } = powers;
      const generators = new Map([['a-generator', { running: true, sinceMs: NOON_MS - 3_600_000, ...now }]]);
      const home = limited({ gridW: 5_000, batteryW }, 6_000, { planned, generators, ...extra });
      return besides(home, GENSET, { 'generator.powerW': engineW, 'generator.state': now.warmingSinceMs === undefined ? 2 : 1 });
    };
    const deaf = { unfollowing: new Set(['a-battery']) };

    it('into what batteries do not give, while they make room for it a little ahead', () => {
      const input = at({ batteryW: 3_000, engineW: 2_000 }, { comesToW: 5_900 });
      expect(told(input)).toMatchObject({ 'a-generator': 2_900, 'a-battery': 2_900, 'a-pv': 100 });
      expect(decide(input).devices).toContainEqual(expect.objectContaining({ deviceId: 'a-generator', comesToW: 5_900 }));
      expect(told(at({ batteryW: 500, engineW: 5_000 }, { comesToW: 5_900 }))).toMatchObject({ 'a-generator': 5_400, 'a-battery': 0 });
    });

    it('from its least power on, for which batteries make room before it is warm', () => {
      const warming = (forMs: number): unknown =>
        told(at({ batteryW: 5_000, engineW: 0 }, { comesToW: 5_900, warmingSinceMs: NOON_MS - forMs }));
      expect(warming(10_000)).toMatchObject({ 'a-generator': 2_000, 'a-battery': 5_000 });
      expect(warming(20_000)).toMatchObject({ 'a-generator': 2_000, 'a-battery': 3_900 });
    });

    it('no further than a battery lets it that does not follow, and has it stand where that is too little', () => {
      expect(told(at({ batteryW: 3_000, engineW: 4_000 }, { comesToW: 5_900 }, deaf))).toMatchObject({ 'a-generator': 2_900 });
      const barred = at({ batteryW: 4_500, engineW: 2_000 }, { comesToW: 5_900 }, deaf);
      expect(decide(barred).devices).toContainEqual(
        expect.objectContaining({ setpoint: { kind: 'generator', run: false, powerW: 0 }, comesToW: 5_900 }),
      );
    });

    it('goes on asking that battery to make room for it, and goes on at its least while it may not stop', () => {
      expect(told(at({ batteryW: 5_000, engineW: 0 }, { running: false, comesToW: 5_900 }, deaf))).toMatchObject({ 'a-battery': 3_900 });
      const held = at({ batteryW: 4_500, engineW: 2_500 }, { sinceMs: NOON_MS - 60_000 }, deaf);
      expect(told(held)).toMatchObject({ 'a-generator': 2_000 });
    });
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
  'holds in every cycle of devices that do at once what they are told, and lets the sun have it',
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

interface Slowness {
  /** By how much the battery changes in a second; 0: it does not follow. */
  readonly batteryW: Watt;
  readonly engineW: Watt;
}

/**
 * Second after second beside a battery that may be slow or deaf, and an engine that warms up; what all give together. Before that a lower limit has shown how
 * fast the battery comes down.
 */
const livedSlowly = (generationW: Watt, courses: readonly Weather[], { batteryW: followsW, engineW: rampWPerS }: Slowness): Watt[] => {
  const memory = new CycleMemory();
  const genset = { ...GENSET, generator: { ...GENSET.generator!, rampWPerS, warmUpS: WARM_UP_S, minUpS: 0, minDownS: 0 } };
  let [sunW, batteryW, engineW, warmForS, second] = [0, Math.min(generationW, 5_000), 0, 0, 0];
  const live = (now: Weather, limitW: Watt, seconds: number): Watt[] =>
    Array.from({ length: seconds }, () => {
      const loadW = now.loadW + 5_000;
      const state = warmForS === 0 ? 0 : warmForS <= WARM_UP_S ? 1 : 2;
      const atMs = NOON_MS + 1_000 * second++;
      const given = { gridW: loadW - sunW - batteryW - engineW, pvW: sunW, batteryW };
      const input = besides(limited(given, limitW), genset, { 'generator.powerW': engineW, 'generator.state': state });
      for (const each of input.image.devices.values()) Object.assign(each, { readAtMs: atMs });
      const image = { ...input.image, atMs };
      const planned = new Map([...serving, ['a-generator', { kind: 'generator', run: now.sunW % 2 === 0, powerW: 5_000 }] as const]);
      const decision = decide({ ...input, planned, ...memory.look(input.plant, image, new Set()), atMs });
      memory.note(input.plant, image, decision);
      const setpoints = new Map(decision.devices.map(({ deviceId, setpoint }) => [deviceId, setpoint]));
      const [pv, battery, engine] = ['a-pv', 'a-battery', 'a-generator'].map((id) => setpoints.get(id));
      sunW = Math.min(now.sunW, pv?.kind === 'pv-limit' ? pv.maxW : Infinity);
      if (battery?.kind === 'battery-power') batteryW += clamp(battery.powerW - batteryW, -followsW, followsW);
      const runs = engine?.kind === 'generator' && engine.run ? Math.max(engine.powerW, 2_000) : undefined;
      warmForS = runs === undefined ? 0 : warmForS + 1;
      const wantedW = warmForS > WARM_UP_S ? runs! : 0;
      engineW = runs === undefined ? 0 : engineW + clamp(wantedW - engineW, -rampWPerS, rampWPerS);
      return sunW + Math.max(0, batteryW) + engineW;
    });
  live({ sunW: 1, loadW: 5_000 }, SHOWS_PACE_W, 100);
  return courses.flatMap((now) => live(now, generationW, 2 * CYCLES));
};
const SHOWS_PACE_W = 1_000;
const WARM_UP_S = 20;
const slowness = fc.record({
  batteryW: fc.oneof(fc.constant(0), fc.integer({ min: 50, max: 5_000 })),
  engineW: fc.integer({ min: 100, max: 3_000 }),
});

test.prop([fc.integer({ min: 2_500, max: 12_000 }), weather, slowness])(
  'holds in every second beside a battery that is slow or deaf, and an engine that comes and goes',
  (generationW, courses, slow) => {
    const [, ...givenW] = livedSlowly(generationW, courses, slow);
    // Each setpoint is a whole watt, and a battery that is a tenth off it is taken to follow.
    const offW = 3 + (slow.batteryW === 0 ? 500 : 0);
    for (const eachW of givenW) expect(eachW).toBeLessThanOrEqual(generationW + offW);
  },
);
