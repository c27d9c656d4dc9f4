import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import { type Home, imageOf, inputOf, plan } from './decide.fixture.js';
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
