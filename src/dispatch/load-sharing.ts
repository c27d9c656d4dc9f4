import type { Watt } from '../kernel/units.js';
import { splitByWeight } from './split.js';

/** A load that shares a sum with others; W, magnitudes. */
export interface Sharing {
  /** What it draws at least while it draws any. */
  readonly minW: Watt;
  readonly maxW: Watt;
  readonly drawsW: Watt;
  /** Nothing stands there that would draw. */
  readonly isIdle: boolean;
}

/** Of a sum that moves with what is measured, one that stands still needs this much more than its least power to start: else it comes and goes. */
const START_MARGIN = 0.1;

/**
 * What each load may draw so that together they draw `totalW` at most. Those that draw come first, then those that would, and what they leave is
 * for those with nothing to draw. As many as it is enough for get their least power, and what is left goes by their size. One for which it
 * is not enough gets 0. `moves`: the total is measured, and changes with what else goes on.
 */
export const shareLoads = (totalW: Watt, loads: readonly Sharing[], moves = true): Watt[] => {
  const sharesW = loads.map(() => 0);
  let leftW = Math.max(0, totalW);
  for (const isIdle of [false, true]) {
    const group = loads.flatMap((load, index) => (load.isIdle === isIdle ? [index] : []));
    const parts = shareAlike(
      leftW,
      group.map((index) => loads[index]!),
      moves,
    );
    group.forEach((index, at) => (sharesW[index] = parts[at]!));
    leftW -= parts.reduce((sum, part) => sum + part, 0);
  }
  return sharesW;
};

const shareAlike = (totalW: Watt, loads: readonly Sharing[], moves: boolean): Watt[] => {
  const leastW = loads.map(({ minW, maxW, drawsW }) => Math.min(moves && drawsW === 0 ? minW * (1 + START_MARGIN) : minW, maxW));
  const order = loads.map((_, index) => index).toSorted((a, b) => Number(loads[b]!.drawsW > 0) - Number(loads[a]!.drawsW > 0) || a - b);
  let leftW = totalW;
  const served = order.filter((index) => {
    const isEnough = leftW > 0 && leastW[index]! <= leftW;
    if (isEnough) leftW -= leastW[index]!;
    return isEnough;
  });
  const more = splitByWeight(
    leftW,
    served.map((index) => loads[index]!.maxW - leastW[index]!),
    served.map((index) => loads[index]!.maxW),
  );
  const sharesW = loads.map(() => 0);
  served.forEach((index, at) => (sharesW[index] = leastW[index]! + more[at]!));
  return sharesW;
};
