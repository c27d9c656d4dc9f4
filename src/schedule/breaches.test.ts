import { expect, it } from 'vitest';
import { meritOrder } from './merit-order.js';
import { parseProblem } from './parse-problem.js';

it('are told of a fleet of any size', () => {
  const [count, steps] = [800, 192];
  const problem = parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: 0,
    stepMinutes: Array(steps).fill(15),
    sites: Array.from({ length: count }, (_, index) => ({
      id: `home-${index}`,
      loadW: 1_000,
      pvW: 0,
      importMicroPerKwh: 300_000,
      exportMicroPerKwh: 0,
      ...(index === 7 ? { importLimitW: 900 } : {}),
    })),
  });
  const { breaches } = meritOrder(problem, 'asked for');
  expect(breaches).toHaveLength(steps);
  expect(breaches[0]).toMatchObject({ kind: 'import-limit', subject: 'home-7', size: 100 });
});
