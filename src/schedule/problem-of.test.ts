import { describe, expect, it } from 'vitest';
import type { Device, Plant, Site } from '../fleet/plant.js';
import type { Course } from '../forecast/courses.js';
import type { SiteForecast } from '../forecast/forecast.js';
import { SLOT_MS } from '../kernel/interval.js';
import { randomStream } from '../kernel/random.js';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import type { PriceSlot } from '../signals/price.js';
import { solvePlan, solveTogether } from './adapters/highs-plan.js';
import { isFleet } from './fleet/fleet-plan.js';
import { planFaults } from './plan-check.js';
import { DEFAULT_LIMITS } from './plan-solver.port.js';
import type { PlannedLimit } from './operator-limits-of.js';
import { coursesWanted, type PlanningFacts, problemOf } from './problem-of.js';
import { planningSteps } from './planning-steps.js';
import { atStep, type PlanningProblem, stepsOf } from './problem.js';
import { readProblem } from './statement/read-problem.js';

const NOW_MS = Date.UTC(2024, 5, 1, 9, 37, 12);
const FIRST_MS = Date.UTC(2024, 5, 1, 9, 30);

const device = (siteId: string, role: Device['role'], more: Partial<Device>): Device => ({
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
  ...more,
});

const rating = (capacityWh: number): Device['battery'] => ({
  capacityWh,
  maxChargeW: capacityWh / 2,
  maxDischargeW: capacityWh / 2,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.95,
  minSocPct: 10,
  maxSocPct: 100,
});

const site = (id: string, kind: Site['kind'], devices: Device[], limitW: number): Site => ({
  id,
  name: id,
  kind,
  zone: 'Europe/Berlin',
  importLimitW: limitW,
  exportLimitW: limitW,
  devices,
});

const genset = (id: string): Device =>
  device('yard', 'generator', {
    id,
    ratedW: 30_000,
    generator: {
      minW: 9_000,
      maxW: 30_000,
      rampWPerS: 500,
      warmUpS: 120,
      minUpS: 1_800,
      minDownS: 900,
      noLoadLitresPerH: 2,
      litresPerKwh: 0.25,
      fuelMicroPerLitre: 1_300_000,
      startMicro: 1_000_000,
    },
  });

const homes = Array.from({ length: 20 }, (_, index) => {
  const id = `home-${index}`;
  const hybrid = index % 4 === 0;
  const battery = rating(8_000 + 500 * (index % 5));
  const devices = hybrid ? [device(id, 'hybrid', { battery })] : [device(id, 'pv', {}), device(id, 'battery', { battery })];
  return site(id, 'home', devices, 11_000);
});

const plant: Plant = {
  name: 'test',
  zone: 'Europe/Berlin',
  currency: 'EUR',
  households: [],
  sites: [
    ...homes,
    site('square', 'community-battery', [device('square', 'battery', { ratedW: 100_000, battery: rating(200_000) })], 100_000),
    site('yard', 'generators', [genset('genset-1'), genset('genset-2')], 60_000),
  ],
};

/** A made-up day: loads with an evening peak, sun at noon. */
const forecastOf = ({ id, kind }: Site, index: number): SiteForecast => ({
  siteId: id,
  issuedAtMs: NOW_MS,
  loadModel: 'seasonal-naive',
  pvModel: 'seasonal-naive',
  slots: Array.from({ length: 144 }, (_, slot) => {
    const startMs = FIRST_MS + slot * SLOT_MS;
    const hour = (startMs / HOUR_MS + 2) % 24;
    const loadW = kind === 'home' ? 400 + 60 * (index % 7) + 1_800 * Math.exp(-((hour - 19 + (index % 3)) ** 2) / 6) : 0;
    const pvW = kind === 'home' ? Math.max(0, 4_500 * Math.sin(((hour - 6) / 15) * Math.PI)) * (hour > 6 && hour < 21 ? 1 : 0) : 0;
    return { startMs, endMs: startMs + SLOT_MS, loadW, pvW };
  }),
});

const prices: PriceSlot[] = Array.from({ length: 160 }, (_, slot) => {
  const startMs = FIRST_MS + slot * SLOT_MS;
  const hour = (startMs / HOUR_MS + 2) % 24;
  const importMicroPerKwh = hour >= 17 && hour < 21 ? 420_000 : hour < 6 ? 220_000 : 300_000;
  return { startMs, endMs: startMs + SLOT_MS, importMicroPerKwh, exportMicroPerKwh: 80_000 };
});

const facts = (more: Partial<PlanningFacts> = {}): PlanningFacts => ({
  plant,
  nowMs: NOW_MS,
  forecasts: plant.sites.map(forecastOf),
  prices: new Map([['Europe/Berlin', prices]]),
  devices: {
    socPct: new Map(plant.sites.flatMap(({ devices }) => devices.map(({ id }, index): [string, number] => [id, 40 + 5 * index]))),
    generators: new Map([['genset-1', { on: true, sinceMs: NOW_MS - 10 * MINUTE_MS, powerW: 12_000 }]]),
    unavailable: new Set(),
  },
  consents: new Map([['home-3', { reserveFloorPct: 50, optedOut: true }]]),
  events: [],
  ...more,
});

const flat = (loadW: number, pvW: number): Course => ({
  loadW: Array.from({ length: 144 }, () => loadW),
  pvW: Array.from({ length: 144 }, () => pvW),
});

/** Four courses of each home, more or less than its forecast as a whole. */
const anyDays = (): Map<string, Course[]> => {
  const random = randomStream(7);
  return new Map(
    homes.map((home, index) => [
      home.id,
      Array.from({ length: 4 }, () => {
        const [loads, suns] = [2 * random(), 1.3 * random()];
        const { slots } = forecastOf(home, index);
        return { loadW: slots.map(({ loadW }) => loads * loadW), pvW: slots.map(({ pvW }) => suns * pvW) };
      }),
    ]),
  );
};

it('a generator that comes down is off', () => {
  const devices = { ...facts().devices, generators: new Map([['genset-1', { on: false, sinceMs: NOW_MS - MINUTE_MS, powerW: 3_000 }]]) };
  const [first] = problemOf(facts({ devices })).generators;
  expect(first!.initial).toEqual({ on: false, sinceMs: NOW_MS - MINUTE_MS, powerW: 0 });
});

const event = {
  id: 'EV-1',
  direction: 'up',
  powerW: 60_000,
  priceMicroPerKwh: 800_000,
  startMs: NOW_MS + 68_000,
  endMs: NOW_MS + 68_000 + 20 * MINUTE_MS,
  baselineW: new Map(plant.sites.map(({ id }) => [id, -2_000])),
} as const;

const fleetLimit = (kind: 'import' | 'export', valueW: number): PlannedLimit => ({
  scope: 'fleet',
  kind,
  valueW,
  startMs: 0,
  endMs: Number.MAX_SAFE_INTEGER,
});

describe('the steps of a plan', () => {
  it('begin now, are quarter-hours first, then hours, and are cut where an event begins and ends', () => {
    const steps = stepsOf(planningSteps(NOW_MS, [event]));
    expect(steps[0]!.startMs).toBe(NOW_MS);
    expect(steps.at(-1)!.endMs).toBe(FIRST_MS + 36 * HOUR_MS);
    expect(steps.map(({ startMs }) => startMs)).toContain(event.startMs);
    expect(steps.map(({ endMs }) => endMs)).toContain(event.endMs);
    expect(steps.map(({ startMs }) => startMs)).toContain(Date.UTC(2024, 5, 1, 13));
    expect(steps.length).toBeLessThan(50);
  });
});

describe('the problem of a plant', () => {
  it('fits together', () => {
    const problem = problemOf(facts({ events: [event] }));
    expect(readProblem(problem).faults).toEqual([]);
    expect(problem.batteries).toHaveLength(21);
    expect(problem.generators).toHaveLength(2);
    expect(problem.sites.find(({ id }) => id === 'home-0')!.inverterLimitW).toBe(5_000);
    expect(problem.sites.find(({ id }) => id === 'home-1')!.inverterLimitW).toBeUndefined();
    expect(problem.events[0]!.siteIds).not.toContain('home-3');
    expect(problem.batteries.find(({ siteId }) => siteId === 'home-3')!.reserveFloorWh).toBe(4_750);
  });

  it('plans without what is not available or does not say how full it is', () => {
    const { devices } = facts();
    const socPct = new Map([...devices.socPct].filter(([id]) => id !== 'home-1-battery'));
    const problem = problemOf(facts({ devices: { ...devices, socPct, unavailable: new Set(['home-2-battery', 'genset-2']) } }));
    expect(problem.batteries.map(({ id }) => id)).not.toContain('home-1-battery');
    expect(problem.batteries.map(({ id }) => id)).not.toContain('home-2-battery');
    expect(problem.generators[1]!.available).toBe(false);
  });

  it('takes means of forecast and price over longer steps', () => {
    const problem = problemOf(facts());
    const steps = stepsOf(problem);
    const hour = steps.findIndex(({ startMs }) => startMs === Date.UTC(2024, 5, 1, 14));
    const four = facts().forecasts[0]!.slots.filter(({ startMs }) => startMs >= steps[hour]!.startMs && startMs < steps[hour]!.endMs);
    expect(four).toHaveLength(4);
    expect((problem.sites[0]!.loadW as number[])[hour]).toBeCloseTo(four.reduce((sum, { loadW }) => sum + loadW, 0) / 4, 6);
  });

  it('holds to a limit while it lasts, to the tightest where there are several, and to what a site owes otherwise', () => {
    const limit = (scope: string, valueW: number, hours: number): PlannedLimit => ({
      scope,
      kind: 'export',
      valueW,
      startMs: facts().nowMs - HOUR_MS,
      endMs: facts().nowMs + hours * HOUR_MS,
    });
    const [first] = facts().plant.sites;
    const owing = {
      ...facts().plant,
      sites: facts().plant.sites.map((one) => (one === first ? one : { ...one, safeLimits: { exportW: 0 } })),
    };
    const problem = problemOf(
      facts({ plant: owing, limits: [limit('fleet', 9_000, 2), limit(first!.id, 500, 2), limit(first!.id, 400, 1)] }),
    );
    const steps = stepsOf(problem);
    const during = (values: unknown, hour: number): unknown =>
      (values as number[])[steps.findIndex(({ endMs }) => endMs > facts().nowMs + hour * HOUR_MS)];
    expect([0.5, 1.5, 2.5].map((hour) => during(problem.sites[0]!.exportLimitW, hour))).toEqual([400, 500, first!.exportLimitW]);
    expect(during(problem.sites[1]!.exportLimitW, 0.5)).toBe(0);
    expect(during(problem.fleet.exportLimitW, 1.5)).toBe(9_000);
    expect(during(problem.fleet.exportLimitW, 2.5)).toBeGreaterThan(9_000);
    expect(problem.fleet.importLimitW).toBeUndefined();
  });

  it('knows what operators let batteries and flexible loads take, and takes what a site owes for it while they say nothing', () => {
    const limit = (kind: 'load' | 'dimming', valueW: number): PlannedLimit => ({
      scope: 'home-1',
      kind,
      valueW,
      startMs: 0,
      endMs: NOW_MS + HOUR_MS,
    });
    const owing = { ...plant, sites: plant.sites.map((one) => (one.id === 'home-2' ? { ...one, safeLimits: { loadW: 700 } } : one)) };
    const problem = problemOf(facts({ plant: owing, limits: [limit('load', 2_000), limit('dimming', 4_200), limit('dimming', 1_000)] }));
    expect(readProblem(problem).faults).toEqual([]);
    const siteOf = (id: string): PlanningProblem['sites'][number] => problem.sites.find((one) => one.id === id)!;
    const { takenLimitW, dimmedW } = siteOf('home-1');
    expect([takenLimitW, dimmedW].map((values) => [atStep(values!, 0), [values!].flat().at(-1)])).toEqual([
      [2_000, 5_000],
      [1_000, 5_000],
    ]);
    expect([siteOf('home-2').takenLimitW].flat()).toEqual(problem.stepMinutes.map(() => 700));
    expect(siteOf('home-3').takenLimitW).toBeUndefined();
  });

  it('leaves of a limit on generation to batteries and engines what is not expected of the sun', () => {
    const lasting = { startMs: 0, endMs: Number.MAX_SAFE_INTEGER };
    const generation = (scope: string, valueW: number): PlannedLimit => ({ scope, kind: 'generation', valueW, ...lasting });
    const problem = problemOf(facts({ limits: [generation('home-1', 3_000), generation('yard', 20_000), generation('home-2', 50_000)] }));
    const { pvW } = problem.sites.find(({ id }) => id === 'home-1')!;
    const [battery, ample] = ['home-1', 'home-2'].map((id) => problem.batteries.find(({ siteId }) => siteId === id)!);
    const [most, mostAmple] = ['home-1', 'home-2'].map(
      (id) => problemOf(facts()).batteries.find(({ siteId }) => siteId === id)!.maxDischargeW,
    );
    const steps = problem.stepMinutes.map((_, step) => step);
    for (const step of steps) {
      expect(atStep(pvW, step)).toBeLessThanOrEqual(3_000);
      expect(atStep(battery!.maxDischargeW, step)).toBeCloseTo(Math.min(atStep(most!, step), 3_000 - atStep(pvW, step)), 6);
      expect(atStep(ample!.maxDischargeW, step)).toBe(atStep(mostAmple!, step));
    }
    expect(steps.some((step) => atStep(battery!.maxDischargeW, step) < 1) && steps.some((step) => atStep(pvW, step) === 0)).toBe(true);
    // Two engines need 9 kW each.
    expect(problem.generators.map(({ available }) => [available].flat().every(Boolean))).toEqual([true, true]);
    const less = problemOf(facts({ limits: [generation('yard', 17_000)] }));
    expect(less.generators.map(({ available }) => [available].flat().some(Boolean))).toEqual([true, false]);
    const broken = { ...facts().devices, unavailable: new Set(['genset-1']) };
    const other = problemOf(facts({ limits: [generation('yard', 17_000)], devices: broken }));
    expect(other.generators.map(({ available }) => [available].flat().every(Boolean))).toEqual([false, true]);
    expect(readProblem(problem).faults).toEqual([]);
  });

  it('has a scenario for each course, all beginning with what runs now and under the operators’ limits', () => {
    const limit: PlannedLimit = { scope: 'home-1', kind: 'sun', valueW: 1_000, startMs: 0, endMs: Number.MAX_SAFE_INTEGER };
    const courses = new Map([
      ['home-0', [flat(500, 0), flat(900, 0)]],
      ['home-1', [flat(500, 3_000), flat(900, 200), flat(900, 0)]],
    ]);
    const problem = problemOf(facts({ courses, limits: [limit] }));
    expect(readProblem(problem).faults).toEqual([]);
    expect(problem.scenarios.map(({ probability }) => probability)).toEqual([0.5, 0.5]);
    const [first, second] = problem.scenarios.map(({ sites }) => sites.find(({ siteId }) => siteId === 'home-1')!);
    expect([first!, second!].map(({ loadW, pvW }) => [atStep(loadW, 5), atStep(pvW, 5)])).toEqual([
      [500, 1_000],
      [900, 200],
    ]);
    const expected = problem.sites.find(({ id }) => id === 'home-1')!;
    expect(problem.scenarios.map(({ sites }) => atStep(sites[1]!.loadW, 0))).toEqual([
      atStep(expected.loadW, 0),
      atStep(expected.loadW, 0),
    ]);
    expect(problem.scenarios[0]!.sites.map(({ siteId }) => siteId)).toEqual(['home-0', 'home-1']);
  });

  it('is for fewer courses where there are many sites, and for none rather than too few', () => {
    const counts = [1, 400, 800, 1_300, 1_400].map((count) => {
      const sites = Array.from({ length: count }, (_, index) => ({ ...homes[0]!, id: `home-${index}` }));
      return coursesWanted(facts({ plant: { ...plant, sites: [...sites, plant.sites.at(-1)!] } })).count;
    });
    expect(counts).toEqual([10, 10, 5, 3, 0]);
    const need = { energyWh: 9_000, from: '18:00', by: '07:00' };
    const car = (id: string) => device(id, 'flexible-load', { flexibleLoad: { kind: 'charger', minW: 4_140, phases: 3, need } });
    const withCars = (count: number): Plant => ({
      ...plant,
      sites: plant.sites.map((one, index) => (index < count ? { ...one, devices: [...one.devices, car(one.id)] } : one)),
    });
    expect([2, 3].map((cars) => coursesWanted(facts({ plant: withCars(cars) })).count)).toEqual([10, 3]);
    expect(coursesWanted(facts()).sites.map(({ kind }) => kind)).not.toContain('generators');
  });

  it.each([
    ['on an ordinary day', {}],
    ['under a feeder limit', { limits: [fleetLimit('import', 40_000), fleetLimit('export', 30_000)] }],
    ['with a grid event', { events: [event], limits: [fleetLimit('import', 60_000)] }],
  ])('of twenty homes is planned as well as is asked for %s', async (_, more) => {
    const problem = problemOf(facts(more));
    const plan = await solvePlan(problem, { ...DEFAULT_LIMITS, timeLimitS: 60 });
    expect(planFaults(problem, plan)).toEqual([]);
    expect(plan.status).toBe('optimal');
  });

  it('of twenty homes with courses of each and an event is planned home by home, for little more than in one model', async () => {
    const problem = problemOf(facts({ events: [event], limits: [fleetLimit('import', 60_000)], courses: anyDays() }));
    expect(isFleet(problem)).toBe(true);
    const exact = await solveTogether(problem, { ...DEFAULT_LIMITS, timeLimitS: 60 });
    const plan = await solvePlan(problem, DEFAULT_LIMITS);
    expect(planFaults(problem, plan)).toEqual([]);
    // One battery begins below what its household keeps.
    expect(plan.scenarios!.map(({ breaches }) => breaches)).toEqual(exact.scenarios!.map(({ breaches }) => breaches));
    const [least, cost] = [exact.expectedCostMicro!, plan.expectedCostMicro!];
    expect(cost).toBeLessThanOrEqual(least + 0.002 * Math.abs(least));
  }, 60_000);
});
