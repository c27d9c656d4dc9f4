/** Narrower pieces are rounding. */
export const NARROW = 1e-9;

/** Pieces of convex functions one behind the other, in arrays that grow and are used again. */
export class Pieces {
  widths: Float64Array<ArrayBuffer>;
  slopes: Float64Array<ArrayBuffer>;
  count = 0;

  constructor(room = 1_024) {
    this.widths = new Float64Array(room);
    this.slopes = new Float64Array(room);
  }

  push(width: number, slope: number): void {
    if (width <= NARROW) return;
    if (this.count === this.widths.length) {
      this.widths = doubled(this.widths);
      this.slopes = doubled(this.slopes);
    }
    this.widths[this.count] = width;
    this.slopes[this.count] = slope;
    this.count += 1;
  }

  /** Puts some of another's behind its own. */
  copy({ widths, slopes }: Pieces, begin: number, end: number): void {
    for (let index = begin; index < end; index += 1) this.push(widths[index]!, slopes[index]!);
  }

  /** Gives back the room that it does not need. */
  trim(): void {
    this.widths = this.widths.slice(0, this.count);
    this.slopes = this.slopes.slice(0, this.count);
  }
}

const doubled = (values: Float64Array): Float64Array<ArrayBuffer> => {
  const twice = new Float64Array(2 * values.length);
  twice.set(values);
  return twice;
};

/** Some places in order and what something costs there, in arrays that grow and are used again. */
export class Points {
  xs = new Float64Array(64);
  values = new Float64Array(64);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  /** Begins anew with the ends of a stretch. */
  within(low: number, high: number): void {
    this.xs[0] = low;
    this.xs[1] = high;
    this.count = high - low < NARROW ? 1 : 2;
  }

  /** Puts a place of that stretch where it belongs, unless there is one; what it costs there is told when all are known. */
  add(x: number): void {
    const { xs } = this;
    if (!(x > xs[0]! && x < xs[this.count - 1]!)) return;
    let at = this.count;
    while (xs[at - 1]! > x) at -= 1;
    if (x - xs[at - 1]! < NARROW || xs[at]! - x < NARROW) return;
    this.grow();
    this.xs.copyWithin(at + 1, at, this.count);
    this.xs[at] = x;
    this.count += 1;
  }

  /** Becomes like another. */
  take({ xs, values, count }: Points): void {
    this.count = 0;
    for (let index = 0; index < count; index += 1) this.append(xs[index]!, values[index]!);
  }

  /** Puts a place behind all others. */
  append(x: number, value: number): void {
    this.grow();
    this.xs[this.count] = x;
    this.values[this.count] = value;
    this.count += 1;
  }

  private grow(): void {
    if (this.count < this.xs.length) return;
    this.xs = doubled(this.xs);
    this.values = doubled(this.values);
  }

  /** Keeps the corners of the largest convex function that is nowhere above. */
  bend(): void {
    const { xs, values } = this;
    let corners = 0;
    for (let index = 0; index < this.count; index += 1) {
      const [x, value] = [xs[index]!, values[index]!];
      while (corners > 1 && this.slope(corners - 2) >= (value - values[corners - 1]!) / (x - xs[corners - 1]!)) corners -= 1;
      xs[corners] = x;
      values[corners] = value;
      corners += 1;
    }
    this.count = corners;
  }

  /** From a corner to the next. */
  slope(corner: number): number {
    return (this.values[corner + 1]! - this.values[corner]!) / (this.xs[corner + 1]! - this.xs[corner]!);
  }

  /** On the line between the corners beside it, or beyond the last. */
  valueAt(x: number): number {
    const { xs, values, count } = this;
    let corner = 1;
    while (corner < count && xs[corner]! < x) corner += 1;
    if (corner >= count || x <= xs[0]!) return x <= xs[0]! ? values[0]! : values[count - 1]!;
    return values[corner - 1]! + this.slope(corner - 1) * (x - xs[corner - 1]!);
  }
}
