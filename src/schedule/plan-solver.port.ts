import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

export interface SolveLimits {
  /** Share of the cost by which the plan may miss the best. */
  readonly gap: number;
  /** When time is up the best plan found counts. */
  readonly timeLimitS: number;
}

export const DEFAULT_LIMITS: SolveLimits = { gap: 1e-4, timeLimitS: 10 };

const LONGEST_S = 60;
const SITES_A_SECOND = 20;

/** More time for many sites: a plan of a thousand may take a minute. */
export const defaultLimits = ({ sites }: PlanningProblem): SolveLimits => ({
  ...DEFAULT_LIMITS,
  timeLimitS: Math.min(LONGEST_S, Math.max(DEFAULT_LIMITS.timeLimitS, sites.length / SITES_A_SECOND)),
});

/** Something that answers planning problems. Throws `AdapterError` where it cannot; a plan it returns is always usable. */
export abstract class PlanSolver {
  abstract solve(problem: PlanningProblem, limits: SolveLimits): Promise<Schedule>;
}
