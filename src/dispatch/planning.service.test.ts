import { expect, it } from 'vitest';
import type { Course } from '../forecast/courses.js';
import type { ForecastService } from '../forecast/forecast.service.js';
import type { SiteForecast } from '../forecast/forecast.js';
import type { Device, Plant } from '../fleet/plant.js';
import { SLOT_MS } from '../kernel/interval.js';
import type { Clock } from '../platform/clock.js';
import type { PlanService } from '../schedule/plan.service.js';
import type { PlanningProblem } from '../schedule/problem.js';
import type { LoadNeeds } from './load-needs.service.js';
import type { PlanningFactsService } from './planning-facts.service.js';
import { PlanningService } from './planning.service.js';

const NOW_MS = Date.UTC(2024, 5, 1, 10);
const battery: Device = {
  id: 'battery',
  siteId: 'home',
  name: 'battery',
  role: 'battery',
  profile: 'sunspec',
  address: { host: '127.0.0.1', port: 502, unitId: 1 },
  direction: 1,
  pollPeriodMs: 1_000,
  reversion: 'device',
  ratedW: 5_000,
  battery: {
    capacityWh: 8_000,
    maxChargeW: 4_000,
    maxDischargeW: 4_000,
    chargeEfficiency: 0.95,
    dischargeEfficiency: 0.95,
    minSocPct: 10,
    maxSocPct: 100,
  },
};
const place = { kind: 'home', zone: 'Europe/Berlin', importLimitW: 11_000, exportLimitW: 11_000 } as const;
const plant: Plant = {
  name: 'test',
  zone: 'Europe/Berlin',
  currency: 'EUR',
  households: [],
  sites: [
    { id: 'home', name: 'home', ...place, devices: [battery] },
    { id: 'other', name: 'other', ...place, devices: [] },
  ],
};
const forecastOf = (siteId: string): SiteForecast => ({
  siteId,
  issuedAtMs: NOW_MS,
  loadModel: 'mixture',
  pvModel: 'mixture',
  slots: Array.from({ length: 192 }, (_, slot) => ({
    startMs: NOW_MS + slot * SLOT_MS,
    endMs: NOW_MS + (slot + 1) * SLOT_MS,
    loadW: 500,
    pvW: 0,
  })),
});
const course = (loadW: number): Course => ({ loadW: Array.from({ length: 192 }, () => loadW), pvW: Array.from({ length: 192 }, () => 0) });

it('plans sites with batteries for the courses that are drawn of them', async () => {
  const asked: { sites: readonly string[]; count: number }[] = [];
  const planned: PlanningProblem[] = [];
  const facts = {
    at: () =>
      Promise.resolve({
        plant,
        nowMs: NOW_MS,
        prices: new Map(),
        devices: { socPct: new Map([['battery', 50]]), generators: new Map(), unavailable: new Set() },
        consents: new Map(),
        events: [],
      }),
    presentPowers: () => new Map(),
  } as unknown as PlanningFactsService;
  const forecasts = {
    forecast: () => Promise.resolve({ sites: [forecastOf('home'), forecastOf('other')] }),
    courses: (sites: Plant['sites'], _issued: unknown, { count }: { count: number }) => {
      asked.push({ sites: sites.map(({ id }) => id), count });
      return Promise.resolve(new Map([['home', [course(200), course(900)]]]));
    },
  } as unknown as ForecastService;
  const plans = {
    current: () => undefined,
    plan: (problem: PlanningProblem) => Promise.resolve(planned.push(problem)),
  } as unknown as PlanService;
  const needs = { at: () => Promise.resolve(new Map()) } as unknown as LoadNeeds;
  await new PlanningService(facts, forecasts, plans, needs, { now: () => NOW_MS } as Clock).replan();
  expect(asked).toEqual([{ sites: ['home'], count: 10 }]);
  expect(planned[0]!.scenarios.map(({ probability, sites }) => [probability, sites.map(({ siteId }) => siteId)])).toEqual([
    [0.5, ['home']],
    [0.5, ['home']],
  ]);
});
