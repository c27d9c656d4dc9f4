import { describe, expect, it } from 'vitest';
import { solvePlan } from './adapters/highs-plan.js';
import { parseProblem } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import type { PlanningProblem } from './problem.js';

const MINUTES = 320;

/** A yard without a grid, in minutes, whose load comes and goes at minutes at which a first plan would not switch. */
const yard = (from: number, to: number, generator: object): PlanningProblem =>
  parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: 0,
    stepMinutes: Array.from({ length: MINUTES }, () => 1),
    sites: [
      {
        id: 'yard',
        loadW: Array.from({ length: MINUTES }, (_, minute) => (minute >= from && minute < to ? 20_000 : 0)),
        pvW: 0,
        importLimitW: 0,
        importMicroPerKwh: 1_000_000,
        exportMicroPerKwh: 0,
      },
    ],
    generators: [
      { id: 'unit', siteId: 'yard', minW: 10_000, maxW: 30_000, runningMicroPerKwh: 100_000, initial: { on: false }, ...generator },
    ],
  });

const runOf = async (problem: PlanningProblem): Promise<{ from: number; to: number }> => {
  const plan = await solvePlan(problem, { gap: 1e-6, timeLimitS: 60 });
  expect(planFaults(problem, plan)).toEqual([]);
  expect([plan.status, plan.breaches]).toEqual(['optimal', []]);
  const [unit] = plan.generators;
  return { from: unit!.on.indexOf(true), to: unit!.on.lastIndexOf(true) + 1 };
};

describe('a generator in fine steps', () => {
  it('starts and stops at the best of them, though a first plan switches at few', async () => {
    expect(await runOf(yard(103, 171, {}))).toEqual({ from: 103, to: 171 });
  }, 90_000);

  it('runs for its minimum time, counted over more steps than have a term of their own', async () => {
    const { from, to } = await runOf(yard(103, 115, { minUpS: 100 * 60, noLoadMicroPerH: 1_000_000 }));
    expect([from <= 103, to >= 115, to - from]).toEqual([true, true, 100]);
  }, 90_000);

  it('rests for its minimum time likewise', async () => {
    const problem = yard(0, MINUTES, { minDownS: 100 * 60, noLoadMicroPerH: 1_000_000, initial: { on: true, sinceMs: -3_600_000 } });
    const loadW = (problem.sites[0]!.loadW as number[]).map((powerW, minute) => (minute >= 37 && minute < 130 ? 0 : powerW));
    const longer = loadW.map((powerW, minute) => (minute >= 37 && minute < 139 ? 0 : powerW));
    const stands = async (load: number[]): Promise<number> => {
      const plan = await solvePlan({ ...problem, sites: [{ ...problem.sites[0]!, loadW: load }] }, { gap: 1e-6, timeLimitS: 60 });
      expect(plan.breaches).toEqual([]);
      return plan.generators[0]!.on.filter((on) => !on).length;
    };
    expect([await stands(loadW), await stands(longer)]).toEqual([0, 102]);
  }, 90_000);
});
