import { NARROW } from './pieces.js';

/** What a load may draw in one step, kW, and what that costs per hour: nothing first, then from its least to its most; convex from there. */
export interface StepDraws {
  readonly hour: number;
  readonly leastKw: number;
  readonly kw: readonly number[];
  readonly cost: readonly number[];
}

/** What a load draws, by step, kW. */
export interface Draws {
  readonly kw: readonly number[];
  readonly lacksKwh: number;
  /** What the last kWh costs that it draws; money. */
  readonly worth: number;
}

/** A part of what a step may draw that costs the same per kWh. */
interface Part {
  readonly step: number;
  readonly fromKw: number;
  readonly toKw: number;
  readonly kwh: number;
  readonly price: number;
  /** Whether it may be drawn in part. */
  readonly divides: boolean;
}

/** What is wanted, and what a kWh costs that is not had. */
export interface Want {
  readonly wantedKwh: number;
  readonly missing: number;
}

/**
 * The cheapest draws of a load. All parts are taken in the order of their price until it has what it wants. Where the last of them can only be
 * drawn whole, a step more draws its least and others give back what is too much, or the others draw more, whichever costs less: so it is
 * the best, or costs hardly more.
 */
export const cheapestDraws = (steps: readonly StepDraws[], { wantedKwh, missing }: Want): Draws => {
  const parts = steps.flatMap(partsOf).toSorted((one, other) => one.price - other.price);
  const kw = steps.map(() => 0);
  let leftKwh = wantedKwh;
  let worth = missing;
  for (const part of parts) {
    if (leftKwh <= NARROW || part.price >= missing) break;
    const { step, fromKw, toKw, kwh, price, divides } = part;
    worth = price;
    if (kwh <= leftKwh + NARROW) {
      kw[step] = toKw;
      leftKwh -= kwh;
    } else if (divides || leftKwh / steps[step]!.hour >= steps[step]!.leastKw) {
      kw[step] = fromKw + leftKwh / steps[step]!.hour;
      leftKwh = 0;
    } else return { ...lastDraws({ steps, kw, leftKwh, missing }), worth };
  }
  return { kw, lacksKwh: Math.max(0, leftKwh), worth: leftKwh > NARROW ? missing : worth };
};

/** The corners of the cheapest that a step costs at most by what it draws in the mean. */
const partsOf = ({ hour, leastKw, kw, cost }: StepDraws, step: number): Part[] => {
  const corners: number[] = [];
  const slope = (from: number, to: number): number => (cost[to]! - cost[from]!) / (kw[to]! - kw[from]!);
  kw.forEach((_, at) => {
    while (corners.length > 1 && slope(corners.at(-2)!, corners.at(-1)!) >= slope(corners.at(-1)!, at)) corners.pop();
    corners.push(at);
  });
  return corners.slice(1).map((to, index): Part => {
    const from = corners[index]!;
    const [fromKw, toKw] = [kw[from]!, kw[to]!];
    return { step, fromKw, toKw, kwh: (toKw - fromKw) * hour, price: slope(from, to), divides: fromKw >= leastKw };
  });
};

interface Filling {
  readonly steps: readonly StepDraws[];
  /** What is drawn by now. */
  readonly kw: readonly number[];
  readonly leftKwh: number;
  readonly missing: number;
}

type Ending = Pick<Draws, 'kw' | 'lacksKwh'>;

/** How the rest is drawn that is less than the least of the step whose turn it is. */
const lastDraws = (filling: Filling): Ending => {
  const [more, least] = [drawnMore(filling), oneMore(filling)];
  const { kw, lacksKwh } = least && least.cost < more.cost ? least : more;
  return { kw, lacksKwh };
};

/** What a step that draws may draw more or less. */
interface Section {
  readonly step: number;
  readonly fromKw: number;
  readonly toKw: number;
  readonly price: number;
}

/** Of all steps that draw, between their least and their most, cheapest first. */
const sectionsOf = (steps: readonly StepDraws[], drawnKw: readonly number[]): Section[] =>
  steps
    .flatMap(({ kw, leastKw, cost }, step) =>
      kw.slice(1).flatMap((toKw, index): Section[] => {
        const fromKw = kw[index]!;
        const price = (cost[index + 1]! - cost[index]!) / (toKw - fromKw);
        return drawnKw[step]! > 0 && fromKw >= leastKw ? [{ step, fromKw, toKw, price }] : [];
      }),
    )
    .toSorted((one, other) => one.price - other.price);

/** Those that draw already draw more, in the order of what that costs. */
const drawnMore = ({ steps, kw, leftKwh, missing }: Filling): Ending & { readonly cost: number } => {
  const drawn = [...kw];
  let [left, cost] = [leftKwh, 0];
  for (const { step, fromKw, toKw, price } of sectionsOf(steps, kw)) {
    if (left <= NARROW || price >= missing) break;
    if (fromKw < kw[step]! - NARROW) continue;
    const kwh = Math.min(left, (toKw - fromKw) * steps[step]!.hour);
    drawn[step]! += kwh / steps[step]!.hour;
    left -= kwh;
    cost += kwh * price;
  }
  return { kw: drawn, lacksKwh: left, cost: cost + left * missing };
};

/** Of the steps that draw nothing the cheapest draws its least, and others give back as much of what is too much as is worth it. */
const oneMore = ({ steps, kw, leftKwh }: Filling): (Ending & { readonly cost: number }) | undefined => {
  let best: { readonly step: number; readonly kw: number; readonly cost: number } | undefined;
  steps.forEach(({ hour, leastKw, kw: may, cost }, step) => {
    if (kw[step]! > 0 || leastKw <= 0 || may.at(-1)! * hour < leftKwh) return;
    const drawKw = Math.max(leastKw, leftKwh / hour);
    const costs = hour * (costAt(may, cost, drawKw) - cost[0]!);
    if (!best || costs < best.cost) best = { step, kw: drawKw, cost: costs };
  });
  if (!best) return undefined;
  const drawn = [...kw];
  drawn[best.step] = best.kw;
  let { cost } = best;
  let tooMuch = best.kw * steps[best.step]!.hour - leftKwh;
  for (const { step, fromKw, toKw, price } of sectionsOf(steps, kw).toReversed()) {
    if (tooMuch <= NARROW || price <= 0) break;
    if (toKw > kw[step]! + NARROW) continue;
    const kwh = Math.min(tooMuch, (toKw - fromKw) * steps[step]!.hour);
    drawn[step]! -= kwh / steps[step]!.hour;
    tooMuch -= kwh;
    cost -= kwh * price;
  }
  return { kw: drawn, lacksKwh: 0, cost };
};

/** On the line between the powers beside it. */
const costAt = (kw: readonly number[], cost: readonly number[], atKw: number): number => {
  let index = 1;
  while (index < kw.length - 1 && kw[index]! < atKw) index += 1;
  if (kw[index]! <= atKw || index === 1) return cost[index]!;
  const share = (atKw - kw[index - 1]!) / (kw[index]! - kw[index - 1]!);
  return cost[index - 1]! + share * (cost[index]! - cost[index - 1]!);
};
