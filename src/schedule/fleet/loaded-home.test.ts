import { describe, expect, it } from 'vitest';
import { fc, test } from '../../../test/prop.js';
import { solveTogether } from '../adapters/highs-plan.js';
import { dearestMicroPerKwh } from '../dearest.js';
import { scheduleOf } from '../evaluate.js';
import { parseProblem } from '../parse-problem.js';
import { planFaults } from '../plan-check.js';
import type { PlanningProblem } from '../problem.js';
import type { Schedule } from '../schedule.js';
import { homeCoursesOf, homeLoadsOf } from './home-of.js';
import { LoadedHome, type LoadedPlan } from './loaded-home.js';
import type { Charge } from './step-cost.js';

const STEPS = 8;
const HOUR_MS = 3_600_000;
const series = (min: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min, max }), { minLength: STEPS, maxLength: STEPS });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const anyLoad = fc.record({
  minW: fc.constantFrom(0, 1_380, 4_140),
  maxW: fc.constantFrom(4_140, 7_360, 11_040),
  energyWh: fc.integer({ min: 0, max: 30_000 }),
  from: fc.integer({ min: 0, max: STEPS - 2 }),
  hours: fc.double({ min: 1, max: STEPS, noNaN: true }),
});

/** A home with loads that can be moved, mostly a battery, and limits that bind now and then. */
const anyLoadedHome: fc.Arbitrary<PlanningProblem> = fc
  .record({
    loadW: series(0, 4_000),
    pvW: series(0, 7_000),
    buy: series(100_000, 500_000),
    sell: fc.integer({ min: 20_000, max: 100_000 }),
    importLimitW: maybe(fc.integer({ min: 5_000, max: 15_000 })),
    exportLimitW: maybe(fc.integer({ min: 500, max: 6_000 })),
    inverterLimitW: maybe(fc.integer({ min: 3_000, max: 8_000 })),
    dimmedW: maybe(fc.integer({ min: 2_000, max: 9_000 })),
    initialShare: fc.integer({ min: 0, max: 100 }),
    powerW: fc.integer({ min: 1_000, max: 5_000 }),
    terminalMicroPerKwh: fc.integer({ min: 0, max: 300_000 }),
    chargeFromGrid: fc.boolean(),
    dischargeToGrid: fc.boolean(),
    hasBattery: fc.constantFrom(true, true, true, false),
    loads: fc.array(anyLoad, { minLength: 1, maxLength: 2 }),
  })
  .map(({ loads, hasBattery, ...home }) =>
    parseProblem({
      version: 1,
      currency: 'EUR',
      startMs: 0,
      stepMinutes: Array.from({ length: STEPS }, () => 60),
      sites: [
        {
          id: 'home',
          loadW: home.loadW,
          pvW: home.pvW,
          importMicroPerKwh: home.buy,
          exportMicroPerKwh: home.sell,
          importLimitW: home.importLimitW,
          exportLimitW: home.exportLimitW,
          inverterLimitW: home.inverterLimitW,
          dimmedW: home.dimmedW,
        },
      ],
      batteries: hasBattery
        ? [
            {
              id: 'battery',
              siteId: 'home',
              capacityWh: 10_000,
              minEnergyWh: 500,
              maxEnergyWh: 10_000,
              initialEnergyWh: 500 + 95 * home.initialShare,
              maxChargeW: home.powerW,
              maxDischargeW: home.powerW,
              chargeEfficiency: 0.95,
              dischargeEfficiency: 0.95,
              wearMicroPerKwh: 10_000,
              terminalMicroPerKwh: home.terminalMicroPerKwh,
              chargeFromGrid: home.chargeFromGrid,
              dischargeToGrid: home.dischargeToGrid,
            },
          ]
        : [],
      flexibleLoads: loads.map(({ from, hours, ...load }, index) => ({
        ...load,
        id: `load-${index}`,
        siteId: 'home',
        startMs: from * HOUR_MS,
        endMs: Math.round(Math.min(STEPS, from + hours) * HOUR_MS),
      })),
    }),
  );

const planner = (problem: PlanningProblem): LoadedHome => {
  const hours = problem.stepMinutes.map((minutes) => minutes / 60);
  const setting = { problem, hours, scale: dearestMicroPerKwh(problem) / 1e6 };
  const courses = homeCoursesOf([{ ...setting, weight: 1 }], 0)!;
  return new LoadedHome(courses, homeLoadsOf(setting, problem.sites[0]!, courses)!, 1);
};

const scheduled = (problem: PlanningProblem, { courses, draws }: LoadedPlan) => {
  const watts = (kw: readonly number[]): number[] => kw.map((each) => each * 1_000);
  const [flows] = courses as [(typeof courses)[number]];
  const decisions = {
    pvW: [watts(flows.sunKw)],
    batteryW: problem.batteries.map(() => watts(flows.batteryKw)),
    loadW: problem.flexibleLoads.map(({ id }) => watts(draws.get(id)!)),
    generatorOn: [],
    generatorW: [],
  };
  return scheduleOf(problem, decisions, { solver: 'highs', status: 'feasible', seconds: 0 });
};

/** Beyond so many kW from the grid each more costs so much. */
const dearFrom = (fromKw: number, price: number): Charge => ({
  turnTo: (_, __, highKw) => highKw > fromKw,
  at: (netKw) => Math.max(0, netKw - fromKw) * price,
  kinks: (places) => places.add(fromKw),
});

const chargedOf = (plan: LoadedPlan, fromKw: number, price: number): number =>
  plan.courses[0]!.netKw.reduce((sum, kw) => sum + Math.max(0, kw - fromKw) * price, plan.cost);

const lacksWh = ({ breaches }: Schedule): number =>
  breaches.reduce((sum, { kind, size }) => (kind === 'load-energy' ? sum + size : sum), 0);

interface Sum {
  costMicro: number;
  lacksWh: number;
}

/** Money that is rounding. */
const BOUNDED = 1e-5;

describe('a home with loads that can be moved', () => {
  test.prop([anyLoadedHome], { numRuns: 200 })('has a plan that keeps every rule, and proves no more than is true', (problem) => {
    const plan = planner(problem).plan(() => undefined);
    expect(planFaults(problem, scheduled(problem, plan))).toEqual([]);
    expect(plan.bound).toBeLessThanOrEqual(plan.cost + BOUNDED);
  });

  it('costs on the whole hardly more than the exact plan, leaves hardly more undone, and proves no more than that costs', async () => {
    const problems = fc.sample(anyLoadedHome, { numRuns: 60, seed: 7 });
    const [quickly, exactly] = [0, 1].map(() => ({ costMicro: 0, lacksWh: 0 })) as [Sum, Sum];
    for (const problem of problems) {
      const plan = planner(problem).plan(() => undefined);
      const [quick, exact] = [scheduled(problem, plan), await solveTogether(problem, { gap: 1e-6, timeLimitS: 20 })];
      quickly.lacksWh += lacksWh(quick);
      exactly.lacksWh += lacksWh(exact);
      if (exact.breaches.length > 0 || quick.breaches.length > 0) continue;
      expect(plan.bound * 1e6).toBeLessThanOrEqual(exact.costMicro + 2_000);
      quickly.costMicro += quick.costMicro;
      exactly.costMicro += exact.costMicro;
    }
    expect(quickly.costMicro).toBeLessThanOrEqual(1.01 * exactly.costMicro);
    expect(quickly.lacksWh).toBeLessThanOrEqual(1.05 * exactly.lacksWh);
  }, 60_000);

  test.prop([anyLoadedHome, fc.integer({ min: 0, max: 8 }), fc.constantFrom(0.2, 40)], { numRuns: 100 })(
    'is never dearer, with what is charged, than with what its loads drew before',
    (problem, fromKw, price) => {
      const home = planner(problem);
      const before = home.plan(() => undefined);
      const after = home.plan(() => dearFrom(fromKw, price), { now: before });
      expect(chargedOf(after, fromKw, price)).toBeLessThanOrEqual(chargedOf(before, fromKw, price) + 1e-3);
      expect(after.bound).toBeLessThanOrEqual(chargedOf(after, fromKw, price) + 1e-3);
    },
  );

  test.prop([anyLoadedHome], { numRuns: 100 })('costs no more where its loads may draw less than their least', (problem) => {
    const home = planner(problem);
    const relaxed = home.plan(() => undefined, { isRelaxed: true });
    const plan = home.plan(() => undefined);
    expect(relaxed.bound).toBeLessThanOrEqual(plan.cost + BOUNDED);
    expect(relaxed.isRelaxed).toBe(problem.flexibleLoads.some(({ minW }) => minW > 0));
    expect(plan.isRelaxed).toBe(false);
  });

  it('is left to the solver while a person holds a load', () => {
    const [problem] = fc.sample(anyLoadedHome, { numRuns: 1, seed: 1 }) as [PlanningProblem];
    const setting = { problem, hours: problem.stepMinutes.map(() => 1), scale: 1 };
    const held = { ...problem, flexibleLoads: problem.flexibleLoads.map((load) => ({ ...load, override: { maxW: [0] } })) };
    const courses = homeCoursesOf([{ ...setting, weight: 1 }], 0)!;
    expect(homeLoadsOf({ ...setting, problem: held }, held.sites[0]!, courses)).toBeUndefined();
  });
});
