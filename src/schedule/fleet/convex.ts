import { NARROW, Points } from './pieces.js';

/**
 * A convex piecewise-linear function of one number, on the stretch that begins at `from` and is as long as its pieces; `at` is
 * its value at `from`. Slopes never fall from one piece to the next.
 */
export interface Convex {
  readonly from: number;
  readonly at: number;
  readonly widths: readonly number[];
  readonly slopes: readonly number[];
}

export type Point = readonly [x: number, value: number];

/** The largest convex function that is nowhere above the points given; in any order, one at least. */
export const hullOf = (points: readonly Point[]): Convex => {
  const hull = new Points();
  for (const [x, value] of points.toSorted(([one], [other]) => one - other)) {
    const last = hull.count - 1;
    if (last < 0 || x - hull.xs[last]! >= NARROW) hull.append(x, value);
    else hull.values[last] = Math.min(hull.values[last]!, value);
  }
  hull.bend();
  const pieces = Array.from({ length: hull.count - 1 }, (_, corner) => corner);
  return {
    from: hull.xs[0]!,
    at: hull.values[0]!,
    widths: pieces.map((corner) => hull.xs[corner + 1]! - hull.xs[corner]!),
    slopes: pieces.map((corner) => hull.slope(corner)),
  };
};

export const valueAt = ({ from, at, widths, slopes }: Convex, x: number): number => {
  let begin = from;
  let value = at;
  for (let index = 0; index < widths.length && begin < x; index += 1) {
    value += Math.min(widths[index]!, x - begin) * slopes[index]!;
    begin += widths[index]!;
  }
  return value;
};

/** Where a function ends. */
const endOf = ({ from, widths }: Convex): number => widths.reduce((x, width) => x + width, from);

/** The sum of functions, each so many times, where all of them are defined. */
export const sumOf = (parts: readonly (readonly [Convex, number])[]): Convex => {
  const [[only, times]] = parts as [readonly [Convex, number]];
  if (parts.length === 1 && times === 1) return only;
  const from = Math.max(...parts.map(([one]) => one.from));
  const to = Math.min(...parts.map(([one]) => endOf(one)));
  const at = parts.reduce((sum, [one, weight]) => sum + weight * valueAt(one, from), 0);
  const turns: [x: number, change: number][] = [];
  let slope = 0;
  for (const [{ from: begins, widths, slopes }, weight] of parts) {
    let x = begins;
    let before = 0;
    widths.forEach((width, index) => {
      const change = weight * (slopes[index]! - before);
      if (x <= from + NARROW) slope += change;
      else turns.push([x, change]);
      before = slopes[index]!;
      x += width;
    });
  }
  turns.sort(([one], [other]) => one - other);
  const sum = { widths: [] as number[], slopes: [] as number[] };
  let x = from;
  for (const [next, change] of [...turns, [to, 0] as const]) {
    const until = Math.min(next, to);
    if (until - x > NARROW) {
      sum.widths.push(until - x);
      sum.slopes.push(slope);
      x = until;
    }
    slope += change;
  }
  return { from, at, ...sum };
};
