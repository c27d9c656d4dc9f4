import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { MINUTE_MS } from '../kernel/units.js';
import { workerEntry, WorkerPool } from '../platform/worker-pool.js';
import type { SolveRequest } from './highs-job.js';
import { PlanSolver, type SolveLimits } from './plan-solver.port.js';
import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

/** HiGHS in a thread of its own: a solve blocks its thread until it is done. */
@Injectable()
export class WorkerSolver extends PlanSolver implements OnModuleDestroy {
  private readonly pool = new WorkerPool<SolveRequest, Schedule>(() => workerEntry(import.meta.url, './schedule.worker.js'), {
    threads: 1,
    timeoutMs: 5 * MINUTE_MS,
    idleMs: MINUTE_MS,
  });

  solve(problem: PlanningProblem, limits: SolveLimits): Promise<Schedule> {
    return this.pool.run({ problem, limits });
  }

  onModuleDestroy(): Promise<void> {
    return this.pool.close();
  }
}
