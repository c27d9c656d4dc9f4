import { test } from '../../../test/prop.js';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { solvePlan } from '../adapters/highs-plan.js';
import { anyProblem, planWithin } from '../any-problem.fixture.js';
import { meritOrder } from '../merit-order.js';
import { parseProblem } from '../parse-problem.js';
import type { PlanningProblem } from '../problem.js';
import type { Reason } from './reason.js';
import { contradictions } from './reason-referee.fixture.js';
import { reasonsOf } from './reasons.js';

const START_MS = Date.UTC(2024, 5, 1);
const HOUR_MS = 3_600_000;

const problemOf = (site: object, more: object = {}): PlanningProblem =>
  parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: START_MS,
    stepMinutes: [60, 60, 60, 60],
    sites: [{ id: 'home', loadW: 1_000, pvW: 0, importMicroPerKwh: 300_000, exportMicroPerKwh: 80_000, ...site }],
    ...more,
  });
const battery = (more: object = {}): object => ({
  batteries: [
    {
      id: 'battery',
      siteId: 'home',
      capacityWh: 10_000,
      minEnergyWh: 1_000,
      maxEnergyWh: 10_000,
      initialEnergyWh: 1_000,
      maxChargeW: 5_000,
      maxDischargeW: 5_000,
      chargeEfficiency: 0.95,
      dischargeEfficiency: 0.95,
      ...more,
    },
  ],
});
const genset = (more: object = {}): object => ({
  generators: [{ id: 'genset', siteId: 'home', minW: 2_000, maxW: 5_000, runningMicroPerKwh: 200_000, initial: { on: false }, ...more }],
});
const car = (more: object = {}): object => ({
  flexibleLoads: [{ id: 'car', siteId: 'home', maxW: 4_000, energyWh: 4_000, startMs: START_MS, endMs: START_MS + 4 * HOUR_MS, ...more }],
});
const event = {
  id: 'EV-1',
  startMs: START_MS + HOUR_MS,
  endMs: START_MS + 2 * HOUR_MS,
  direction: 'up',
  powerW: 2_000,
  baselineW: 1_000,
  priceMicroPerKwh: 900_000,
};

const reasonAt = async (problem: PlanningProblem, id: string, step: number): Promise<Reason> => {
  const plan = await solvePlan(problem, { gap: 1e-6, timeLimitS: 10 });
  const all = reasonsOf(problem, plan);
  expect(contradictions(problem, plan, all)).toEqual([]);
  return all.find((device) => device.id === id)!.steps[step]!;
};

describe('why', () => {
  const cheapThenDear = { importMicroPerKwh: [100_000, 100_000, 500_000, 500_000] };
  it.each<[string, PlanningProblem, string, number, Partial<Reason>]>([
    [
      'charges for the dear evening',
      problemOf({ ...cheapThenDear, loadW: [0, 0, 4_000, 4_000] }, battery()),
      'battery',
      0,
      { does: 'charges', code: 'price-spread', microPerKwh: 100_000, otherMicroPerKwh: 500_000, otherMs: START_MS + 2 * HOUR_MS },
    ],
    [
      'covers the dear evening',
      problemOf({ ...cheapThenDear, loadW: [0, 0, 4_000, 4_000] }, battery()),
      'battery',
      3,
      { does: 'discharges', code: 'self-consumption', microPerKwh: 500_000 },
    ],
    [
      'keeps the sun',
      problemOf({ pvW: [4_000, 0, 0, 0] }, battery()),
      'battery',
      0,
      { does: 'charges', code: 'self-consumption', microPerKwh: 80_000, otherMicroPerKwh: 300_000 },
    ],
    ['is empty', problemOf({}, battery()), 'battery', 1, { does: 'rests', code: 'empty' }],
    [
      'serves an event',
      problemOf({}, { ...battery({ initialEnergyWh: 5_000 }), events: [event] }),
      'battery',
      1,
      { does: 'discharges', code: 'event', subject: 'EV-1' },
    ],
    [
      'charges as it is told',
      problemOf({}, battery({ override: { powerW: [-500, null, null, null], by: 'anna' } })),
      'battery',
      0,
      { does: 'charges', code: 'override', subject: 'anna' },
    ],
    [
      'is too full for what it is told',
      problemOf({}, battery({ initialEnergyWh: 10_000, override: { powerW: [-500, -500, -500, -500] } })),
      'battery',
      0,
      { does: 'rests', code: 'full' },
    ],
    [
      'gives way to a fuse in what it is told',
      problemOf({ importLimitW: 1_200 }, battery({ override: { powerW: [-500, null, null, null] } })),
      'battery',
      0,
      { does: 'charges', code: 'import-limit', beyondW: 300 },
    ],
    [
      'runs as it is told',
      problemOf({}, genset({ override: { powerW: [3_000, null, null, null], by: 'anna' } })),
      'genset',
      0,
      { does: 'runs', code: 'override', subject: 'anna' },
    ],
    [
      'gives no more sun than it is let',
      problemOf({ pvW: 3_000, pvOverride: { maxW: [1_000, null, null, null], by: 'anna' } }),
      'home',
      0,
      { does: 'is-held-back', code: 'override', subject: 'anna' },
    ],
    [
      'gives way to an operator in what it is told',
      problemOf({ takenLimitW: 200 }, battery({ override: { powerW: [-500, null, null, null] } })),
      'battery',
      0,
      { does: 'charges', code: 'load-limit' },
    ],
    [
      'draws as a person lets it, though it is dear now',
      problemOf(
        { importMicroPerKwh: [500_000, 100_000, 100_000, 100_000] },
        car({ override: { maxW: [3_000, null, null, null], by: 'anna' } }),
      ),
      'car',
      0,
      { does: 'draws', code: 'override', subject: 'anna' },
    ],
    [
      'waits as a person has it wait',
      problemOf(
        { importMicroPerKwh: [100_000, 500_000, 500_000, 500_000] },
        car({ minW: 1_400, override: { maxW: [1_000, null, null, null] } }),
      ),
      'car',
      0,
      { does: 'waits', code: 'override' },
    ],
    [
      'does not draw what it is let where its site may not take it',
      problemOf({ takenLimitW: [0, 4_000, 4_000, 4_000] }, car({ override: { maxW: [3_000, null, null, null] } })),
      'car',
      0,
      { does: 'waits', code: 'load-limit' },
    ],
    [
      'is not let draw',
      problemOf({ takenLimitW: [100, 9_000, 9_000, 9_000] }, car({ minW: 1_400 })),
      'car',
      0,
      { does: 'waits', code: 'load-limit' },
    ],
    ['is recovered', problemOf({}, battery({ initialEnergyWh: 500 })), 'battery', 0, { does: 'charges', code: 'recovery' }],
    [
      'keeps a fuse',
      problemOf({ loadW: [1_000, 3_000, 1_000, 1_000], importLimitW: 2_000 }, battery()),
      'battery',
      1,
      { does: 'discharges', code: 'import-limit', beyondW: 1_000 },
    ],
    [
      'is wanted full',
      problemOf(
        { loadW: 0, exportMicroPerKwh: 0, importMicroPerKwh: [300_000, 100_000, 300_000, 300_000] },
        battery({ targets: [{ step: 3, energyWh: 5_000 }] }),
      ),
      'battery',
      1,
      { code: 'energy-target' },
    ],
    [
      'is worth more at the end',
      problemOf({}, battery({ terminalMicroPerKwh: 600_000 })),
      'battery',
      1,
      { does: 'charges', code: 'value-at-end' },
    ],
    [
      'is not there',
      problemOf({}, battery({ maxChargeW: 0, maxDischargeW: 0, initialEnergyWh: 4_000 })),
      'battery',
      1,
      { code: 'unavailable' },
    ],
    [
      'runs where it is cheaper',
      problemOf({ loadW: 4_000 }, genset()),
      'genset',
      1,
      { does: 'runs', code: 'price-spread', microPerKwh: 200_000, otherMicroPerKwh: 300_000 },
    ],
    [
      'stands where the grid is cheaper',
      problemOf({ loadW: 4_000 }, genset({ runningMicroPerKwh: 400_000 })),
      'genset',
      1,
      { does: 'stands', code: 'price-spread', microPerKwh: 400_000, otherMicroPerKwh: 300_000 },
    ],
    ['has to run', problemOf({}, genset({ mustRun: true })), 'genset', 1, { code: 'must-run' }],
    [
      'has to rest',
      problemOf({ loadW: 4_000 }, genset({ minDownS: 7_200, initial: { on: false, sinceMs: START_MS } })),
      'genset',
      1,
      { code: 'minimum-down-time', otherMs: START_MS + 2 * HOUR_MS },
    ],
    [
      'has to run on',
      problemOf({ loadW: 0, exportMicroPerKwh: 0 }, genset({ minUpS: 7_200, initial: { on: true, sinceMs: START_MS, powerW: 2_000 } })),
      'genset',
      1,
      { does: 'runs', code: 'minimum-up-time' },
    ],
    ['needs too little', problemOf({ loadW: 500, exportMicroPerKwh: 0 }, genset()), 'genset', 1, { does: 'stands', code: 'minimum-power' }],
    [
      'is not worth a start',
      problemOf({ loadW: 4_000 }, genset({ startMicro: 9_000_000 })),
      'genset',
      1,
      { does: 'stands', code: 'start-cost' },
    ],
    ['is locked out', problemOf({ loadW: 4_000 }, genset({ available: false })), 'genset', 1, { code: 'unavailable' }],
    [
      'holds reserve',
      problemOf(
        { loadW: 0, exportMicroPerKwh: 0 },
        { ...genset(), reserves: [{ id: 'spin', direction: 'up', powerW: 1_000, throughConnection: false }] },
      ),
      'genset',
      1,
      { does: 'runs', code: 'reserve', subject: 'spin' },
    ],
    [
      'has used up its fuel',
      problemOf({ loadW: 5_000 }, genset({ budgets: [{ startMs: START_MS, endMs: START_MS + 4 * HOUR_MS, energyWh: 0 }] })),
      'genset',
      1,
      { does: 'stands', code: 'budget' },
    ],
    [
      'is left on the roof',
      problemOf({ pvW: 4_000, exportLimitW: 1_000 }),
      'home',
      1,
      { does: 'is-held-back', code: 'export-limit', beyondW: 2_000 },
    ],
    [
      'would cost to give away',
      problemOf({ pvW: 4_000, exportMicroPerKwh: -50_000 }),
      'home',
      1,
      { does: 'is-held-back', code: 'negative-price' },
    ],
    ['is sold', problemOf({ pvW: 4_000 }), 'home', 1, { does: 'gives', code: 'sold', microPerKwh: 80_000 }],
    [
      'draws while it is cheap',
      problemOf({ importMicroPerKwh: [300_000, 100_000, 300_000, 300_000] }, car()),
      'car',
      1,
      { does: 'draws', code: 'price-spread' },
    ],
    [
      'waits while it is dear',
      problemOf({ importMicroPerKwh: [300_000, 100_000, 300_000, 300_000] }, car()),
      'car',
      0,
      { does: 'waits', code: 'price-spread', otherMicroPerKwh: 100_000 },
    ],
    ['has no time to lose', problemOf({}, car({ energyWh: 16_000 })), 'car', 1, { does: 'draws', code: 'load-energy' }],
    [
      'has what it wants',
      problemOf({ importMicroPerKwh: [1_000, 100_000, 300_000, 300_000] }, car()),
      'car',
      3,
      { does: 'waits', code: 'satisfied' },
    ],
  ])('%s', async (_, problem, id, step, expected) => {
    expect(await reasonAt(problem, id, step)).toMatchObject(expected);
  });
});

describe('whatever the problem', () => {
  test.prop([anyProblem], { numRuns: 120 })(
    'every step of every device has a reason that the plan bears out',
    async (problem) => {
      for (const plan of [await planWithin(problem, { gap: 1e-3, timeLimitS: 10 }), meritOrder(problem, 'asked for')]) {
        const all = reasonsOf(problem, plan);
        expect(all.map(({ steps }) => steps.length).every((count) => count === problem.stepMinutes.length)).toBe(true);
        expect(contradictions(problem, plan, all)).toEqual([]);
      }
    },
    120_000,
  );

  it('few reasons of the sample are that nothing speaks against it', async () => {
    const problem = parseProblem(JSON.parse(readFileSync('docs/schedule-sample.json', 'utf8')));
    const reasons = reasonsOf(problem, await solvePlan(problem, { gap: 1e-4, timeLimitS: 20 })).flatMap(({ steps }) => steps);
    expect(reasons.filter(({ code }) => code === 'indifferent').length / reasons.length).toBeLessThan(0.1);
  });
});
