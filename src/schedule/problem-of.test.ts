import { describe, expect, it } from 'vitest';
import type { Device, Plant, Site } from '../fleet/plant.js';
import type { SiteForecast } from '../forecast/forecast.js';
import { SLOT_MS } from '../kernel/interval.js';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import type { PriceSlot } from '../signals/price.js';
import { solvePlan } from './adapters/highs-plan.js';
import { faultsOf } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import { DEFAULT_LIMITS } from './plan-solver.port.js';
import { type PlanningFacts, planningSteps, problemOf, type PlannedLimit } from './problem-of.js';
import { stepsOf } from './problem.js';

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
    expect(faultsOf(problem)).toEqual([]);
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

  it.each([
    ['on an ordinary day', {}],
    ['under a feeder limit', { limits: [fleetLimit('import', 40_000), fleetLimit('export', 30_000)] }],
    ['with a grid event', { events: [event], limits: [fleetLimit('import', 60_000)] }],
  ])('of twenty homes is planned in a moment %s', async (_, more) => {
    const problem = problemOf(facts(more));
    await solvePlan(problem, DEFAULT_LIMITS);
    const plan = await solvePlan(problem, DEFAULT_LIMITS);
    expect(planFaults(problem, plan)).toEqual([]);
    expect(plan.status).toBe('optimal');
    expect(plan.seconds).toBeLessThan(5);
  });
});
