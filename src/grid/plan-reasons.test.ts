import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Plant } from '../fleet/plant.js';
import { solvePlan } from '../schedule/adapters/highs-plan.js';
import { parseProblem } from '../schedule/parse-problem.js';
import type { Schedule } from '../schedule/schedule.js';
import { reasonsOf } from '../schedule/why/reasons.js';
import { planReasons, planReasonsSchema } from './plan-reasons.js';

const problem = parseProblem(JSON.parse(readFileSync('docs/schedule-sample.json', 'utf8')));
const plant = {
  sites: [{ id: 'home', name: 'Anna’s home', devices: [{ id: 'home-battery', name: 'Cellar', siteId: 'home' }] }],
} as unknown as Plant;
let plan: Schedule;
beforeAll(async () => {
  plan = await solvePlan(problem, { gap: 1e-4, timeLimitS: 20 });
});

describe('the reasons of a plan', () => {
  it('name each device as the plant does, with a sentence for each step', () => {
    const answer = planReasonsSchema.parse(planReasons(plan, plant, reasonsOf(problem, plan)));
    expect(answer.devices.map(({ kind, name }) => [kind, name])).toEqual([
      ['battery', 'Cellar'],
      ['generator', 'yard-genset'],
      ['sun', 'Anna’s home'],
      ['load', 'home-car'],
    ]);
    expect(answer.devices[0]!.steps[18]).toMatchObject({
      code: 'event',
      says: 'discharges 2.50 kW: it serves event evening-relief, which gets 2.50 kW',
    });
  });

  it('are of one device where it is asked for', () => {
    expect(planReasons(plan, plant, reasonsOf(problem, plan), 'home-car').devices.map(({ id }) => id)).toEqual(['home-car']);
  });
});
