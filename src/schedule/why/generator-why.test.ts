import { describe, expect, it } from 'vitest';
import { solvePlan } from '../adapters/highs-plan.js';
import { parseProblem } from '../parse-problem.js';
import type { PlanningProblem } from '../problem.js';
import type { Reason } from './reason.js';
import { contradictions } from './reason-referee.fixture.js';
import { reasonsOf } from './reasons.js';
import { sentence } from './sentence.js';

const START_MS = Date.UTC(2024, 5, 1);
const HOUR_MS = 3_600_000;

describe('why a generator', () => {
  const dear = (prices: number[], more: object = {}): PlanningProblem =>
    parseProblem({
      version: 1,
      currency: 'EUR',
      startMs: START_MS,
      stepMinutes: [60, 60, 60, 60],
      sites: [{ id: 'home', loadW: 4_000, pvW: 0, importMicroPerKwh: prices, exportMicroPerKwh: 0 }],
      generators: [
        { id: 'genset', siteId: 'home', minW: 2_000, maxW: 5_000, runningMicroPerKwh: 200_000, initial: { on: false }, ...more },
      ],
    });
  const [low, high] = [50_000, 500_000];
  it.each<[string, PlanningProblem, number, Partial<Reason>]>([
    ['warms up', dear([low, high, high, high], { warmUpS: 3_600 }), 0, { does: 'runs', code: 'warm-up', otherMs: START_MS + HOUR_MS }],
    [
      'that was stopped just now stands',
      dear([high, high, high, high], { minDownS: 2 * 3_600, initial: { on: false, sinceMs: START_MS } }),
      0,
      { does: 'stands', code: 'minimum-down-time', otherMs: START_MS + 2 * HOUR_MS },
    ],
    [
      'that has to run stands while it must',
      dear([low, low, low, low], { mustRun: true, minDownS: 3_600, initial: { on: false, sinceMs: START_MS } }),
      0,
      { does: 'stands', code: 'minimum-down-time' },
    ],
    [
      'that was started just now runs',
      dear([low, low, low, low], { minUpS: 2 * 3_600, initial: { on: true, sinceMs: START_MS, powerW: 2_000 } }),
      0,
      { does: 'runs', code: 'minimum-up-time', otherMs: START_MS + 2 * HOUR_MS },
    ],
    [
      'does not start for an hour',
      dear([low, high, low, low], { minUpS: 3 * 3_600, runningMicroPerKwh: 300_000 }),
      1,
      { does: 'stands', code: 'minimum-up-time' },
    ],
    [
      'climbs',
      dear([low, high, high, high], { startUpW: 2_000, rampWPerS: 2_000 / 3_600, minW: 500, runningMicroPerKwh: 100_000 }),
      0,
      { does: 'runs', code: 'start-up-ramp', otherMs: START_MS + HOUR_MS },
    ],
    [
      'has stopped for good',
      dear([high, low, low, low], { minDownS: 3_600, initial: { on: true, powerW: 4_000 } }),
      1,
      { does: 'stands', code: 'price-spread' },
    ],
    [
      'runs through a gap',
      dear([high, low, high, high], { startMicro: 2_000_000, initial: { on: true, powerW: 4_000 } }),
      1,
      { does: 'runs', code: 'start-cost' },
    ],
  ])('%s', async (_, problem, step, reason) => {
    const plan = await solvePlan(problem, { gap: 1e-6, timeLimitS: 10 });
    const all = reasonsOf(problem, plan);
    expect(contradictions(problem, plan, all)).toEqual([]);
    expect(all[0]!.steps[step]).toMatchObject(reason);
    const words = { currency: 'EUR', time: (atMs: number): string => new Date(atMs).toISOString().slice(11, 16) };
    expect(sentence(all[0]!.steps[step]!, [0], words)).toMatch(/^(runs|stands): [a-z]/);
  });
});
