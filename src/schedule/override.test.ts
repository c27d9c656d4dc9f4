import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { solveCharged, solvePlan } from './adapters/highs-plan.js';
import { planFleet } from './fleet/fleet-plan.js';
import { meritOrder } from './merit-order.js';
import { parseProblem } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

const START_MS = Date.UTC(2024, 0, 1, 7);
const exactly = { gap: 1e-6, timeLimitS: 20 };

const home = (more: object = {}): object => ({
  id: 'home',
  loadW: 1_000,
  pvW: 0,
  importMicroPerKwh: 300_000,
  exportMicroPerKwh: 80_000,
  ...more,
});
const battery = (powerW: (number | null)[], more: object = {}): object => ({
  id: 'battery',
  siteId: 'home',
  capacityWh: 10_000,
  minEnergyWh: 1_000,
  maxEnergyWh: 9_000,
  initialEnergyWh: 5_000,
  maxChargeW: 5_000,
  maxDischargeW: 5_000,
  chargeEfficiency: 1,
  dischargeEfficiency: 1,
  override: { powerW, by: 'anna' },
  ...more,
});
const genset = (powerW: (number | null)[], more: object = {}): object => ({
  id: 'genset',
  siteId: 'home',
  minW: 2_000,
  maxW: 8_000,
  runningMicroPerKwh: 500_000,
  initial: { on: false },
  override: { powerW, by: 'anna' },
  ...more,
});
const problemOf = (more: object): PlanningProblem =>
  parseProblem({ version: 1, currency: 'EUR', startMs: START_MS, stepMinutes: [60, 60, 60, 60], sites: [home()], ...more });

/** By each way to plan there is; the checker agrees with all. */
const plansOf = async (problem: PlanningProblem): Promise<Schedule[]> => {
  const plans = [await solvePlan(problem, exactly), meritOrder(problem, 'asked for'), await planFleet(problem, exactly, solveCharged)];
  for (const plan of plans) expect(planFaults(problem, plan)).toEqual([]);
  return plans;
};
const batteryW = ({ batteries }: Schedule, index = 0): number[] => batteries[index]!.powerW.map((powerW) => Math.round(powerW) || 0);
const generatorW = ({ generators }: Schedule): number[] => generators[0]!.powerW.map((powerW) => Math.round(powerW));
const bent = ({ breaches }: Schedule): string[] => breaches.map(({ kind, subject, step, size }) => `${kind} ${subject} ${step} ${size}`);

describe('a battery that somebody has set by hand', () => {
  it.each<[string, object, number[]]>([
    ['charges though a kWh is dear', battery([-1_500, -1_500, null, null]), [-1_500, -1_500]],
    [
      'gives as long as there is something above its floor',
      battery([3_000, 3_000, 3_000, 3_000], { reserveFloorWh: 500 }),
      [3_000, 1_000, 0, 0],
    ],
    ['keeps what its household keeps back', battery([3_000, 3_000, 3_000, 3_000], { reserveFloorWh: 4_000 }), [1_000, 0, 0, 0]],
    ['takes until it is full', battery([-2_500, -2_500, -2_500, -2_500]), [-2_500, -1_500, 0, 0]],
    ['takes no more than it can', battery([-9_000, null, null, null], { maxChargeW: 2_000 }), [-2_000]],
    ['rests, also below its range', battery([0, 0, null, null], { initialEnergyWh: 200, maxChargeW: 600 }), [0, 0]],
    ['rests rather than charge less than it can', battery([-500, -500, null, null], { minChargeW: 1_400 }), [0, 0]],
  ])('%s', async (_, one, expected) => {
    const problem = problemOf({ batteries: [one] });
    for (const plan of await plansOf(problem)) {
      expect(batteryW(plan).slice(0, expected.length)).toEqual(expected);
      expect(bent(plan).filter((breach) => breach.startsWith('override'))).toEqual([]);
    }
  });

  it('gives way to the limits of its connection, and the plan says by how much', async () => {
    const problem = problemOf({ sites: [home({ importLimitW: 2_500 })], batteries: [battery([-3_000, null, null, null])] });
    for (const plan of await plansOf(problem)) {
      expect(batteryW(plan)[0]).toBe(-1_500);
      expect(bent(plan)).toEqual(['override battery 0 1500']);
    }
  });

  it('gives more than it is told, and what it should take, where its connection would be overloaded', async () => {
    const site = home({ loadW: [4_000, 4_000, 0, 0], importLimitW: 2_500 });
    const problem = problemOf({ sites: [site], batteries: [battery([500, -1_000, null, null])] });
    for (const plan of await plansOf(problem)) {
      expect(batteryW(plan).slice(0, 2)).toEqual([1_500, 1_500]);
      expect(bent(plan)).toEqual(['override battery 0 1000', 'override battery 1 2500']);
    }
  });

  it('is made up for by another under a limit they share', async () => {
    const other = { ...battery([]), id: 'other', siteId: 'next', override: undefined };
    const problem = problemOf({
      sites: [home(), home({ id: 'next', loadW: 2_000 })],
      batteries: [battery([-2_000, -2_000, null, null]), other],
      fleet: { importLimitW: 3_000 },
    });
    for (const plan of [await solvePlan(problem, exactly), await planFleet(problem, exactly, solveCharged)]) {
      expect(planFaults(problem, plan)).toEqual([]);
      expect(bent(plan)).toEqual([]);
      expect(batteryW(plan).slice(0, 2)).toEqual([-2_000, -2_000]);
      expect(batteryW(plan, 1).slice(0, 2)).toEqual([2_000, 2_000]);
    }
  });

  it('does so whatever comes', async () => {
    const problem = problemOf({
      batteries: [battery([-1_000, -1_000, null, null])],
      scenarios: [0, 4_000].map((loadW) => ({ id: `${loadW}`, probability: 0.5, sites: [{ siteId: 'home', loadW, pvW: 0 }] })),
    });
    const plan = await solvePlan(problem, exactly);
    expect(planFaults(problem, plan)).toEqual([]);
    for (const course of [plan, ...plan.scenarios!])
      expect(course.batteries[0]!.powerW.slice(0, 2).map(Math.round)).toEqual([-1_000, -1_000]);
  });

  it('spends no reserve on what it is told once it has been free', async () => {
    const one = battery([null, 5_000, 5_000, null], { reserveFloorWh: 4_500, maxChargeW: [0, 0, 0, 5_000] });
    const problem = problemOf({ stepMinutes: [60, 15, 15, 60], batteries: [one] });
    for (const plan of await plansOf(problem)) expect(Math.min(...plan.batteries[0]!.energyWh)).toBeGreaterThan(4_499);
  });
});

describe('a generator that somebody has set by hand', () => {
  const times = { minUpS: 7_200, minDownS: 7_200 };
  const since = (hours: number): { sinceMs: number } => ({ sinceMs: START_MS - hours * 3_600_000 });
  it.each<[string, object, number[], string[]]>([
    ['runs though it is dear', genset([5_000, 5_000, null, null]), [5_000, 5_000, 0, 0], []],
    ['runs at its minimum at least and its maximum at most', genset([1, 9_999, null, null]), [2_000, 8_000, 0, 0], []],
    [
      'stands though it has to run',
      genset([0, 0, 0, 0], { mustRun: true }),
      [0, 0, 0, 0],
      [0, 1, 2, 3].map((step) => `must-run genset ${step} 2000`),
    ],
    [
      'starts no sooner than it may',
      genset([5_000, 5_000, null, null], { ...times, initial: { on: false, ...since(1) } }),
      [0, 5_000, 2_000, 0],
      ['override genset 0 5000'],
    ],
    [
      'stops no sooner than it may',
      genset([0, 0, null, null], { ...times, initial: { on: true, powerW: 4_000, ...since(1) } }),
      [2_000, 0, 0, 0],
      ['override genset 0 2000'],
    ],
    ['does not run while it cannot', genset([5_000, null, null, null], { available: false }), [0, 0, 0, 0], ['override genset 0 5000']],
    [
      'comes up by its ramp',
      genset([8_000, 8_000, 8_000, 8_000], { rampWPerS: 0.5, startUpW: 2_000 }),
      [2_000, 3_800, 5_600, 7_400],
      [6_000, 4_200, 2_400, 600].map((size, step) => `override genset ${step} ${size}`),
    ],
  ])('%s', async (_, one, expected, breaches) => {
    const problem = problemOf({ generators: [one] });
    for (const plan of await plansOf(problem)) {
      expect(generatorW(plan)).toEqual(expected);
      expect(bent(plan)).toEqual(breaches);
    }
  });

  it('is one of several that are alike no more', async () => {
    const free = { ...genset([]), override: undefined, initial: { on: true, powerW: 2_000 }, mustRun: true };
    const unit = (id: string, ...powerW: number[]): object => ({ ...free, id, ...(powerW.length > 0 ? { override: { powerW } } : {}) });
    const problem = problemOf({
      sites: [home({ loadW: 20_000 })],
      generators: [unit('a'), unit('b', 0, 0, 0, 0), unit('c'), unit('d', 3_000, 3_000, 0, 0), unit('e', 3_000, 3_000, 0, 0)],
    });
    const plan = await solvePlan(problem, exactly);
    expect(planFaults(problem, plan)).toEqual([]);
    expect(plan.generators.map(({ powerW }) => powerW.slice(1, 3).map(Math.round))).toEqual([
      [2_000, 2_000],
      [0, 0],
      [2_000, 2_000],
      [3_000, 0],
      [3_000, 0],
    ]);
  });
});

describe('sun that somebody holds down', () => {
  it('gives no more, but what cannot be left on the roof', async () => {
    const site = home({ pvW: 4_000, pvMinW: [0, 1_000, 0, 0], pvOverride: { maxW: [1_500, 500, 0, null], by: 'anna' } });
    for (const plan of await plansOf(problemOf({ sites: [site] })))
      expect(plan.sites[0]!.pvW.map(Math.round)).toEqual([1_500, 1_000, 0, 4_000]);
  });

  it('fills the battery behind its own inverter', async () => {
    const site = home({ pvW: 4_000, inverterLimitW: 5_000, pvOverride: { maxW: [1_000, null, null, null] } });
    const problem = problemOf({
      sites: [site],
      batteries: [battery([], { override: undefined, maxChargeW: 2_000, terminalMicroPerKwh: 200_000 })],
    });
    const plan = await solvePlan(problem, exactly);
    expect(planFaults(problem, plan)).toEqual([]);
    expect([plan.sites[0]!.pvW[0], plan.batteries[0]!.powerW[0]].map((powerW) => Math.round(powerW!))).toEqual([3_000, -2_000]);
  });
});

const car = (maxW: (number | null)[], more: object = {}): object => ({
  id: 'car',
  siteId: 'home',
  maxW: 8_000,
  energyWh: 6_000,
  startMs: START_MS,
  endMs: START_MS + 4 * 3_600_000,
  override: { maxW, by: 'anna' },
  ...more,
});
const dearThenCheap = { importMicroPerKwh: [500_000, 400_000, 200_000, 100_000] };

describe('a load that a person holds', () => {
  it.each<[string, object, object, number[], string[]]>([
    ['draws what it is let though it is dear', dearThenCheap, car([2_000, 2_000, null, null]), [2_000, 2_000], []],
    ['draws until it has what it wants', dearThenCheap, car([4_000, 4_000, 4_000, 4_000]), [4_000, 2_000, 0, 0], []],
    [
      'draws no more in its time than it is let',
      {},
      car([1_000, 1_000, 1_000, 1_000]),
      [1_000, 1_000, 1_000, 1_000],
      ['load-energy car 3 2000'],
    ],
    ['waits where it is let draw less than it can', dearThenCheap, car([1_000, null, null, null], { minW: 1_400 }), [0], []],
    ['is let draw nothing', {}, car([0, 0, 0, 0]), [0, 0, 0, 0], ['load-energy car 3 6000']],
    [
      'gives way to what its site may take, and makes up for it as soon as it may',
      { ...dearThenCheap, takenLimitW: [1_000, 3_000, 9_000, 9_000] },
      car([3_000, 3_000, 3_000, 3_000]),
      [1_000, 3_000, 2_000, 0],
      ['override car 0 2000'],
    ],
  ])('%s', async (_, site, one, expected, breaches) => {
    const problem = problemOf({ sites: [home(site)], flexibleLoads: [one] });
    for (const plan of await plansOf(problem)) {
      expect(plan.loads[0]!.drawW.slice(0, expected.length).map(Math.round)).toEqual(expected);
      expect(bent(plan)).toEqual(breaches);
    }
  });

  it('gives way to the limit of its connection', async () => {
    const problem = problemOf({
      sites: [home({ ...dearThenCheap, importLimitW: 2_500 })],
      flexibleLoads: [car([3_000, 3_000, 3_000, 3_000])],
    });
    const plan = await solvePlan(problem, exactly);
    expect(planFaults(problem, plan)).toEqual([]);
    expect(plan.loads[0]!.drawW.map(Math.round)).toEqual([1_500, 1_500, 1_500, 1_500]);
    expect(bent(plan)).toEqual([0, 1, 2].map((step) => `override car ${step} 1500`));
  });

  it('is planned to draw no more than it is let, after it has been free', async () => {
    const problem = problemOf({
      sites: [home({ importMicroPerKwh: [300_000, 100_000, 100_000, 300_000] })],
      flexibleLoads: [car([null, 1_000, 2_000, null])],
    });
    for (const plan of [await solvePlan(problem, exactly), await planFleet(problem, exactly, solveCharged)]) {
      expect(planFaults(problem, plan)).toEqual([]);
      expect(plan.loads[0]!.drawW.slice(1, 3).map(Math.round)).toEqual([1_000, 2_000]);
      expect(plan.breaches).toEqual([]);
    }
  });
});

const told = fc.array(fc.integer({ min: -9_000, max: 9_000 }), { minLength: 4, maxLength: 4 });

describe('where no limit is near', () => {
  test.prop([told, told, fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 4 }), fc.constantFrom(0.8, 0.95, 1)], { numRuns: 60 })(
    'every plan follows what persons have set, as far as energy lasts',
    async (prices, powerW, share, until, efficiency) => {
      const one = battery(
        powerW.map((askedW, step) => (step < until ? askedW : null)),
        { initialEnergyWh: 100 * share, chargeEfficiency: efficiency, dischargeEfficiency: efficiency, reserveFloorWh: 2_000 },
      );
      const problem = problemOf({ sites: [home({ importMicroPerKwh: prices.map((price) => 300_000 + 30 * price) })], batteries: [one] });
      for (const plan of await plansOf(problem)) expect(bent(plan).filter((breach) => breach.startsWith('override'))).toEqual([]);
    },
    60_000,
  );
});
