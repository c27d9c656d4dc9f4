import type { PlanningProblem } from './problem.js';
import type { SolveLimits } from './plan-solver.port.js';

/** What goes to the planning thread; a `Schedule` comes back. */
export interface SolveRequest {
  readonly problem: PlanningProblem;
  readonly limits: SolveLimits;
}
