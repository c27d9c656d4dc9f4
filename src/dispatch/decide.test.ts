import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import { type Home, imageOf, inputOf, NOON_MS, plan } from './decide.fixture.js';
import type { DecisionInput } from './decision.js';

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

  it('may be put off within what everybody else allows, and not where somebody cut it', () => {
    const waits = (home: Home, batteryPlanW: number) => {
      const decision = decide(inputOf([home], { planned: plan([home], { batteryW: batteryPlanW, gridW: 0 }) }));
      return decision.devices.find(({ control }) => control === 'battery-power')!.waitsWithin;
    };
    expect(waits({ id: 'a', gridW: 1_800 }, 900)).toEqual({ minW: -5_000, maxW: 5_000 });
    expect(waits({ id: 'a', gridW: 1_800, socPct: 20 }, 900)).toBeUndefined();
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

describe('an event and what homes do by themselves', () => {
  const event = (powerW: number, baselines: Record<string, number>) => ({
    id: 'EV-0001',
    direction: 'up' as const,
    powerW,
    baselineW: new Map(Object.entries(baselines)),
    optedOut: new Set<string>(),
  });

  it('counts what a home gives by drawing less, and does not make it charge', () => {
    const homes = [
      { id: 'a', gridW: 300 },
      { id: 'b', gridW: 800 },
    ];
    const input = inputOf(homes, { event: event(5_000, { a: 4_000, b: 800 }) });
    expect([batteryW(input, 'a')! + batteryW(input, 'b')!, decide(input).shared]).toEqual([1_300, { wantedW: 5_000, givenW: 5_000 }]);
    expect(batteryW(inputOf(homes, { event: event(2_000, { a: 4_000, b: 800 }) }), 'a')).toBe(0);
  });

  it('asks each battery for the same share of the energy it may spend until the end', () => {
    const homes = [
      { id: 'a', gridW: 0, socPct: 80 },
      { id: 'b', gridW: 0, socPct: 30 },
    ];
    const input = inputOf(homes, { event: { ...event(3_500, { a: 0, b: 0 }), endMs: NOON_MS + 3_600_000 } });
    expect(['a', 'b'].map((id) => batteryW(input, id))).toEqual([2_941, 559]);
    const atOnce = { ...input, event: { ...input.event!, endMs: NOON_MS + 60_000 } };
    expect(['a', 'b'].map((id) => batteryW(atOnce, id))).toEqual([1_750, 1_750]);
  });

  it('gives the part of a battery that does not follow to the others, and goes on asking it', () => {
    const homes = ['a', 'b', 'c'].map((id) => ({ id, gridW: 800 }));
    const input = inputOf(homes, { event: event(6_000, { a: 800, b: 800, c: 800 }), unfollowing: new Set(['b-battery']) });
    expect(['a', 'b', 'c'].map((id) => batteryW(input, id))).toEqual([3_000, 2_000, 3_000]);
    expect(decide(input).shared).toEqual({ wantedW: 6_000, givenW: 6_000 });
  });
});

describe('a limit on what the fleet gives out', () => {
  const suns = (exportW: number): (number | undefined)[] => {
    const homes = [
      { id: 'a', gridW: -4_000, pvW: 4_500, socPct: 100 },
      { id: 'b', gridW: -1_000, pvW: 1_500, socPct: 100 },
    ];
    const { devices } = decide(inputOf(homes, { fleetLimits: { exportW } }));
    return ['a-pv', 'b-pv'].map((id) => {
      const { setpoint } = devices.find(({ deviceId }) => deviceId === id)!;
      return setpoint?.kind === 'pv-limit' ? setpoint.maxW : undefined;
    });
  };

  it('leaves on the roofs what batteries cannot take, from each by what it gives', () => {
    expect(suns(3_020)).toEqual([3_000, 1_000]);
  });

  it('leaves sun alone where there is room', () => {
    expect(suns(20_000)).toEqual([undefined, undefined]);
  });
});

describe('a household’s reserve', () => {
  it('is not spent on a limit that the house itself breaks, not even a watt of rounding', () => {
    const under = { id: 'a', gridW: 991, batteryW: 10, socPct: 5.0001, importLimitW: 1_000 };
    const planned = plan([under], { batteryW: 0, gridW: 0 });
    expect(batteryW(inputOf([under], { planned }))).toBe(0);
    const over = { ...under, gridW: 9_000, socPct: 20 };
    expect(batteryW(inputOf([over], { planned, siteLimits: new Map([['a', { importW: 500 }]]) }))).toBe(0);
  });

  it('leaves what is above it to the limit', () => {
    const home = { id: 'a', gridW: 3_000, socPct: 60, importLimitW: 1_000 };
    expect(batteryW(inputOf([home], { planned: plan([home], { batteryW: 0, gridW: 3_000 }) }))).toBe(2_000);
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
    expect(batteryW(input, 'a')! + batteryW(input, 'b')!).toBe(2_020);
  });

  it('a fleet that is within its limit only because its batteries give way keeps them at it', () => {
    const homes = [
      { id: 'a', gridW: 3_000, batteryW: 1_000 },
      { id: 'b', gridW: 3_000, batteryW: 1_000 },
    ];
    const planned = plan(homes, { batteryW: 0, gridW: 4_000 });
    const input = inputOf(homes, { planned, fleetLimits: { importW: 6_000 } });
    expect([batteryW(input, 'a'), batteryW(input, 'b')]).toEqual([1_010, 1_010]);
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
    expect(batteryW(input, 'a')! + batteryW(input, 'b')!).toBe(2_020);
  });
});

/** As often near the floor and the battery's own end as anywhere: `fc.double` alone hardly ever lies between 1 and 100. */
const anySocPct = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }).map((tenths) => tenths / 10),
  fc.double({ min: 4.99, max: 5.01, noNaN: true }),
  fc.double({ min: 19.99, max: 21.01, noNaN: true }),
);
const anyHome = (id: string): fc.Arbitrary<Home> =>
  fc.record({
    id: fc.constant(id),
    gridW: fc.integer({ min: -15_000, max: 15_000 }),
    batteryW: fc.integer({ min: -5_000, max: 5_000 }),
    socPct: anySocPct,
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

test.prop([
  fc.array(anyHome('x'), { minLength: 1, maxLength: 12 }),
  fc.integer({ min: 1, max: 60_000 }),
  fc.constantFrom('up' as const, 'down' as const),
  fc.integer({ min: 1, max: 240 }),
])('an event is shared out to the watt, and never beyond what was asked', (some, powerW, direction, minutes) => {
  const homes = some.map((home, index) => ({ ...home, id: `h${index}` }));
  const baselineW = new Map(homes.map(({ id, gridW = 0 }) => [id, gridW + 0.37]));
  const event = { id: 'EV-0001', direction, powerW, baselineW, optedOut: new Set<string>(), endMs: NOON_MS + minutes * 60_000 };
  const input = inputOf(homes, { event });
  const decision = decide(input);
  const sign = direction === 'up' ? 1 : -1;
  const { wantedW, givenW } = decision.shared!;
  expect(sign * givenW).toBeLessThanOrEqual(sign * wantedW + 1e-6);
  // What each battery would do at its home's baseline; one past it already rests.
  const startsW = homes.map(({ batteryW: nowW = 0, gridW = 0, id }) => sign * Math.max(0, sign * (nowW + gridW - baselineW.get(id)!)));
  const movedW = homes.map(({ id }, index) => sign * (batteryW(input, id)! - startsW[index]!));
  const byItselfW = homes.map(({ batteryW: nowW = 0, gridW = 0, id }) => Math.max(0, -sign * (nowW + gridW - baselineW.get(id)!)));
  const bands = homes.map(({ id }) => decision.devices.find(({ deviceId }) => deviceId === `${id}-battery`)!.cuts);
  const isFree = bands.every((cuts) => cuts.every(({ by }) => by !== 'connection'));
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const asked = Math.min(sum(byItselfW), powerW) + sum(movedW);
  // What a battery cannot keep up it is told rounded down.
  const withinW = Math.abs(wantedW - givenW) < 1e-6 ? 1 : Math.max(1, homes.length);
  expect(isFree && movedW.every((eachW) => eachW >= 0) ? Math.abs(asked - sign * givenW) : 0).toBeLessThanOrEqual(withinW + 1e-4);
});
