import { describe, expect, it } from 'vitest';
import { fleetProblem } from '../../../test/bench/fleet-problem.js';
import { fc, test } from '../../../test/prop.js';
import { AdapterError } from '../../kernel/errors.js';
import { solveCharged, solvePlan, solveTogether } from '../adapters/highs-plan.js';
import { anyProblem } from '../any-problem.fixture.js';
import { feedersOf, type PlanningProblem } from '../problem.js';
import { planFaults } from '../plan-check.js';
import type { Schedule } from '../schedule.js';
import { isFleet, planFleet } from './fleet-plan.js';
import type { SiteSolver } from './solved-site.js';

const DAY_HOURS = 24;
const day = Array.from({ length: 4 * DAY_HOURS }, (_, hour) => hour % DAY_HOURS);
/** Two homes, one up early and one late, with sun from six to six. */
const courses = [7, 19].map((peak) => ({
  loadW: day.map((hour) => 400 + 2_600 * Math.max(0, 1 - Math.abs(hour - peak) / 3)),
  pvW: day.map((hour) => 5_000 * Math.max(0, Math.sin(((hour - 6) * Math.PI) / 12))),
}));

const small = (homes: number, generators: number, more: Partial<PlanningProblem> = {}): PlanningProblem => ({
  ...fleetProblem({ homes, generators, steps: 24, feeders: 2, courses }),
  ...more,
});
const enough = { gap: 1e-3, timeLimitS: 20 };
const checked = async (problem: PlanningProblem, limits = enough, solve: SiteSolver = solveCharged): Promise<Schedule> => {
  const plan = await planFleet(problem, limits, solve);
  expect(planFaults(problem, plan)).toEqual([]);
  return plan;
};

describe('a fleet on feeders that cannot carry what all would do at once', () => {
  it.each([
    [12, 0],
    [20, 2],
    [40, 1],
  ])(
    'of %i homes and %i generators costs at most a hundredth more than the exact plan, and proves how much',
    async (homes, generators) => {
      const problem = small(homes, generators);
      const exact = await solveTogether(problem, { gap: 1e-5, timeLimitS: 60 });
      const plan = await checked(problem);
      expect(exact.breaches).toEqual([]);
      expect(plan.breaches).toEqual([]);
      expect(plan.costMicro).toBeLessThanOrEqual(exact.costMicro + 0.01 * Math.abs(exact.costMicro));
      expect(plan.costMicro - plan.gap! * Math.abs(plan.costMicro)).toBeLessThanOrEqual(exact.costMicro + 1_000);
    },
    120_000,
  );

  it('would break its limits if each home planned for itself', async () => {
    const problem = small(40, 0);
    const alone = await checked({ ...problem, feeders: [] });
    const overW = feedersOf(problem).flatMap(({ siteIds, importLimitW }) =>
      problem.stepMinutes.map((_, step) => {
        const netW = alone.sites.reduce((sum, { siteId, gridW }) => (siteIds.includes(siteId) ? sum + gridW[step]! : sum), 0);
        return netW - ((importLimitW as number | undefined) ?? Infinity);
      }),
    );
    expect(Math.max(...overW)).toBeGreaterThan(1_000);
  });

  it('names what it cannot keep, and keeps what it can', async () => {
    const problem = small(12, 0);
    const loads = problem.sites.reduce((sum, { loadW }) => sum + (loadW as number[])[0]!, 0);
    const plan = await checked({
      ...problem,
      batteries: [],
      feeders: [],
      fleet: { importLimitW: problem.stepMinutes.map((_, step) => (step === 0 ? loads - 5_000 : 1e6)) },
    });
    expect(plan.breaches.map(({ kind, step, size }) => [kind, step, Math.round(size)])).toEqual([['fleet-import-limit', 0, 5_000]]);
  });

  it('delivers an event where it pays, and no more of it', async () => {
    const problem = small(30, 0, { feeders: [] });
    const [from, until] = [16, 20].map((step) => problem.startMs + step * 15 * 60_000) as [number, number];
    const event = { id: 'evening', startMs: from, endMs: until, direction: 'up' as const, powerW: 20_000, penaltyMicroPerKwh: 0 };
    const asked = (priceMicroPerKwh: number): PlanningProblem => ({
      ...problem,
      events: [{ ...event, priceMicroPerKwh, baselineW: 30_000 }],
    });
    const paid = await checked(asked(2_000_000));
    const unpaid = await checked(asked(0));
    expect(paid.events[0]!.deliveredW.slice(16, 20).every((powerW) => powerW > 19_900)).toBe(true);
    const exact = await solveTogether(asked(2_000_000), { gap: 1e-5, timeLimitS: 60 });
    expect(paid.costMicro).toBeLessThanOrEqual(exact.costMicro + 0.01 * Math.abs(exact.costMicro));
    expect(unpaid.costMicro).toBeLessThanOrEqual((await checked(problem)).costMicro + 1_000);
  }, 120_000);
});

describe('sites that only a solver can plan', () => {
  it('are planned by merit order where it fails, and nothing is said to be proven', async () => {
    const plan = await checked(small(6, 2), enough, () => Promise.reject(new AdapterError('no', true)));
    expect(plan).toMatchObject({ status: 'feasible' });
    expect(plan.gap).toBeUndefined();
  });

  it('are planned by merit order when time is up', async () => {
    let asked = 0;
    const plan = await checked(small(6, 2), { gap: 0, timeLimitS: 0 }, (...asking) => {
      asked += 1;
      return solveCharged(...asking);
    });
    expect(asked).toBe(0);
    expect(plan.generators).toHaveLength(2);
  });

  it('let a mistake of ours through', async () => {
    await expect(planFleet(small(6, 1), enough, () => Promise.reject(new TypeError('a mistake')))).rejects.toThrow('a mistake');
  });
});

/** Some courses of all homes, each of more or less load and sun than is expected; what runs now is known. */
const uncertain = (problem: PlanningProblem, count: number): PlanningProblem => {
  const scaled = (values: number | number[], factor: number): number[] =>
    [values].flat().map((value, step) => (step === 0 ? value : value * factor));
  const scenarios = Array.from({ length: count }, (_, index) => ({
    id: `course-${index}`,
    probability: 1 / count,
    sites: problem.sites
      .filter(({ id }) => id.startsWith('home'))
      .map(({ id: siteId, loadW, pvW }, home) => ({
        siteId,
        loadW: scaled(loadW, 0.7 + (0.6 * ((3 * index + home) % count)) / count),
        pvW: scaled(pvW, 0.6 + (0.8 * index) / count),
      })),
  }));
  return { ...problem, scenarios };
};

describe('a fleet that does not know what comes', () => {
  const meanMicro = ({ expectedCostMicro }: Schedule): number => expectedCostMicro!;
  it.each<[string, PlanningProblem]>([
    ['that shares nothing', uncertain(small(10, 0, { feeders: [] }), 4)],
    ['on feeders', uncertain(small(16, 0), 4)],
    ['that decides some steps now', uncertain(small(10, 0, { sharedSteps: 4 }), 3)],
    ['with generators', uncertain(small(12, 2), 3)],
  ])(
    '%s costs hardly more in the mean than the exact plan',
    async (_, problem) => {
      const exact = await solveTogether(problem, { gap: 1e-5, timeLimitS: 60 });
      const plan = await checked(problem, { gap: 1e-3, timeLimitS: 30 });
      expect([plan, ...plan.scenarios!].flatMap(({ breaches }) => breaches)).toEqual([]);
      expect(meanMicro(plan)).toBeLessThanOrEqual(meanMicro(exact) + 0.002 * Math.abs(meanMicro(exact)));
    },
    120_000,
  );

  it('has no plan where the solver has none for a site that it alone can plan', async () => {
    const posed = uncertain(small(6, 0), 3);
    const problem = { ...posed, batteries: [...posed.batteries, { ...posed.batteries[0]!, id: 'second' }] };
    const none = () => Promise.reject(new AdapterError('no', true));
    await expect(planFleet(problem, enough, none)).rejects.toThrow('no plan was found for site "home-0" and its scenarios');
  });
});

describe('a fleet that holds reserves', () => {
  const holding = (problem: PlanningProblem, share: number, more: object): PlanningProblem => {
    const all = problem.batteries.reduce((sum, { maxDischargeW }) => sum + (maxDischargeW as number), 0);
    // In the first hour nobody has had the time to get ready.
    const powerW = problem.stepMinutes.map((_, step) => (step < 4 ? 0 : Math.round(all * share)));
    return { ...problem, reserves: [{ id: 'reserve', direction: 'up', durationS: 3_600, throughConnection: true, powerW, ...more }] };
  };
  const short = ({ breaches, scenarios = [] }: Schedule) => [{ breaches }, ...scenarios].flatMap((course) => course.breaches);

  it.each<[string, PlanningProblem]>([
    ['that it has anyway', holding(small(12, 0), 0.2, {})],
    ['for which it must store', holding(small(12, 0), 0.9, { durationS: 1_800 })],
    ['beside generators', holding(small(20, 2), 0.5, {})],
    ['downwards', holding(small(12, 0), 0.8, { direction: 'down' })],
    ['of some of its homes', holding(small(12, 0), 0.3, { siteIds: ['home-0', 'home-2', 'home-4', 'home-6', 'home-9'] })],
    ['behind their connections', holding(small(12, 0), 0.5, { throughConnection: false })],
  ])(
    '%s costs hardly more than the exact plan, and holds all of them',
    async (_, problem) => {
      const exact = await solveTogether(problem, { gap: 1e-4, timeLimitS: 60 });
      const plan = await checked(problem);
      expect([short(exact), short(plan)]).toEqual([[], []]);
      expect(plan.costMicro).toBeLessThanOrEqual(exact.costMicro + 0.005 * Math.abs(exact.costMicro));
      expect(plan.costMicro * (1 - plan.gap!)).toBeLessThanOrEqual(exact.costMicro + 1_000);
    },
    120_000,
  );

  it('holds them whichever course comes', async () => {
    const problem = holding(uncertain(small(12, 1), 3), 0.5, {});
    expect(short(await checked({ ...problem, reserves: [] }))).toEqual([]);
    const plan = await checked(problem);
    expect(short(plan)).toEqual([]);
    expect(plan.gap).toBeLessThan(0.03);
    expect(plan.scenarios!.map(({ reserves }) => reserves[0]!.heldW)).toEqual(problem.scenarios.map(() => problem.reserves[0]!.powerW));
  }, 60_000);

  it('is planned site by site where many batteries hold them, and in one model where generators do', () => {
    const large = fleetProblem({ homes: 130, generators: 0, steps: 24, feeders: 2, courses });
    expect(isFleet(holding(large, 0.5, {}))).toBe(true);
    expect(isFleet(holding({ ...large, batteries: large.batteries.slice(0, 20) }, 0.5, {}))).toBe(false);
  });
});

describe('whatever the problem', () => {
  test.prop([anyProblem, fc.constantFrom(0.1, 0.4), fc.boolean()], { numRuns: 40 })(
    'planned site by site it keeps every rule, or names how far it bends',
    async (problem, timeLimitS, isSure) => {
      const quickly: SiteSolver = (one, _, charges) => solveCharged(one, { gap: 1e-3, timeLimitS: 0.5 }, charges);
      const posed = { ...problem, ...(isSure && { scenarios: [] }) };
      const plan = await planFleet(posed, { gap: 1e-3, timeLimitS }, quickly).catch((error: unknown) => {
        // Then merit order is asked.
        if (!isSure && error instanceof AdapterError) return undefined;
        throw error;
      });
      expect(plan ? planFaults(posed, plan) : []).toEqual([]);
    },
    120_000,
  );
});

describe('what is planned as a fleet', () => {
  it('would be too much for one model, which says that there was no time', async () => {
    await expect(solveTogether(small(40, 1), { gap: 1e-3, timeLimitS: 0 })).rejects.toThrow('HiGHS found no plan in time');
  });

  it('is what is too much for one model', async () => {
    const large = fleetProblem({ homes: 130, generators: 0, steps: 24, feeders: 2, courses });
    expect(isFleet(large)).toBe(true);
    expect(isFleet(small(40, 0))).toBe(false);
    expect(isFleet(uncertain(large, 3))).toBe(true);
    const plan = await solvePlan(large, enough);
    expect(plan.breaches).toEqual([]);
    expect(plan.gap).toBeLessThan(0.01);
  });

  it('is also what loads of several sites can do or leave, which costs little more than the best', async () => {
    const bare = small(6, 0, { feeders: [] });
    const cars = (minW: number): PlanningProblem => ({
      ...bare,
      flexibleLoads: bare.sites.slice(0, 4).map(({ id: siteId }) => ({
        id: `car of ${siteId}`,
        siteId,
        minW,
        maxW: 11_040,
        energyWh: 9_000,
        startMs: bare.startMs,
        endMs: bare.startMs + 6 * 3_600_000,
      })),
    });
    expect([isFleet(cars(4_140)), isFleet(cars(0))]).toEqual([true, false]);
    const plan = await solvePlan(cars(4_140), enough);
    expect(planFaults(cars(4_140), plan)).toEqual([]);
    expect(plan.breaches).toEqual([]);
    const exact = await solveTogether(cars(4_140), { gap: 1e-4, timeLimitS: 30 });
    expect(plan.costMicro).toBeLessThanOrEqual(exact.costMicro + 0.005 * Math.abs(exact.costMicro));
  }, 60_000);

  /** Each second home has a car; their feeders carry less than half of what these could take at once. */
  const withCars = (): PlanningProblem => {
    const problem = fleetProblem({ homes: 20, generators: 0, steps: 24, feeders: 2, cars: 10, courses });
    const feeders = problem.feeders.map((feeder) => ({ ...feeder, importLimitW: (feeder.importLimitW as number) + 15_000 }));
    return { ...problem, feeders };
  };

  it.each([0, 3])(
    'plans homes with cars without the solver, and proves how little dearer than the best that is; %i courses',
    async (count) => {
      const sure = withCars();
      const problem = count > 0 ? uncertain(sure, count) : sure;
      const exact = await solveTogether(problem, { gap: 1e-3, timeLimitS: 60 });
      const plan = await checked(problem, enough, () => Promise.reject(new TypeError('is not asked')));
      const bent = (one: Schedule) => [one, ...(one.scenarios ?? [])].flatMap(({ breaches }) => breaches);
      expect([bent(exact), bent(plan)]).toEqual([[], []]);
      const cost = ({ costMicro, expectedCostMicro = costMicro }: Schedule): number => expectedCostMicro;
      expect(cost(plan)).toBeLessThanOrEqual(1.01 * cost(exact));
      expect((1 - plan.gap!) * cost(plan)).toBeLessThanOrEqual(cost(exact) + 1_000);
    },
    120_000,
  );

  it('plans homes with cars as well as it can when time is up', async () => {
    const plan = await checked(withCars(), { gap: 0, timeLimitS: 0 }, () => Promise.reject(new TypeError('is not asked')));
    expect(plan.breaches).toEqual([]);
  });

  it('gives cars their turns where a feeder cannot charge them all at once, whichever course comes', async () => {
    const bare = small(10, 0);
    const until = bare.startMs + 6 * 3_600_000;
    const flexibleLoads = bare.sites.slice(0, 6).map(({ id: siteId }) => ({
      id: `car of ${siteId}`,
      siteId,
      minW: 4_140,
      maxW: 11_040,
      energyWh: 9_000,
      startMs: bare.startMs,
      endMs: until,
    }));
    const feeders = feedersOf(bare).map((feeder) => ({ ...feeder, importLimitW: 12_000 }));
    const sure: PlanningProblem = { ...bare, feeders, flexibleLoads };
    for (const problem of [sure, uncertain(sure, 3)]) {
      const exact = await solveTogether(problem, { gap: 1e-3, timeLimitS: 30 });
      const plan = await checked(problem);
      const bent = [plan, ...(plan.scenarios ?? [])].flatMap(({ breaches }) => breaches);
      expect(bent).toEqual([]);
      const cost = ({ costMicro, expectedCostMicro = costMicro }: Schedule): number => expectedCostMicro;
      expect(cost(plan)).toBeLessThanOrEqual(cost(exact) + 0.01 * Math.abs(cost(exact)));
    }
  }, 120_000);
});
