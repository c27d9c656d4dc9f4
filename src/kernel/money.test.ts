import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { energyCostMicro, splitMicro } from './money.js';

describe('money', () => {
  it('rounds a cost to a whole micro-unit', () => {
    expect(energyCostMicro(1_250, 80_000)).toBe(100_000);
    expect(energyCostMicro(-1, 500)).toBe(-1);
    expect(Object.is(energyCostMicro(-0.0001, 1), 0)).toBe(true);
  });

  const anyWeights = fc
    .array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 20 })
    .filter((weights) => weights.some((weight) => weight > 0));

  test.prop([fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), anyWeights])('splits without losing or making a unit', (total, weights) => {
    const parts = splitMicro(total, weights);
    expect(parts.reduce((a, b) => a + b, 0)).toBe(total);
    expect(parts.every((part, index) => Number.isInteger(part) && (weights[index]! > 0 || Math.abs(part) <= 1))).toBe(true);
  });

  it('refuses weights that split nothing', () => {
    expect(() => splitMicro(10, [0, 0])).toThrow(RangeError);
  });
});
