import type { Interval } from '../kernel/interval.js';
import { costPieces } from './generator-cost.js';
import type { GeneratorProblem } from './generator-problem.js';
import { fromRestW, rampDownW, rampUpW, toRestW } from './generator-rules.js';

/**
 * Units that are alike are planned as a number of them that is on, since which of them it is makes no difference. That is exact
 * only where nothing ties one unit's power to its own past: a unit with a ramp that binds, a warm-up, a budget, a cost
 * that is not convex or an override stays alone. Answers the indexes of each group, in the order of their first units.
 */
export const unitGroups = (generators: readonly GeneratorProblem[], steps: readonly Interval[]): number[][] => {
  const groups = new Map<string, number[]>();
  generators.forEach((generator, index) => {
    const { id: _id, initial: _initial, ...kind } = generator;
    const key = interchangeable(generator, steps) ? JSON.stringify(kind) : `alone ${index}`;
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  });
  return [...groups.values()];
};

const interchangeable = (generator: GeneratorProblem, steps: readonly Interval[]): boolean => {
  const { minW, maxW, warmUpS, budgets, override } = generator;
  if (override !== undefined || warmUpS > 0 || budgets.length > 0 || costPieces(generator)?.convex === false) return false;
  return steps.every(
    (_, step) =>
      fromRestW(generator, steps, step) >= maxW &&
      toRestW(generator, steps, step) >= maxW &&
      rampUpW(generator, steps, step) >= maxW - minW &&
      rampDownW(generator, steps, step) >= maxW - minW,
  );
};
