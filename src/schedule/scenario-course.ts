import { atStep, type PlanningProblem, type Scenario } from './problem.js';

/** Probabilities may miss 1 by rounding. */
const ROUNDING = 1e-6;

/** What the scenarios leave to the expected course. */
export const expectedProbability = ({ scenarios }: Pick<PlanningProblem, 'scenarios'>): number => {
  const left = 1 - scenarios.reduce((sum, { probability }) => sum + probability, 0);
  return left > ROUNDING ? left : 0;
};

/** The problem as it stands if a scenario comes. No more sun is bound to come down from a roof than there is. */
export const problemIn = (problem: PlanningProblem, { sites }: Scenario): PlanningProblem => {
  const courses = new Map(sites.map((course) => [course.siteId, course]));
  return {
    ...problem,
    scenarios: [],
    sites: problem.sites.map((site) => {
      const course = courses.get(site.id);
      if (!course) return site;
      const { loadW, pvW } = course;
      return { ...site, loadW, pvW, pvMinW: problem.stepMinutes.map((_, step) => Math.min(atStep(site.pvMinW, step), atStep(pvW, step))) };
    }),
  };
};
