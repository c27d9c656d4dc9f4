import { SECOND_MS } from '../kernel/units.js';
import type { Term } from './linear-model.js';
import type { ModelContext } from './mip-context.js';

/** Over more steps than this, one term for each would make the model large. */
export const MANY_STEPS = 64;

/** What a column has come to at each step: columns of their own, so that a sum over any stretch is the difference of two of them. */
export const countsOf = ({ model }: ModelContext, columns: readonly number[]): number[] => {
  const counts: number[] = [];
  columns.forEach((column, step) => {
    const count = model.column(0, Infinity);
    const before: Term[] = step > 0 ? [[counts[step - 1]!, -1]] : [];
    model.row(0, 0, [[count, 1], ...before, [column, -1]]);
    counts.push(count);
  });
  return counts;
};

/** The sum of a column over the steps up to one that began less than `seconds` before it did, as terms. */
export const recentSums = (context: ModelContext, columns: readonly number[], seconds: number): ((step: number) => Term[]) => {
  const { steps } = context;
  const firsts = steps.map(({ startMs }, step) => {
    let first = step;
    while (first > 0 && steps[first - 1]!.startMs + seconds * SECOND_MS > startMs) first -= 1;
    return first;
  });
  if (firsts.every((first, step) => step - first < MANY_STEPS))
    return (step) => columns.slice(firsts[step], step + 1).map((column): Term => [column, 1]);
  const counts = countsOf(context, columns);
  return (step) => {
    const before = firsts[step]! - 1;
    return before < 0
      ? [[counts[step]!, 1]]
      : [
          [counts[step]!, 1],
          [counts[before]!, -1],
        ];
  };
};
