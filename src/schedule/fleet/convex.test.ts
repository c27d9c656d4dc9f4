import { describe, expect, it } from 'vitest';
import { fc, test } from '../../../test/prop.js';
import { hullOf, type Point, sumOf, valueAt } from './convex.js';

const points = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -90, max: 90 })), { minLength: 1, maxLength: 12 });

describe('the hull of points', () => {
  it('leaves out what lies above the others', () => {
    expect(
      hullOf([
        [2, 4],
        [0, 0],
        [1, 5],
        [1, 1],
      ] as Point[]),
    ).toEqual({ from: 0, at: 0, widths: [1, 1], slopes: [1, 3] });
  });

  test.prop([points])('is convex, nowhere above a point, and is touched by the outermost', (given) => {
    const hull = hullOf(given);
    expect(hull.slopes.every((slope, index) => index === 0 || slope >= hull.slopes[index - 1]! - 1e-9)).toBe(true);
    for (const [x, value] of given) expect(valueAt(hull, x)).toBeLessThanOrEqual(value + 1e-6);
    const first = Math.min(...given.map(([x]) => x));
    expect(hull.from).toBe(first);
    expect(hull.at).toBe(Math.min(...given.filter(([x]) => x === first).map(([, value]) => value)));
  });
});

describe('the sum of functions', () => {
  /** All are defined at 0. */
  const parts = fc
    .array(fc.tuple(points, fc.constantFrom(0.25, 0.5, 1)), { minLength: 1, maxLength: 4 })
    .map((all) => all.map(([given, weight]) => [hullOf([...given, [0, -95]]), weight] as const));

  test.prop([parts, fc.integer({ min: 0, max: 10 })])('is at each place where all of them are what they are together', (given, share) => {
    const sum = sumOf(given);
    const ends = [sum, ...given.map(([one]) => one)].map(({ from, widths }) => widths.reduce((x, width) => x + width, from));
    expect([sum.from, ends[0]!]).toEqual([Math.max(...given.map(([{ from }]) => from)), Math.min(...ends.slice(1))]);
    const x = sum.from + ((ends[0]! - sum.from) * share) / 10;
    const values = given.map(([one, weight]) => weight * valueAt(one, x));
    expect(valueAt(sum, x)).toBeCloseTo(
      values.reduce((all, value) => all + value, 0),
      6,
    );
    expect(sum.slopes.every((slope, index) => index === 0 || slope >= sum.slopes[index - 1]! - 1e-9)).toBe(true);
  });
});
