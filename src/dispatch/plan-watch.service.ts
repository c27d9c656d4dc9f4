import { Injectable } from '@nestjs/common';
import { deviceOfLoad } from '../fleet/daily-need.js';
import { sum } from '../kernel/sum.js';
import type { EpochMs } from '../kernel/units.js';
import { PlanService } from '../schedule/plan.service.js';
import { stepAt } from '../schedule/schedule.js';
import type { PlantImage } from '../telemetry/image.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { wouldDraw } from './load-limits.js';
import { StartFailures } from './start-failures.service.js';
import { type OffPlan, watchSurprise } from './surprise.js';

/** Compares what comes with what was planned. */
@Injectable()
export class PlanWatch {
  private since: OffPlan;
  private failedStarts = 0;
  private wants: string | undefined;

  constructor(
    private readonly plans: PlanService,
    private readonly telemetry: TelemetryService,
    private readonly starts: StartFailures,
  ) {}

  /** Whether to plan anew: a start has failed, a car has come or gone, or load and sun have been off the plan for long enough; the watch then begins afresh. */
  surprised(nowMs: EpochMs): boolean {
    const failedStarts = this.starts.count();
    if (failedStarts > this.failedStarts) {
      this.failedStarts = failedStarts;
      return true;
    }
    const plan = this.plans.current();
    const step = plan ? stepAt(plan, nowMs) : -1;
    const { fleet, devices } = this.telemetry.image(nowMs);
    if (this.wantsChanged(devices)) return true;
    const movedW = sum(
      [...new Set(plan?.loads.map(({ loadId }) => deviceOfLoad(loadId)))].map((id) => devices.get(id)?.values['flexible.powerW'] ?? 0),
    );
    const residuals =
      plan?.steps.map((_, at) => sum(plan.sites.map(({ loadW, pvW, curtailedW }) => loadW[at]! - pvW[at]! - curtailedW[at]!))) ?? [];
    const { since, replan } = watchSurprise(
      this.since,
      {
        residualW: fleet.complete ? fleet.loadW + movedW - fleet.powersW.pv : undefined,
        plannedW: residuals[step],
        peakW: Math.max(0, ...residuals.map(Math.abs)),
      },
      nowMs,
    );
    this.since = replan ? undefined : since;
    return replan;
  }

  /** Whether a flexible load has begun or ceased to want anything: a car has come, gone, or is full. */
  private wantsChanged(devices: PlantImage['devices']): boolean {
    const wants = [...devices.values()]
      .filter(({ values }) => values['flexible.state'] !== undefined && wouldDraw(values['flexible.state']))
      .map(({ deviceId }) => deviceId)
      .join(' ');
    const changed = this.wants !== undefined && this.wants !== wants;
    this.wants = wants;
    return changed;
  }
}
