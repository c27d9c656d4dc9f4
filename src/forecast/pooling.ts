import { FUNCTIONALS, type Functional } from './distribution.js';
import { fitted, type LearningTask, rowsToShare } from './learning.js';
import { type MixtureState, NO_ROUNDS } from './ml-poly.js';
import type { Nets } from './network.js';
import type { SeriesModels } from './series-models.js';

/**
 * Models for sites that are too young for their own, from similar ones that have theirs: ridge and network on rows of all of
 * them, which are in multiples of each site's own spread, and the mean of their standings in the mixture. A young site's roof is
 * not theirs, so it goes without. Undefined without any site to learn from.
 */
export const pooled = (tasks: readonly LearningTask[], nets: Nets): SeriesModels | undefined => {
  const taught = tasks.filter(({ models }) => models !== undefined);
  const first = taught[0];
  if (!first) return undefined;
  const all = taught.map(({ models }) => models!);
  const share = Math.ceil(first.effort.maxRows / taught.length);
  const rows = taught.flatMap((task) => rowsToShare({ ...task, roof: {} }, withoutRoof(task.models!), share));
  return {
    ...withoutRoof(all[0]!),
    ...fitted(rows, first.effort, first.seed, nets),
    earlier: [],
    trainedToMs: Math.max(...all.map(({ trainedToMs }) => trainedToMs)),
    mixtures: Object.fromEntries(
      FUNCTIONALS.map((functional) => [functional, meanState(all.map(({ mixtures }) => mixtures[functional]))]),
    ) as Record<Functional, MixtureState>,
  };
};

const withoutRoof = (models: SeriesModels): SeriesModels => {
  const { roof, ...others } = models;
  return roof ? others : models;
};

const meanState = (states: readonly MixtureState[]): MixtureState => {
  const names = [...new Set(states.flatMap(({ regret }) => Object.keys(regret)))];
  const mean = (pick: (state: MixtureState, name: string) => number | undefined): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, states.reduce((sum, state) => sum + (pick(state, name) ?? 0), 0) / states.length]));
  return {
    ...NO_ROUNDS,
    regret: mean(({ regret }, name) => regret[name]),
    squares: mean(({ squares }, name) => squares[name]),
    rounds: Math.min(...states.map(({ rounds }) => rounds)),
    greatest: Math.max(...states.map(({ greatest }) => greatest)),
  };
};
