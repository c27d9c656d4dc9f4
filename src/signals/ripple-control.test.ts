import { expect, it } from 'vitest';
import { RIPPLE_STEPS_PCT, rippleLimitW } from './ripple-control.js';

it('means a share of the installed power, the tightest of those closed, and nothing known without any', () => {
  expect(RIPPLE_STEPS_PCT.map((step) => rippleLimitW([step], 10_000))).toEqual([10_000, 6_000, 3_000, 0]);
  expect(rippleLimitW([100, 30], 10_000)).toBe(3_000);
  expect(rippleLimitW([], 10_000)).toBeUndefined();
});
