import { PENALTIES } from '../mip-context.js';
import { atStep, feedersOf, type PlanningProblem, shareWithin, stepsOf } from '../problem.js';
import type { SharedLimit } from './shared-limits.js';

/** What the sites of a problem share: the limits of feeders and of the whole, and the events. */
export const sharedLimitsOf = (problem: PlanningProblem, scale: number): SharedLimit[] => [
  ...feederLimits(problem, scale),
  ...eventLimits(problem),
];

const feederLimits = (problem: PlanningProblem, scale: number): SharedLimit[] =>
  feedersOf(problem).flatMap(({ siteIds, importLimitW, exportLimitW }) => {
    const sites = sitesNamed(problem, siteIds);
    return (
      [
        [importLimitW, 1],
        [exportLimitW, -1],
      ] as const
    ).flatMap(([limitW, sign]): SharedLimit[] =>
      limitW === undefined
        ? []
        : [
            {
              sites,
              sign,
              limitKw: problem.stepMinutes.map((_, step) => atStep(limitW, step) / 1_000),
              beyond: problem.stepMinutes.map(() => PENALTIES.fleet * scale),
            },
          ],
    );
  });

const eventLimits = (problem: PlanningProblem): SharedLimit[] => {
  const steps = stepsOf(problem);
  return problem.events.map((event): SharedLimit => {
    const sign = event.direction === 'up' ? 1 : -1;
    const shares = steps.map((step) => shareWithin(event, step));
    return {
      sites: sitesNamed(problem, event.siteIds ?? problem.sites.map(({ id }) => id)),
      sign,
      limitKw: shares.map((share, step) => (share === 0 ? Infinity : (sign * atStep(event.baselineW, step) - event.powerW) / 1_000)),
      beyond: shares.map((share) => (share * (event.priceMicroPerKwh + event.penaltyMicroPerKwh)) / 1e6),
    };
  });
};

const sitesNamed = ({ sites }: PlanningProblem, ids: readonly string[]): number[] => {
  const named = new Set(ids);
  return sites.flatMap(({ id }, index) => (named.has(id) ? [index] : []));
};
