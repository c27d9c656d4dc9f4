import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { ofSample, orderly, pinball, quantileOf } from './distribution.js';

const watts = fc.double({ min: -5_000, max: 5_000, noNaN: true });

describe('distributions', () => {
  it('are those of a sample', () => {
    expect(ofSample(Float64Array.of(4, 1, 3, 2, 10))).toEqual({ mean: 4, p10: expect.closeTo(1.4), p50: 3, p90: expect.closeTo(7.6) });
    expect(quantileOf([7], 0.9)).toBe(7);
  });

  test.prop([watts, watts, watts, watts])('are put in order, and never below nothing', (mean, p10, p50, p90) => {
    const put = orderly({ mean, p10, p50, p90 });
    expect(put.p10).toBeGreaterThanOrEqual(0);
    expect(put.p50).toBeGreaterThanOrEqual(put.p10);
    expect(put.p90).toBeGreaterThanOrEqual(put.p50);
    expect(put.mean).toBeGreaterThanOrEqual(0);
  });

  test.prop([fc.array(watts, { minLength: 1, maxLength: 30 }), fc.constantFrom(0.1, 0.5, 0.9), watts])(
    'have quantiles of which nothing has less pinball loss, but for the gap between two values',
    (sample, level, other) => {
      const sorted = sample.toSorted((a, b) => a - b);
      const loss = (forecast: number): number => sample.reduce((sum, actual) => sum + pinball(level, forecast, actual), 0);
      const best = Math.min(...sorted.map(loss));
      expect(best).toBeLessThanOrEqual(loss(other) + 1e-6);
      const between = Math.floor((sorted.length - 1) * level);
      const gap = (sorted[between + 1] ?? sorted[between]!) - sorted[between]!;
      expect(loss(quantileOf(sorted, level))).toBeLessThanOrEqual((best + gap * sample.length) * (1 + 1e-12));
    },
  );
});
