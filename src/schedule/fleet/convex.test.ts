import { describe, expect, it } from 'vitest';
import { fc, test } from '../../../test/prop.js';
import { hullOf, mirrored, type Point, valueAt } from './convex.js';

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

  test.prop([points, fc.integer({ min: 0, max: 10 })])('mirrored is the same from the other side', (given, share) => {
    const hull = hullOf(given);
    const end = hull.widths.reduce((x, width) => x + width, hull.from);
    const x = hull.from + ((end - hull.from) * share) / 10;
    expect(valueAt(mirrored(hull), -x)).toBeCloseTo(valueAt(hull, x), 6);
  });
});
