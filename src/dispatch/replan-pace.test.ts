import { expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { sum } from '../kernel/sum.js';
import { mayReplanFromMs, PLANNING_SHARE } from './replan-pace.js';

it('lets small fleets plan anew after twenty seconds, and large ones after four times what the last plan took', () => {
  expect(mayReplanFromMs({ endedAtMs: 100_000, tookMs: 300 })).toBe(120_000);
  expect(mayReplanFromMs({ endedAtMs: 100_000, tookMs: 5_000 })).toBe(120_000);
  expect(mayReplanFromMs({ endedAtMs: 100_000, tookMs: 40_000 })).toBe(260_000);
});

test.prop([fc.array(fc.integer({ min: 100, max: 120_000 }), { minLength: 2, maxLength: 30 })])(
  'never spends more than its share on plans, though something comes or goes all the time',
  (tooksMs) => {
    let nowMs = 0;
    for (const tookMs of tooksMs) nowMs = mayReplanFromMs({ endedAtMs: nowMs + tookMs, tookMs });
    expect(sum(tooksMs) / nowMs).toBeLessThanOrEqual(PLANNING_SHARE + 1e-9);
  },
);
