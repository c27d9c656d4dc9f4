import type { Convex } from './convex.js';
import { NARROW, Pieces } from './pieces.js';
import type { StepCosts } from './step-costs.js';

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
   * One step earlier: the least that the next step, of those given, and all after it cost, and what it costs to hold so much until then. The least is an infimal convolution: the pieces of both in the order of their slopes (Rockafellar, Convex Analysis,
   * 1970, section 5).
   */
  back(step: number, costs: StepCosts, holding: Convex, capacityKwh: number): void {
    const at = this.merge(step + 1, costs, capacityKwh);
    const begin = this.kept.count;
    this.add(holding);
    this.stretches[step] = { begin, end: this.kept.count, at: at + holding.at };
  }

  /** What to hold at the end of a step that begins with so much, where that and all after it cost least: the least such. */
  bestKwh(step: number, costs: StepCosts, storedKwh: number): number {
    const { widths, slopes } = this.kept;
    const { begin, end } = this.stretches[step]!;
    const { widths: changeWidths, slopes: changeSlopes } = costs.pieces;
    const changesEnd = costs.begins[step + 1]!;
    const lowest = Math.max(0, storedKwh + costs.from[step]!);
    let i = begin;
    let keptEnd = 0;
    for (; i < end; i += 1) {
      keptEnd += widths[i]!;
      if (keptEnd > lowest + NARROW) break;
    }
    let j = costs.begins[step]!;
    let changeEnd = storedKwh + costs.from[step]!;
    for (; j < changesEnd; j += 1) {
      changeEnd += changeWidths[j]!;
      if (changeEnd > lowest + NARROW) break;
    }
    let x = lowest;
    while (i < end && j < changesEnd && slopes[i]! + changeSlopes[j]! < 0) {
      x = Math.min(keptEnd, changeEnd);
      if (keptEnd <= x + NARROW) keptEnd += widths[(i += 1)] ?? 0;
      if (changeEnd <= x + NARROW) changeEnd += changeWidths[(j += 1)] ?? 0;
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
  private merge(step: number, costs: StepCosts, capacityKwh: number): number {
    const { kept, merged } = this;
    const { begin, end, at } = this.stretches[step]!;
    const { widths, slopes } = costs.pieces;
    const [first, changesEnd] = [costs.begins[step]!, costs.begins[step + 1]!];
    merged.count = 0;
    let value = at + costs.at[step]!;
    let x = -costs.from[step]!;
    for (let j = first; j < changesEnd; j += 1) {
      x -= widths[j]!;
      value += widths[j]! * slopes[j]!;
    }
    for (let i = begin, j = changesEnd - 1; (i < end || j >= first) && x < capacityKwh;) {
      const later = j < first || (i < end && kept.slopes[i]! <= -slopes[j]!);
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
