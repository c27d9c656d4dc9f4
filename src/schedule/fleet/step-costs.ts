import type { Convex } from './convex.js';
import type { Home } from './home.js';
import { Pieces, Points } from './pieces.js';
import { bendStep, type Charge, isCharged, netCost } from './step-cost.js';

const changes = new Points();

/**
 * What the steps of a home cost, each a convex function of the change of the energy held, kWh: their pieces one behind the other in arrays
 * that are used again, since a fleet has millions of them.
 */
export class StepCosts {
  readonly pieces: Pieces;
  /** The least change there may be, and what it costs. */
  readonly from: Float64Array;
  readonly at: Float64Array;
  /** Below this net power sun is better left on the roof, kW. */
  readonly bestNetKw: Float64Array;
  /** Where the pieces of each step begin, and at last where they end. */
  readonly begins: Int32Array;
  private count = 0;

  constructor(readonly steps: number) {
    this.pieces = new Pieces(8 * steps);
    this.from = new Float64Array(steps);
    this.at = new Float64Array(steps);
    this.bestNetKw = new Float64Array(steps);
    this.begins = new Int32Array(steps + 1);
  }

  /** A home's by its own tariff; to be kept. */
  static of(home: Home): StepCosts {
    const costs = new StepCosts(home.hours.length);
    home.hours.forEach((_, step) => costs.bend(home, step, netCost(home, step, undefined)));
    costs.pieces.trim();
    return costs;
  }

  clear(): this {
    this.count = 0;
    this.pieces.count = 0;
    return this;
  }

  /** A home's with what is charged beside its tariff; `alone`: without that. */
  charged(home: Home, alone: StepCosts, charge: Charge): this {
    this.clear();
    for (let step = 0; step < home.hours.length; step += 1)
      if (isCharged(home, step, charge)) this.bend(home, step, netCost(home, step, charge));
      else this.copy(alone, step);
    return this;
  }

  /** One step more: a home's, of which net powers cost so much. */
  bend(home: Home, step: number, net: Points): void {
    const bestNetKw = bendStep(home, step, net, changes);
    for (let corner = 0; corner < changes.count - 1; corner += 1)
      this.pieces.push(changes.xs[corner + 1]! - changes.xs[corner]!, changes.slope(corner));
    this.end(changes.xs[0]!, changes.values[0]!, bestNetKw);
  }

  /** One step more: another's. */
  copy({ pieces, begins, from, at, bestNetKw }: StepCosts, step: number): void {
    this.pieces.copy(pieces, begins[step]!, begins[step + 1]!);
    this.end(from[step]!, at[step]!, bestNetKw[step]!);
  }

  /** One step more, of which nothing is known yet. */
  skip(): void {
    this.end(0, 0, 0);
  }

  /** One step more. */
  push({ from, at, widths, slopes }: Convex): void {
    widths.forEach((width, index) => this.pieces.push(width, slopes[index]!));
    this.end(from, at, 0);
  }

  /** A step as a function of its own. */
  whole(step: number): Convex {
    const [begin, end] = [this.begins[step]!, this.begins[step + 1]!];
    const { widths, slopes } = this.pieces;
    return {
      from: this.from[step]!,
      at: this.at[step]!,
      widths: [...widths.subarray(begin, end)],
      slopes: [...slopes.subarray(begin, end)],
    };
  }

  private end(from: number, at: number, bestNetKw: number): void {
    this.from[this.count] = from;
    this.at[this.count] = at;
    this.bestNetKw[this.count] = bestNetKw;
    this.count += 1;
    this.begins[this.count] = this.pieces.count;
  }
}

/** Costs of one home after another, in rooms that are used again. */
export class CostRooms {
  private readonly rooms: StepCosts[] = [];

  room(index: number, steps: number): StepCosts {
    const known = this.rooms[index];
    return known?.steps === steps ? known : (this.rooms[index] = new StepCosts(steps));
  }
}
