import { type Convex, NARROW } from './convex.js';

/** Pieces of convex functions one behind the other, in arrays that grow and are used again. */
class Pieces {
  widths = new Float64Array(1_024);
  slopes = new Float64Array(1_024);
  count = 0;

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
}

const doubled = (values: Float64Array): Float64Array<ArrayBuffer> => {
  const twice = new Float64Array(2 * values.length);
  twice.set(values);
  return twice;
};

/** A function's pieces from `begin` to `end`; it begins at nothing held, where its value is `at`. */
interface Stretch {
  readonly begin: number;
  readonly end: number;
  readonly at: number;
}

/**
 * What it costs from the end of a step on to hold so much there, from nothing to the capacity: convex and piecewise linear. Asked
 * for hundreds of thousands of times for one fleet, so that nothing is allocated for a step.
 */
export class CostToGo {
  private readonly kept = new Pieces();
  private readonly merged = new Pieces();
  private readonly stretches: Stretch[] = [];

  /** What it costs to hold so much at the end of the last step. */
  begin(lastStep: number, holding: Convex): void {
    this.kept.count = 0;
    holding.widths.forEach((width, index) => this.kept.push(width, holding.slopes[index]!));
    this.stretches[lastStep] = { begin: 0, end: this.kept.count, at: holding.at };
  }

  /**
   * One step earlier: the least that the next step, by how it changes what is stored, and all after it cost, and what it costs to hold so
   * much until then. The least is an infimal convolution: the pieces of both in the order of their slopes (Rockafellar, Convex Analysis,
   * 1970, section 5).
   */
  back(step: number, byChange: Convex, holding: Convex, capacityKwh: number): void {
    const at = this.merge(this.stretches[step + 1]!, byChange, capacityKwh);
    const begin = this.kept.count;
    this.add(holding);
    this.stretches[step] = { begin, end: this.kept.count, at: at + holding.at };
  }

  /** What to hold at the end of a step that begins with so much, where that and all after it cost least: the least such. */
  bestKwh(step: number, byChange: Convex, storedKwh: number): number {
    const { kept } = this;
    const { begin, end } = this.stretches[step]!;
    const lowest = Math.max(0, storedKwh + byChange.from);
    let i = begin;
    let keptEnd = 0;
    for (; i < end; i += 1) {
      keptEnd += kept.widths[i]!;
      if (keptEnd > lowest + NARROW) break;
    }
    let j = 0;
    let changeEnd = storedKwh + byChange.from;
    for (; j < byChange.widths.length; j += 1) {
      changeEnd += byChange.widths[j]!;
      if (changeEnd > lowest + NARROW) break;
    }
    let x = lowest;
    while (i < end && j < byChange.widths.length && kept.slopes[i]! + byChange.slopes[j]! < 0) {
      x = Math.min(keptEnd, changeEnd);
      if (keptEnd <= x + NARROW) keptEnd += kept.widths[(i += 1)] ?? 0;
      if (changeEnd <= x + NARROW) changeEnd += byChange.widths[(j += 1)] ?? 0;
    }
    return x;
  }

  /** All of it at a step, as a function of its own. */
  whole(step: number): Convex {
    const { begin, end, at } = this.stretches[step]!;
    return { from: 0, at, widths: [...this.kept.widths.subarray(begin, end)], slopes: [...this.kept.slopes.subarray(begin, end)] };
  }

  /** What it costs to hold so much. */
  at(step: number, heldKwh: number): number {
    const { begin, end, at } = this.stretches[step]!;
    let value = at;
    let x = 0;
    for (let i = begin; i < end && x < heldKwh; i += 1) {
      const width = this.kept.widths[i]!;
      value += Math.min(width, heldKwh - x) * this.kept.slopes[i]!;
      x += width;
    }
    return value;
  }

  /**
   * Puts the pieces of both into the order of their slopes, and keeps what lies between nothing and the capacity. What a change costs is read
   * from its end, as a function of what is given.
   */
  private merge({ begin, end, at }: Stretch, { from, at: fromAt, widths, slopes }: Convex, capacityKwh: number): number {
    const { kept, merged } = this;
    merged.count = 0;
    let value = at + fromAt;
    let x = -from;
    for (let j = 0; j < widths.length; j += 1) {
      x -= widths[j]!;
      value += widths[j]! * slopes[j]!;
    }
    for (let i = begin, j = widths.length - 1; (i < end || j >= 0) && x < capacityKwh;) {
      const later = j < 0 || (i < end && kept.slopes[i]! <= -slopes[j]!);
      const slope = later ? kept.slopes[i]! : -slopes[j]!;
      const next = x + (later ? kept.widths[i]! : widths[j]!);
      if (later) i += 1;
      else j -= 1;
      if (x < 0) value += (Math.min(next, 0) - x) * slope;
      merged.push(Math.min(next, capacityKwh) - Math.max(x, 0), slope);
      x = next;
    }
    return value;
  }

  /** Keeps the merged pieces with those of `holding` on top. */
  private add({ widths, slopes }: Convex): void {
    const { kept, merged } = this;
    let j = 0;
    let holdingLeft = widths[0] ?? Infinity;
    for (let i = 0; i < merged.count; i += 1) {
      let left = merged.widths[i]!;
      while (left > NARROW) {
        const width = Math.min(left, holdingLeft);
        kept.push(width, merged.slopes[i]! + (slopes[j] ?? slopes.at(-1) ?? 0));
        left -= width;
        holdingLeft -= width;
        if (holdingLeft <= NARROW) holdingLeft = widths[(j += 1)] ?? Infinity;
      }
    }
  }
}
