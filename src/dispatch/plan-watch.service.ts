import { Injectable } from '@nestjs/common';
import { deviceOfLoad } from '../fleet/daily-need.js';
import { sum } from '../kernel/sum.js';
import type { EpochMs } from '../kernel/units.js';
import { PlanService } from '../schedule/plan.service.js';
import { stepAt } from '../schedule/schedule.js';
import type { PlantImage } from '../telemetry/image.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { wouldDraw } from './load-limits.js';
import { type LastPlan, mayReplanFromMs } from './replan-pace.js';
import { StartFailures } from './start-failures.service.js';
import { type OffPlan, watchSurprise } from './surprise.js';

/** Compares what comes with what was planned. */
@Injectable()
export class PlanWatch {
  private since: OffPlan;
  private failedStarts = 0;
  /** Which flexible loads wanted something when the last plan was begun, and when the plan in the making was. */
  private plannedFor: string | undefined;
  private beganFor: string | undefined;
  private last: LastPlan | undefined;

  constructor(
    private readonly plans: PlanService,
    private readonly telemetry: TelemetryService,
    private readonly starts: StartFailures,
  ) {}

  /** A plan is begun, on what there is now. */
  begin(nowMs: EpochMs): void {
    this.beganFor = wantsOf(this.telemetry.image(nowMs));
  }

  /** The plan that was begun is over; `made`: and in force. */
  end(made: boolean, last: LastPlan): void {
    if (made) this.plannedFor = this.beganFor;
    this.last = last;
  }

  /**
   * Whether to plan anew: a start has failed, cars have come or gone since the last plan and it is not too soon after it, or load and sun have
   * been off the plan for long enough; the watch then begins afresh.
   */
  surprised(nowMs: EpochMs): boolean {
    const failedStarts = this.starts.count();
    if (failedStarts > this.failedStarts) {
      this.failedStarts = failedStarts;
      return true;
    }
    const plan = this.plans.current();
    const step = plan ? stepAt(plan, nowMs) : -1;
    const image = this.telemetry.image(nowMs);
    const { fleet, devices } = image;
    if (this.wantsChanged(image, nowMs)) return true;
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

  /** Whether flexible loads have begun or ceased to want anything since the last plan: cars have come, gone, or are full. */
  private wantsChanged(image: PlantImage, nowMs: EpochMs): boolean {
    const isPlanned = this.plannedFor === undefined || wantsOf(image) === this.plannedFor;
    return !isPlanned && !(this.last && nowMs < mayReplanFromMs(this.last));
  }
}

const wantsOf = ({ devices }: PlantImage): string =>
  [...devices.values()]
    .filter(({ values }) => values['flexible.state'] !== undefined && wouldDraw(values['flexible.state']))
    .map(({ deviceId }) => deviceId)
    .join(' ');
