import { Injectable } from '@nestjs/common';
import type { EpochMs } from '../kernel/units.js';
import { PlanService } from '../schedule/plan.service.js';
import { stepAt } from '../schedule/schedule.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { type OffPlan, watchSurprise } from './surprise.js';

/** Compares what comes with what was planned. */
@Injectable()
export class PlanWatch {
  private since: OffPlan;

  constructor(
    private readonly plans: PlanService,
    private readonly telemetry: TelemetryService,
  ) {}

  /** Whether load and sun have been off the plan for long enough to plan anew; the watch then begins afresh. */
  surprised(nowMs: EpochMs): boolean {
    const plan = this.plans.current();
    const step = plan ? stepAt(plan, nowMs) : -1;
    const { fleet } = this.telemetry.image(nowMs);
    const residuals =
      plan?.steps.map((_, at) =>
        plan.sites.reduce((sum, { loadW, pvW, curtailedW }) => sum + loadW[at]! - pvW[at]! - curtailedW[at]!, 0),
      ) ?? [];
    const { since, replan } = watchSurprise(
      this.since,
      {
        residualW: fleet.complete ? fleet.loadW - fleet.powersW.pv : undefined,
        plannedW: residuals[step],
        peakW: Math.max(0, ...residuals.map(Math.abs)),
      },
      nowMs,
    );
    this.since = replan ? undefined : since;
    return replan;
  }
}
