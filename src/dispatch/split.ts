import { sum } from '../kernel/sum.js';
import { clamp, type Watt } from '../kernel/units.js';

/**
 * Shares out `totalW` (≥ 0) over devices that can each take up to their `capacitiesW` (≥ 0), in proportion to those
 * capacities: equal use of what each has left is the measure of fairness. The shares add up to the total, or to all
 * there is where that is less.
 */
export const splitInProportion = (totalW: Watt, capacitiesW: readonly Watt[]): Watt[] => {
  const availableW = capacitiesW.reduce((a, b) => a + b, 0);
  if (availableW <= 0 || totalW <= 0) return capacitiesW.map(() => 0);
  const fraction = Math.min(totalW / availableW, 1);
  return capacitiesW.map((capacityW) => capacityW * fraction);
};

/**
 * The same by weights: shares go in proportion to `weights` as long as nobody's capacity is reached; what those who are full cannot
 * take goes to the others in the same proportion (water-filling).
 */
export const splitByWeight = (totalW: Watt, capacitiesW: readonly Watt[], weights: readonly number[]): Watt[] => {
  const sharesW = capacitiesW.map(() => 0);
  const fullAt = capacitiesW.map((capacityW, index) => capacityW / weights[index]!);
  const order = [...capacitiesW.keys()].filter((index) => weights[index]! > 0).sort((a, b) => fullAt[a]! - fullAt[b]!);
  let openW = Math.max(0, totalW);
  let openWeight = sum(order.map((index) => weights[index]!));
  for (const index of order) {
    const shareW = Math.min(capacitiesW[index]!, openW, (openW * weights[index]!) / openWeight);
    sharesW[index] = shareW;
    openW -= shareW;
    openWeight -= weights[index]!;
  }
  return sharesW;
};

/** What each can do for how long, and how much of it is to be asked for first. */
export interface Lasting {
  readonly lastingW: readonly Watt[];
  readonly capacitiesW: readonly Watt[];
  /** Absent: all 1. */
  readonly weights?: readonly number[] | undefined;
}

/**
 * Shares in two rounds: first by what each can keep up to the end, in proportion to that and its weight; only what is still open then goes by
 * what each can do at the moment. Where the first round is enough, all use the same share of the energy they have, and none runs dry early.
 */
export const splitToLast = (totalW: Watt, { lastingW, capacitiesW, weights }: Lasting): Watt[] => {
  const mostW = lastingW.map((eachW, index) => Math.min(eachW, capacitiesW[index]!));
  const first = weights
    ? splitByWeight(
        totalW,
        mostW,
        mostW.map((eachW, index) => eachW * weights[index]!),
      )
    : splitInProportion(totalW, mostW);
  const openW = totalW - first.reduce((a, b) => a + b, 0);
  if (openW <= 0) return first;
  const more = splitInProportion(
    openW,
    capacitiesW.map((capacityW, index) => capacityW - first[index]!),
  );
  return first.map((shareW, index) => shareW + more[index]!);
};

/**
 * Whole watts near the exact values, each within its own bounds, whose sum is off by less than a watt as long as bounds leave the room:
 * what one loses by rounding the next one gets.
 */
export const wholeWatts = (exactW: readonly Watt[], roundWithin: (powerW: Watt, index: number) => Watt): Watt[] => {
  let carryW: Watt = 0;
  return exactW.map((eachW, index) => {
    const wholeW = roundWithin(eachW + carryW, index);
    carryW += eachW - wholeW;
    return wholeW;
  });
};

/** What each has at least and at most, and its weight (> 0). */
export interface Bounds {
  readonly leastW: Watt;
  readonly mostW: Watt;
  readonly weight: number;
}

/**
 * Shares by weights, each within its own bounds, which add up to `totalW`, or to as much of it as the bounds leave: all stand at one level, powers
 * over weights, but for those whose bounds lie above or below it. For a few sharers: it looks at all of them for each of their bounds.
 */
export const splitWithin = (totalW: Watt, bounds: readonly Bounds[]): Watt[] => {
  const at = (level: number): Watt[] => bounds.map(({ leastW, mostW, weight }) => clamp(level * weight, leastW, Math.max(leastW, mostW)));
  const levels = bounds.flatMap(({ leastW, mostW, weight }) => [leastW / weight, mostW / weight]);
  const from = Math.max(0, ...levels.filter((level) => sum(at(level)) <= totalW));
  const rising = sum(bounds.map(({ leastW, mostW, weight }) => (leastW / weight <= from && from < mostW / weight ? weight : 0)));
  return at(rising === 0 ? from : from + Math.max(0, totalW - sum(at(from))) / rising);
};
