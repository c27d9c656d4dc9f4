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

/** Narrower pieces are rounding. */
export const NARROW = 1e-9;

export type Point = readonly [x: number, value: number];

/** The largest convex function that is nowhere above the points given; in any order, one at least. */
export const hullOf = (points: readonly Point[]): Convex => {
  const hull: Point[] = [];
  for (const point of points.toSorted(([one], [other]) => one - other)) {
    const last = hull.at(-1);
    if (last && point[0] - last[0] < NARROW) {
      if (point[1] >= last[1]) continue;
      hull.pop();
    }
    while (hull.length > 1 && bends(hull.at(-2)!, hull.at(-1)!, point)) hull.pop();
    hull.push(point);
  }
  const [first] = hull;
  return {
    from: first![0],
    at: first![1],
    widths: hull.slice(1).map(([x], index) => x - hull[index]![0]),
    slopes: hull.slice(1).map((point, index) => slopeOf(hull[index]!, point)),
  };
};

const slopeOf = ([x, value]: Point, [otherX, otherValue]: Point): number => (otherValue - value) / (otherX - x);

/** Whether the middle one of three points lies on or above the line through the others. */
const bends = (left: Point, middle: Point, right: Point): boolean => slopeOf(left, middle) >= slopeOf(middle, right);

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
