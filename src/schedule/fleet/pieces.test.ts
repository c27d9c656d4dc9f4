import { describe, expect } from 'vitest';
import { fc, test } from '../../../test/prop.js';
import { hullOf } from './convex.js';
import { Pieces, Points } from './pieces.js';

describe('points that are used again', () => {
  const points = new Points();
  const stretch = fc.integer({ min: -40, max: 40 });

  test.prop([stretch, stretch, fc.array(stretch, { maxLength: 90 }), fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4 })])(
    'stand in order, each once, and become the hull of what was told of them',
    (one, other, places, heights) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      points.within(low, high);
      places.forEach((place) => points.add(place));
      const expected = [...new Set([low, high, ...places.filter((place) => place > low && place < high)])].toSorted((a, b) => a - b);
      expect([...points.xs.subarray(0, points.count)]).toEqual(expected);
      expected.forEach((_, index) => (points.values[index] = heights[index % heights.length]!));
      const hull = hullOf(expected.map((x, index) => [x, points.values[index]!]));
      points.bend();
      expect(points.count).toBe(hull.widths.length + 1);
      const corners = [...points.xs.subarray(0, points.count)];
      expect(corners).toEqual(hull.widths.reduce((xs, width) => [...xs, xs.at(-1)! + width], [hull.from]));
      corners.forEach((x, corner) => expect(points.valueAt(x)).toBeCloseTo(points.values[corner]!, 9));
      expect(points.valueAt(high + 5)).toBe(points.values[points.count - 1]);
    },
  );
});

describe('pieces', () => {
  test.prop([fc.array(fc.tuple(fc.constantFrom(0, 1e-12, 0.5, 2), fc.integer()), { maxLength: 40 })])(
    'grow as they must, leave out what has no width, and go to others',
    (given) => {
      const pieces = new Pieces(1);
      given.forEach(([width, slope]) => pieces.push(width, slope));
      const kept = given.filter(([width]) => width > 1e-9);
      const others = new Pieces(2);
      others.copy(pieces, 0, pieces.count);
      others.trim();
      expect([...others.widths]).toEqual(kept.map(([width]) => width));
      expect([...others.slopes]).toEqual(kept.map(([, slope]) => slope));
    },
  );
});
