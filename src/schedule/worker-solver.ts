import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { workerEntry, WorkerPool } from '../platform/worker-pool.js';
import type { SolveRequest } from './highs-job.js';
import { PlanSolver, type SolveLimits } from './plan-solver.port.js';
import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

/** For what the limit does not count: to build the model, and a step of the solver that does not look at the clock. */
const GRACE_MS = MINUTE_MS;

/** HiGHS in a thread of its own: a solve blocks its thread until it is done. */
@Injectable()
export class WorkerSolver extends PlanSolver implements OnModuleDestroy {
  private readonly pool = new WorkerPool<SolveRequest, Schedule>(() => workerEntry(import.meta.url, './schedule.worker.js'), {
    threads: 1,
    idleMs: MINUTE_MS,
  });

  solve(problem: PlanningProblem, limits: SolveLimits): Promise<Schedule> {
    return this.pool.run({ problem, limits }, { timeoutMs: limits.timeLimitS * SECOND_MS + GRACE_MS });
  }

  onModuleDestroy(): Promise<void> {
    return this.pool.close();
  }
}
