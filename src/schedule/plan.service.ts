import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { messageOf } from '../kernel/errors.js';
import { DAY_MS, type EpochMs } from '../kernel/units.js';
import { meritOrder } from './merit-order.js';
import { PlanEntity } from './plan.entity.js';
import { defaultLimits, PlanSolver, type SolveLimits } from './plan-solver.port.js';
import { atStep, type PlanningProblem, stepsOf } from './problem.js';
import { withPromises } from './promised-before.js';
import { rounded, type Schedule, withoutScenarios } from './schedule.js';
import type { DeviceReasons } from './why/reason.js';
import { reasonsOf } from './why/reasons.js';

/** How long plans that are over are kept. */
const KEPT_MS = 7 * DAY_MS;

/** A plan differs from the one in force where that gains more than this share of the dearest price. */
const CHANGE_SHARE = 0.02;

const dearestMicro = ({ sites, stepMinutes }: PlanningProblem): number =>
  sites.reduce(
    (most, { importMicroPerKwh }) => stepMinutes.reduce((max, _, step) => Math.max(max, atStep(importMicroPerKwh, step)), most),
    0,
  );

/** Makes plans, puts them in force, and remembers the one in force across restarts. */
@Injectable()
export class PlanService {
  private inForce: Schedule | undefined;
  private posed: PlanningProblem | undefined;

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

  /** Why devices do what the plan in force has them do; absent after a restart until the next plan, since problems are not kept. */
  why(): readonly DeviceReasons[] | undefined {
    return this.posed && this.inForce && reasonsOf(this.posed, this.inForce);
  }

  /** Plans and puts the plan in force. There is always a plan: where the solver fails it is by merit order, and says so. */
  async plan(problem: PlanningProblem, issuedAtMs: EpochMs, limits: SolveLimits = defaultLimits(problem)): Promise<Schedule> {
    const calm = withPromises(problem, stepsOf(problem), { plan: this.inForce, posed: this.posed }, CHANGE_SHARE * dearestMicro(problem));
    const schedule = rounded(withoutScenarios({ ...(await this.solve(calm, limits)), issuedAtMs }));
    await this.plans.save({
      issuedAtMs,
      solver: schedule.solver,
      status: schedule.status,
      costMicro: schedule.costMicro,
      seconds: schedule.seconds,
      schedule,
    });
    this.inForce = schedule;
    this.posed = problem;
    await this.plans.delete({ issuedAtMs: LessThan(issuedAtMs - KEPT_MS) });
    return schedule;
  }

  /** Answers a problem without putting the plan in force. Where scenarios are too much for the solver, it is asked without them. */
  async solve(problem: PlanningProblem, limits: SolveLimits = defaultLimits(problem)): Promise<Schedule> {
    try {
      return await this.solver.solve(problem, limits);
    } catch (error) {
      if (problem.scenarios.length === 0) return meritOrder(problem, messageOf(error));
      const plan = await this.solve({ ...problem, scenarios: [] }, limits);
      return plan.status === 'fallback' ? plan : { ...plan, reason: `without its scenarios: ${messageOf(error)}` };
    }
  }
}
