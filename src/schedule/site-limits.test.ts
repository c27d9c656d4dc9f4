import { describe, expect, it } from 'vitest';
import { solveCharged, solvePlan } from './adapters/highs-plan.js';
import { planFleet } from './fleet/fleet-plan.js';
import { meritOrder } from './merit-order.js';
import { parseProblem } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

const START_MS = Date.UTC(2024, 0, 1, 7);
const exactly = { gap: 1e-6, timeLimitS: 20 };

const battery = (more: object = {}): object => ({
  id: 'battery',
  siteId: 'home',
  capacityWh: 10_000,
  minEnergyWh: 1_000,
  maxEnergyWh: 9_000,
  initialEnergyWh: 1_000,
  maxChargeW: 5_000,
  maxDischargeW: 5_000,
  chargeEfficiency: 1,
  dischargeEfficiency: 1,
  ...more,
});
const car = (more: object = {}): object => ({
  id: 'car',
  siteId: 'home',
  maxW: 7_000,
  energyWh: 8_000,
  startMs: START_MS,
  endMs: START_MS + 4 * 3_600_000,
  ...more,
});
/** Cheap in the first hour and dear in the last, so that all is taken at once where nothing holds it back. */
const problemOf = (site: object, more: object): PlanningProblem =>
  parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: START_MS,
    stepMinutes: [60, 60, 60, 60],
    sites: [
      {
        id: 'home',
        loadW: [0, 0, 0, 9_000],
        pvW: 0,
        importMicroPerKwh: [100_000, 300_000, 300_000, 500_000],
        exportMicroPerKwh: 0,
        ...site,
      },
    ],
    ...more,
  });

const plansOf = async (problem: PlanningProblem): Promise<Schedule[]> => {
  const plans = [await solvePlan(problem, exactly), await planFleet(problem, exactly, solveCharged)];
  for (const plan of [...plans, meritOrder(problem, 'asked for')]) expect(planFaults(problem, plan)).toEqual([]);
  return plans;
};
const first = (plan: Schedule): number[] =>
  [...plan.batteries.map(({ powerW }) => -powerW[0]!), ...plan.loads.map(({ drawW }) => drawW[0]!)].map((powerW) => Math.round(powerW));
const bent = ({ breaches }: Schedule): string[] => breaches.map(({ kind, subject, step, size }) => `${kind} ${subject} ${step} ${size}`);

describe('what an operator lets batteries and flexible loads take', () => {
  it('holds for a battery, also of sun', async () => {
    for (const plan of await plansOf(problemOf({}, { batteries: [battery()] }))) expect(first(plan)).toEqual([5_000]);
    for (const site of [{ takenLimitW: 1_500 }, { takenLimitW: [1_500, 0, 0, 0], pvW: [6_000, 0, 0, 0] }])
      for (const plan of await plansOf(problemOf(site, { batteries: [battery()] }))) expect(first(plan)).toEqual([1_500]);
  });

  it('holds for all of them together', async () => {
    const problem = problemOf({ takenLimitW: 3_000 }, { batteries: [battery(), battery({ id: 'other' })], flexibleLoads: [car()] });
    for (const plan of await plansOf(problem)) expect(first(plan).reduce((sum, powerW) => sum + powerW, 0)).toBe(3_000);
  });

  it('leaves a load off that needs more', async () => {
    const problem = problemOf({ takenLimitW: [3_000, 7_000, 7_000, 7_000] }, { flexibleLoads: [car({ minW: 4_000 })] });
    for (const plan of [...(await plansOf(problem)), meritOrder(problem, 'asked for')]) {
      expect(first(plan)).toEqual([0]);
      expect(bent(plan)).toEqual([]);
    }
  });

  it('is of the grid alone where they are dimmed: what the sun leaves over comes on top', async () => {
    const sunny = { dimmedW: 1_500, pvW: [3_000, 0, 0, 0], loadW: [1_000, 0, 0, 9_000] };
    for (const plan of await plansOf(problemOf(sunny, { batteries: [battery()] }))) expect(first(plan)).toEqual([3_500]);
    const held = { ...sunny, pvOverride: { maxW: [2_000, null, null, null] } };
    for (const plan of await plansOf(problemOf(held, { batteries: [battery()] }))) expect(first(plan)).toEqual([2_500]);
    const dull = { ...sunny, pvW: 500 };
    for (const plan of await plansOf(problemOf(dull, { batteries: [battery()] }))) expect(first(plan)).toEqual([1_500]);
  });

  it('comes before what a person has set, which then takes longer', async () => {
    const one = battery({ initialEnergyWh: 5_000, override: { powerW: [-5_000, -5_000, -5_000, -5_000] } });
    const limits = [{ takenLimitW: 1_500 }, { dimmedW: 1_500 }, { importLimitW: 1_500, loadW: 0 }];
    for (const limit of limits)
      for (const plan of [
        ...(await plansOf(problemOf(limit, { batteries: [one] }))),
        meritOrder(problemOf(limit, { batteries: [one] }), ''),
      ]) {
        expect(plan.batteries[0]!.powerW.map((powerW) => Math.round(powerW) || 0)).toEqual([-1_500, -1_500, -1_000, 0]);
        expect(bent(plan)).toEqual(['override battery 0 2500', 'override battery 1 1000']);
      }
  });

  it('is what is left of it in each course that may come', async () => {
    const sunny = { id: 'sunny', probability: 1, sites: [{ siteId: 'home', loadW: [0, 0, 0, 9_000], pvW: [0, 2_000, 0, 0] }] };
    const problem = problemOf({ dimmedW: 1_000 }, { batteries: [battery()], scenarios: [sunny] });
    const plan = await solvePlan(problem, exactly);
    expect(planFaults(problem, plan)).toEqual([]);
    expect([plan, ...plan.scenarios!].map(({ batteries }) => batteries[0]!.powerW.slice(0, 2).map(Math.round))).toEqual([
      [-1_000, -1_000],
      [-1_000, -3_000],
    ]);
  });
});
