import { describe, expect, it } from 'vitest';
import { solvePlan } from './adapters/highs-plan.js';
import { scheduleOf } from './evaluate.js';
import { parseProblem } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import type { PlanningProblem } from './problem.js';

const START_MS = Date.UTC(2024, 5, 1);
const exactly = { gap: 0, timeLimitS: 20 };
const verdict = { solver: 'highs', status: 'optimal', seconds: 0 } as const;

/** Every way to choose one of `options` at each of `steps` steps. */
const everyWay = <T>(options: readonly T[], steps: number): T[][] =>
  steps === 0 ? [[]] : everyWay(options, steps - 1).flatMap((way) => options.map((option) => [...way, option]));

describe('a battery against trying everything', () => {
  const POWERS_W = [-3_000, -2_000, -1_000, 0, 1_000, 2_000, 3_000];
  const best = (problem: PlanningProblem): number =>
    Math.min(
      ...everyWay(POWERS_W, problem.stepMinutes.length).flatMap((powerW) => {
        const pvW = problem.stepMinutes.map((_, step) => [problem.sites[0]!.pvW].flat()[step] ?? 0);
        const plan = scheduleOf(problem, { pvW: [pvW], batteryW: [powerW], loadW: [], generatorOn: [], generatorW: [] }, verdict);
        const followed = plan.batteries[0]!.powerW.every((power, step) => power === powerW[step]);
        return followed && plan.breaches.length === 0 ? [plan.costMicro] : [];
      }),
    );

  it.each([
    ['ordinary prices', [300_000, 100_000, 400_000, 200_000], [80_000, 80_000, 80_000, 80_000]],
    ['export dearer than import', [300_000, 100_000, 200_000, 200_000], [400_000, 300_000, 500_000, 100_000]],
    ['import that is paid', [-200_000, 100_000, -50_000, 300_000], [-300_000, 50_000, -100_000, 200_000]],
    ['no prices', [0, 0, 0, 0], [0, 0, 0, 0]],
  ])('is as cheap with %s', async (_, importMicroPerKwh, exportMicroPerKwh) => {
    const problem = parseProblem({
      version: 1,
      currency: 'EUR',
      startMs: START_MS,
      stepMinutes: [60, 60, 60, 60],
      sites: [
        { id: 'home', loadW: [1_000, 0, 2_000, 1_000], pvW: [0, 2_000, 0, 0], importMicroPerKwh, exportMicroPerKwh, exportLimitW: 4_000 },
      ],
      batteries: [
        {
          id: 'battery',
          siteId: 'home',
          capacityWh: 5_000,
          minEnergyWh: 0,
          maxEnergyWh: 5_000,
          initialEnergyWh: 2_000,
          maxChargeW: 3_000,
          maxDischargeW: 3_000,
          chargeEfficiency: 1,
          dischargeEfficiency: 1,
        },
      ],
      curtailmentMicroPerKwh: 1_000_000,
    });
    const plan = await solvePlan(problem, exactly);
    expect(planFaults(problem, plan)).toEqual([]);
    expect(plan.costMicro).toBeLessThanOrEqual(best(problem) + 10);
    expect(plan.costMicro).toBeGreaterThan(best(problem) - 50);
  });
});

describe('two generators against trying everything', () => {
  const generator = (id: string, more: object): object => ({
    id,
    siteId: 'yard',
    minW: 10_000,
    maxW: 30_000,
    startMicro: 4_000_000,
    noLoadMicroPerH: 2_000_000,
    runningMicroPerKwh: 150_000,
    initial: { on: false },
    ...more,
  });
  const problemOf = (generators: object[]): PlanningProblem =>
    parseProblem({
      version: 1,
      currency: 'EUR',
      startMs: START_MS,
      stepMinutes: [60, 60, 60, 60, 60],
      sites: [
        {
          id: 'yard',
          loadW: [10_000, 40_000, 15_000, 55_000, 5_000],
          pvW: 0,
          importMicroPerKwh: [100_000, 600_000, 300_000, 700_000, 100_000],
          exportMicroPerKwh: 50_000,
        },
      ],
      generators,
    });

  /** With linear cost a running unit gives its least or its most, or just what is needed at a step. */
  const best = (problem: PlanningProblem): number => {
    const [steps, ways] = [problem.stepMinutes.length, everyWay([false, true], problem.stepMinutes.length)];
    let lowest = Infinity;
    for (const first of ways)
      for (const second of ways) {
        const powers = cheapest(problem, [first, second], steps);
        const decisions = {
          pvW: [Array.from({ length: steps }, () => 0)],
          batteryW: [],
          loadW: [],
          generatorOn: [first, second],
          generatorW: powers,
        };
        const plan = scheduleOf(problem, decisions, verdict);
        if (plan.costMicro < lowest && planFaults(problem, plan).length === 0) lowest = plan.costMicro;
      }
    return lowest;
  };

  const cheapest = ({ generators, sites }: PlanningProblem, on: boolean[][], steps: number): number[][] => {
    const powers: number[][] = generators.map(() => []);
    for (let step = 0; step < steps; step += 1) {
      const loadW = (sites[0]!.loadW as number[])[step]!;
      const importPrice = (sites[0]!.importMicroPerKwh as number[])[step]!;
      let leftW = loadW - generators.reduce((sum, { minW }, g) => sum + (on[g]![step] ? minW : 0), 0);
      const order = generators.map((_, g) => g).toSorted((a, b) => generators[a]!.runningMicroPerKwh - generators[b]!.runningMicroPerKwh);
      const chosen = generators.map(({ minW }, g) => (on[g]![step] ? minW : 0));
      for (const g of order) {
        if (!on[g]![step] || generators[g]!.runningMicroPerKwh >= importPrice) continue;
        const moreW = Math.max(0, Math.min(generators[g]!.maxW - generators[g]!.minW, leftW));
        chosen[g]! += moreW;
        leftW -= moreW;
      }
      chosen.forEach((powerW, g) => powers[g]!.push(powerW));
    }
    return powers;
  };

  it.each([
    ['free to start and stop', [generator('a', {}), generator('b', { runningMicroPerKwh: 200_000, startMicro: 1_000_000 })]],
    ['with minimum times', [generator('a', { minUpS: 3 * 3_600, minDownS: 2 * 3_600 }), generator('b', { minUpS: 2 * 3_600 })]],
    [
      'bound by what they do now',
      [
        generator('a', { minUpS: 4 * 3_600, initial: { on: true, sinceMs: START_MS - 3_600_000, powerW: 10_000 } }),
        generator('b', { minDownS: 3 * 3_600, initial: { on: false, sinceMs: START_MS - 3_600_000 } }),
      ],
    ],
    ['one locked out', [generator('a', { available: false }), generator('b', { available: [true, true, true, false, true] })]],
  ])('are as cheap %s', async (_, generators) => {
    const problem = problemOf(generators);
    const plan = await solvePlan(problem, exactly);
    expect(planFaults(problem, plan)).toEqual([]);
    expect(plan.costMicro / 1e6).toBeCloseTo(best(problem) / 1e6, 3);
  });

  it('warms up before it gives power, and climbs by its ramp', async () => {
    const slow = generator('a', { warmUpS: 1_800, rampWPerS: 5_000 / 3_600, minW: 5_000, initial: { on: false } });
    const problem = problemOf([slow]);
    const plan = await solvePlan(problem, exactly);
    expect(planFaults(problem, plan)).toEqual([]);
    const { on, powerW } = plan.generators[0]!;
    const start = on.indexOf(true);
    expect(start).toBeGreaterThanOrEqual(0);
    expect(powerW[start]).toBeLessThanOrEqual(5_000.1);
    expect(plan.breaches).toEqual([]);
  });
});
