import type { Watt } from '../kernel/units.js';

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
