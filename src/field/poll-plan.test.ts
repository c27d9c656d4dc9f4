import { fc, test } from '../../test/prop.js';
import { describe, expect } from 'vitest';
import { msUntil, phaseOf } from './poll-plan.js';

describe('the places of sites in their period', () => {
  const period = fc.constantFrom(500, 1_000, 2_000, 5_000, 60_000);

  test.prop([period, fc.integer({ min: 1, max: 300 })])(
    'are apart, inside the period, and clear of the beginning of each second',
    (periodMs, count) => {
      let last = -1;
      for (let index = 0; index < count; index += 1) {
        const phaseMs = phaseOf(index, count, periodMs);
        expect(phaseMs).toBeGreaterThan(last);
        expect(phaseMs).toBeLessThan(periodMs);
        if (periodMs >= 1_000) expect(phaseMs % 1_000).toBeGreaterThanOrEqual(99.999);
        last = phaseMs;
      }
    },
  );

  test.prop([period, fc.integer({ min: 0, max: 2 ** 41 }), fc.integer({ min: 0, max: 99 })])(
    'come round on the plant’s clock',
    (periodMs, nowMs, index) => {
      const phaseMs = phaseOf(index, 100, periodMs);
      const waitMs = msUntil(nowMs, { periodMs, phaseMs, fields: [] });
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThanOrEqual(periodMs);
      expect(((nowMs + waitMs) % periodMs) - phaseMs).toBeCloseTo(0, 2);
    },
  );
});
