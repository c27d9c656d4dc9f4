import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { messageOf } from '../kernel/errors.js';
import { DAY_MS, type EpochMs } from '../kernel/units.js';
import { meritOrder } from './merit-order.js';
import { PlanEntity } from './plan.entity.js';
import { DEFAULT_LIMITS, PlanSolver, type SolveLimits } from './plan-solver.port.js';
import type { PlanningProblem } from './problem.js';
import { rounded, type Schedule } from './schedule.js';

/** How long plans that are over are kept. */
const KEPT_MS = 7 * DAY_MS;

/** Makes plans, puts them in force, and remembers the one in force across restarts. */
@Injectable()
export class PlanService {
  private inForce: Schedule | undefined;

  constructor(
    @InjectRepository(PlanEntity) private readonly plans: Repository<PlanEntity>,
    private readonly solver: PlanSolver,
  ) {}

  /** Takes up the newest plan of earlier runs. Call once the database is there. */
  async load(): Promise<void> {
    const [newest] = await this.plans.find({ order: { issuedAtMs: 'DESC' }, take: 1 });
    // A plan kept by an earlier version has no loads and no reserves.
    this.inForce = newest && { ...newest.schedule, loads: newest.schedule.loads ?? [], reserves: newest.schedule.reserves ?? [] };
  }

  /** The plan in force; absent before the first. It may be over: look at its steps. */
  current(): Schedule | undefined {
    return this.inForce;
  }

  /** Plans and puts the plan in force. There is always a plan: where the solver fails it is by merit order, and says so. */
  async plan(problem: PlanningProblem, issuedAtMs: EpochMs, limits: SolveLimits = DEFAULT_LIMITS): Promise<Schedule> {
    const schedule = rounded({ ...(await this.solve(problem, limits)), issuedAtMs });
    await this.plans.save({
      issuedAtMs,
      solver: schedule.solver,
      status: schedule.status,
      costMicro: schedule.costMicro,
      seconds: schedule.seconds,
      schedule,
    });
    this.inForce = schedule;
    await this.plans.delete({ issuedAtMs: LessThan(issuedAtMs - KEPT_MS) });
    return schedule;
  }

  /** Answers a problem without putting the plan in force. */
  async solve(problem: PlanningProblem, limits: SolveLimits = DEFAULT_LIMITS): Promise<Schedule> {
    try {
      return await this.solver.solve(problem, limits);
    } catch (error) {
      return meritOrder(problem, messageOf(error));
    }
  }
}
