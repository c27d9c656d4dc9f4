import { expect, it } from 'vitest';
import { watchSurprise } from './surprise.js';

it('asks for a new plan when the fleet stays off its plan, not when a cloud passes', () => {
  const off = { residualW: 30_000, plannedW: 10_000, peakW: 40_000 };
  const first = watchSurprise(undefined, off, 1_000);
  expect(first).toEqual({ since: 1_000, replan: false });
  expect(watchSurprise(first.since, { ...off, residualW: 12_000 }, 60_000)).toEqual({ since: undefined, replan: false });
  expect(watchSurprise(first.since, off, 121_000).replan).toBe(true);
});

it('does not judge what it cannot see', () => {
  expect(watchSurprise(1_000, { residualW: undefined, plannedW: 1, peakW: 1 }, 500_000)).toEqual({ since: undefined, replan: false });
});
