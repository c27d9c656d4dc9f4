import { test } from '../../test/prop.js';
import { describe, expect } from 'vitest';
import { anyProblem, planWithin } from './any-problem.fixture.js';
import { meritOrder } from './merit-order.js';
import { planFaults } from './plan-check.js';
import { readProblem } from './statement/read-problem.js';

describe('whatever the problem', () => {
  test.prop([anyProblem], { numRuns: 150 })(
    'there is a plan that keeps every rule, or names how far it bends',
    async (problem) => {
      expect(readProblem(problem).faults).toEqual([]);
      const plan = await planWithin(problem, { gap: 1e-3, timeLimitS: 10 });
      expect(planFaults(problem, plan)).toEqual([]);
    },
    120_000,
  );

  test.prop([anyProblem], { numRuns: 300 })('merit order has one too', (problem) => {
    expect(planFaults(problem, meritOrder(problem, 'asked for'))).toEqual([]);
  });
});
