import { Subject } from 'rxjs';
import { SchedulerRegistry } from '@nestjs/schedule';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CHARGER } from '../fleet/charger.fixture.js';
import type { Device, Plant } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { HOUR_MS, SECOND_MS } from '../kernel/units.js';
import type { AlarmService } from '../platform/alarm.service.js';
import { ManualClock } from '../platform/clock.js';
import { databaseOptions } from '../platform/database.js';
import { solvePlan } from '../schedule/adapters/highs-plan.js';
import { PlanEntity } from '../schedule/plan.entity.js';
import { PlanService } from '../schedule/plan.service.js';
import { PlanSolver, type SolveLimits } from '../schedule/plan-solver.port.js';
import type { PlanningProblem } from '../schedule/problem.js';
import { type PlanningFacts, problemOf } from '../schedule/problem-of.js';
import type { Schedule } from '../schedule/schedule.js';
import type { EventService } from '../signals/event.service.js';
import { LimitService } from '../signals/limit.service.js';
import { ManualOverrideEntity, OperatorLimitEntity } from '../signals/order.entity.js';
import { OverrideService } from '../signals/override.service.js';
import type { BaselineSource } from './baseline-source.port.js';
import { PlanningJobs } from './planning.jobs.js';
import type { PlanningService } from './planning.service.js';
import type { PlanWatch } from './plan-watch.service.js';
import { WishService } from './wish.service.js';

const NOW_MS = Date.UTC(2026, 4, 4, 10);

const home = (id: string): Plant['sites'][number] => {
  const battery: Device = {
    id: `${id}-battery`,
    siteId: id,
    name: 'battery',
    role: 'battery',
    profile: 'sunspec',
    address: { host: '127.0.0.1', port: 502, unitId: 1 },
    direction: 1,
    pollPeriodMs: 1_000,
    reversion: 'device',
    ratedW: 5_000,
    battery: {
      capacityWh: 10_000,
      maxChargeW: 4_000,
      maxDischargeW: 4_000,
      chargeEfficiency: 0.95,
      dischargeEfficiency: 0.95,
      minSocPct: 10,
      maxSocPct: 100,
    },
  };
  return { id, name: id, kind: 'home', zone: 'UTC', importLimitW: 11_000, exportLimitW: 11_000, devices: [battery] };
};
/** A car that charges by the night's cheap hours, were it not held. */
const wallbox: Device = {
  ...CHARGER,
  id: 'a-wallbox',
  siteId: 'a',
  flexibleLoad: { ...CHARGER.flexibleLoad!, minW: 1_400, need: { energyWh: 6_000, from: '08:00', by: '20:00' } },
};
const PLANT: Plant = { name: 'p', zone: 'UTC', currency: 'EUR', households: [], sites: [home('a'), home('b')] };
const WITH_CAR: Plant = {
  ...PLANT,
  sites: PLANT.sites.map((site) => (site.id === 'a' ? { ...site, devices: [...site.devices, wallbox] } : site)),
};

class TwoHomes extends PlantDirectory {
  plant(): Plant {
    return WITH_CAR;
  }
}

class InThisThread extends PlanSolver {
  asked: PlanningProblem | undefined;

  solve(problem: PlanningProblem, limits: SolveLimits): Promise<Schedule> {
    this.asked = problem;
    return solvePlan(problem, limits);
  }
}

let database: DataSource;
let overrides: OverrideService;
let plans: PlanService;
let solver: InThisThread;
let announced: EventService['changes'];
let limits: LimitService;
let wishes: WishService;

/** Under a limit on what both homes may take from the grid together. */
const facts = (): PlanningFacts => ({
  plant: PLANT,
  nowMs: NOW_MS,
  forecasts: PLANT.sites.map(({ id }) => ({
    siteId: id,
    issuedAtMs: NOW_MS,
    loadModel: 'mixture',
    pvModel: 'mixture',
    slots: [{ startMs: NOW_MS, endMs: NOW_MS + 48 * HOUR_MS, loadW: 1_000, pvW: 0 }],
  })),
  prices: new Map([['UTC', [{ startMs: NOW_MS, endMs: NOW_MS + 48 * HOUR_MS, importMicroPerKwh: 300_000, exportMicroPerKwh: 80_000 }]]]),
  devices: {
    socPct: new Map(PLANT.sites.map(({ id }) => [`${id}-battery`, 50])),
    generators: new Map(),
    unavailable: new Set(),
  },
  consents: new Map(),
  events: [],
  limits: [{ scope: 'fleet', kind: 'import', valueW: 2_000, startMs: NOW_MS, endMs: NOW_MS + 48 * HOUR_MS }],
  overrides: wishes.overridden(NOW_MS),
});

beforeEach(async () => {
  const entities = [OperatorLimitEntity, ManualOverrideEntity, PlanEntity];
  database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities }).initialize();
  await database.runMigrations();
  const plant = new TwoHomes();
  overrides = new OverrideService(database.getRepository(ManualOverrideEntity), plant);
  solver = new InThisThread();
  plans = new PlanService(database.getRepository(PlanEntity), solver);
  announced = new Subject();
  const events = { changes: announced } as unknown as EventService;
  limits = new LimitService(database.getRepository(OperatorLimitEntity), plant);
  wishes = new WishService(events, limits, overrides, {} as BaselineSource, {} as AlarmService);
});
afterEach(() => database.destroy());

const charge = {
  deviceId: 'a-battery',
  setpoint: { kind: 'battery-power', powerW: -1_500 },
  reason: 'test',
  endMs: NOW_MS + HOUR_MS,
} as const;
const nextHourW = (plan: Schedule, battery: number): number[] =>
  plan.batteries[battery]!.powerW.filter((_, step) => plan.steps[step]!.startMs < NOW_MS + HOUR_MS);

it('is planned with until it ends or is given back, and another battery makes up for it', async () => {
  expect(nextHourW(await plans.plan(problemOf(facts()), NOW_MS), 0).every((powerW) => powerW >= 0)).toBe(true);

  await overrides.set(charge, 'anna', NOW_MS);
  const held = await plans.plan(problemOf(facts()), NOW_MS);
  expect(held.breaches).toEqual([]);
  expect(nextHourW(held, 0)).toEqual([-1_500, -1_500, -1_500, -1_500]);
  expect(nextHourW(held, 1).every((powerW) => powerW >= 1_499)).toBe(true);
  const why = plans.why()!.find(({ id }) => id === 'a-battery')!;
  expect(why.steps[0]).toEqual({ does: 'charges', code: 'override', subject: 'anna' });
  expect(why.steps.slice(4).map(({ code }) => code)).not.toContain('override');

  await overrides.withdraw('a-battery', 'anna', NOW_MS);
  const free = await plans.plan(problemOf(facts()), NOW_MS);
  expect(nextHourW(free, 0).every((powerW) => powerW >= 0)).toBe(true);
  // What it did by hand is no promise that the next plan would have to keep.
  const [promised, kept] = solver.asked!.promises!.batteries;
  expect(promised!.powerW.slice(0, 5)).toEqual([null, null, null, null, held.batteries[0]!.powerW[4]]);
  expect(kept!.powerW[0]).toBe(held.batteries[1]!.powerW[0]);
});

it('holds a flexible load, in the plan as at the device, and the plan has it draw the rest where that is cheapest', async () => {
  const priced = (): PlanningFacts => {
    const all = facts();
    const hours = Array.from({ length: 48 }, (_, hour) => ({ startMs: NOW_MS + hour * HOUR_MS, endMs: NOW_MS + (hour + 1) * HOUR_MS }));
    const prices = hours.map((slot, hour) => ({ ...slot, importMicroPerKwh: 300_000 - 20_000 * (hour % 10), exportMicroPerKwh: 80_000 }));
    return {
      ...all,
      plant: WITH_CAR,
      prices: new Map([['UTC', prices]]),
      limits: [],
      devices: { ...all.devices, socPct: new Map() },
    };
  };
  const drawnWh = (plan: Schedule, from: number, to: number): number =>
    plan.steps.reduce((sum, { startMs, endMs }, step) => {
      const isIn = startMs >= NOW_MS + from * HOUR_MS && endMs <= NOW_MS + to * HOUR_MS;
      return isIn ? sum + (plan.loads[0]!.drawW[step]! * (endMs - startMs)) / HOUR_MS : sum;
    }, 0);
  const free = await plans.plan(problemOf(priced()), NOW_MS);
  expect(Math.round(drawnWh(free, 0, 9))).toBe(0);

  await overrides.set({ ...charge, deviceId: 'a-wallbox', setpoint: { kind: 'load-limit', maxW: 2_000 } }, 'anna', NOW_MS);
  const held = await plans.plan(problemOf(priced()), NOW_MS);
  expect([Math.round(drawnWh(held, 0, 1)), Math.round(drawnWh(held, 1, 9)), Math.round(drawnWh(held, 9, 10))]).toEqual([2_000, 0, 4_000]);
  expect(plans.why()!.find(({ id }) => id.startsWith('a-wallbox'))!.steps[0]).toEqual({ does: 'draws', code: 'override', subject: 'anna' });
});

it('has a plan made at once when it is set and when it is given back', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const replan = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const [begin, end] = [vi.fn<PlanWatch['begin']>(), vi.fn<PlanWatch['end']>()];
  const jobs = new PlanningJobs(
    { replan } as unknown as PlanningService,
    { surprised: () => false, begin, end } as unknown as PlanWatch,
    wishes,
    new SchedulerRegistry(),
    pino({ enabled: false }),
  );
  try {
    jobs.start(new ManualClock(NOW_MS));
    const looks = (): Promise<unknown> => vi.advanceTimersByTimeAsync(20 * SECOND_MS);
    await looks();
    expect(replan).toHaveBeenCalledTimes(1);
    await overrides.set(charge, 'anna', NOW_MS);
    await looks();
    expect(replan).toHaveBeenCalledTimes(2);
    await overrides.withdraw('a-battery', 'anna', NOW_MS);
    await looks();
    expect(replan).toHaveBeenCalledTimes(3);
    // So it is for an operator's limit, but not where a signal only says it again.
    const request = { scope: 'a', kind: 'import', valueW: 4_200, startMs: NOW_MS, endMs: NOW_MS + HOUR_MS, reason: 'a test' } as const;
    const limit = await limits.set(request, 'dso', NOW_MS);
    await looks();
    expect(replan).toHaveBeenCalledTimes(4);
    await limits.extend(limit, NOW_MS + 2 * HOUR_MS);
    await looks();
    expect(replan).toHaveBeenCalledTimes(4);
    await limits.withdraw(limit.id, 'dso', NOW_MS);
    await looks();
    expect(replan).toHaveBeenCalledTimes(5);
    // And for an event to come, and for none that is over.
    const tell = (kind: 'announced' | 'settled', endMs: number): void => announced.next({ kind, event: { endMs } } as never);
    tell('settled', NOW_MS + HOUR_MS);
    tell('announced', NOW_MS - HOUR_MS);
    await looks();
    expect(replan).toHaveBeenCalledTimes(5);
    tell('announced', NOW_MS + HOUR_MS);
    await looks();
    expect(replan).toHaveBeenCalledTimes(6);
    expect([begin.mock.calls.length, end.mock.calls.length, end.mock.calls[5]![0]]).toEqual([6, 6, true]);
  } finally {
    await jobs.stop();
    vi.useRealTimers();
  }
});
