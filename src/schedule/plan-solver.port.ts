import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

export interface SolveLimits {
  /** Share of the cost by which the plan may miss the best. */
  readonly gap: number;
  /** When time is up the best plan found counts. */
  readonly timeLimitS: number;
}

export const DEFAULT_LIMITS: SolveLimits = { gap: 1e-4, timeLimitS: 10 };

/** Something that answers planning problems. Throws `AdapterError` where it cannot; a plan it returns is always usable. */
export abstract class PlanSolver {
  abstract solve(problem: PlanningProblem, limits: SolveLimits): Promise<Schedule>;
}
