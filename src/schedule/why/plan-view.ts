import { takenLimitW } from '../site-limits.js';
import { atStep, feedersOf, type PlanningProblem, shareWithin, type SiteProblem } from '../problem.js';
import type { Schedule, SitePlan } from '../schedule.js';
import type { Reason } from './reason.js';

/** Powers below this are rounding; W. A model in megawatts is less fine: its largest load's millionth counts instead. */
const SLACK_W = 5;
const SLACK_SHARE = 1e-5;

/** What one kWh more or less is worth at a site in a step; micro-units. */
export interface Worth {
  /** What it brings to put it in. */
  readonly inMicro: number;
  /** What it costs to take it out. */
  readonly outMicro: number;
}

/** A limit that a device's power keeps from being passed, with how far it would be. */
export interface Held {
  readonly code: Reason['code'];
  readonly subject?: string;
  readonly beyondW: number;
}

/** A plan beside its problem, as somebody reads both who wants to know why. */
export class ExplainedPlan {
  readonly slackW: number;
  private readonly sites: ReadonlyMap<string, { readonly problem: SiteProblem; readonly plan: SitePlan }>;
  private readonly feeders: readonly { readonly id: string; readonly siteIds: readonly string[]; netW: number[]; limits: Limits }[];

  constructor(
    readonly problem: PlanningProblem,
    readonly plan: Schedule,
  ) {
    const largestW = plan.sites.reduce((most, { loadW }) => loadW.reduce((max, powerW) => Math.max(max, powerW), most), 0);
    this.slackW = Math.max(SLACK_W, SLACK_SHARE * largestW);
    this.sites = new Map(problem.sites.map((site, index) => [site.id, { problem: site, plan: plan.sites[index]! }]));
    this.feeders = feedersOf(problem)
      .filter(({ importLimitW, exportLimitW }) => importLimitW !== undefined || exportLimitW !== undefined)
      .map(({ id, siteIds, importLimitW, exportLimitW }) => {
        const here = new Set(siteIds);
        const part = plan.sites.filter(({ siteId }) => here.has(siteId));
        const netW = plan.steps.map((_, step) => part.reduce((sum, { gridW }) => sum + gridW[step]!, 0));
        return { id, siteIds, netW, limits: { importLimitW, exportLimitW } };
      });
  }

  site(id: string): { readonly problem: SiteProblem; readonly plan: SitePlan } {
    return this.sites.get(id)!;
  }

  gridW(siteId: string, step: number): number {
    return this.site(siteId).plan.gridW[step]!;
  }

  importMicro(siteId: string, step: number): number {
    const { problem } = this.site(siteId);
    return atStep(problem.importMicroPerKwh, step) + atStep(problem.importCo2KgPerKwh, step) * this.problem.co2MicroPerKg;
  }

  exportMicro(siteId: string, step: number): number {
    return atStep(this.site(siteId).problem.exportMicroPerKwh, step);
  }

  /** From what the site takes or gives in the step; at rest, between both prices. */
  worth(siteId: string, step: number): Worth {
    const { plan, problem } = this.site(siteId);
    const gridW = plan.gridW[step]!;
    const left = plan.curtailedW[step]! > this.slackW && plan.curtailedW[step]! > 0;
    const outMicro = left
      ? -this.problem.curtailmentMicroPerKwh
      : gridW < -this.slackW
        ? this.exportMicro(siteId, step)
        : this.importMicro(siteId, step);
    const full = gridW <= -atStep(problem.exportLimitW ?? Infinity, step) + this.slackW;
    const inMicro =
      gridW > this.slackW
        ? this.importMicro(siteId, step)
        : left || full
          ? -this.problem.curtailmentMicroPerKwh
          : this.exportMicro(siteId, step);
    return { inMicro, outMicro };
  }

  /** The event a site is serving in a step, in a direction. */
  event(siteId: string, step: number, direction: 'up' | 'down'): Held | undefined {
    const index = this.problem.events.findIndex(
      (event, e) =>
        event.direction === direction &&
        (event.siteIds?.includes(siteId) ?? true) &&
        shareWithin(event, this.plan.steps[step]!) > 0 &&
        this.plan.events[e]!.deliveredW[step]! > this.slackW,
    );
    const event = this.problem.events[index];
    return event && { code: 'event', subject: event.id, beyondW: this.plan.events[index]!.deliveredW[step]! };
  }

  /** The limit or peak that would be passed if a site took `powerW` more from the grid; negative: gave it. */
  passedBy(siteId: string, step: number, powerW: number): Held | undefined {
    const { problem, plan } = this.site(siteId);
    const toW = plan.gridW[step]! + powerW;
    const over = (netW: number, limitW = Infinity): number => (limitW === Infinity ? -1 : netW - limitW);
    const own = powerW > 0 ? over(toW, atStep(problem.importLimitW, step)) : over(-toW, atStep(problem.exportLimitW, step));
    if (own > this.slackW) return { code: powerW > 0 ? 'import-limit' : 'export-limit', beyondW: own };
    for (const { id, siteIds, netW, limits } of this.feeders) {
      if (!siteIds.includes(siteId)) continue;
      const net = netW[step]! + powerW;
      const beyondW = powerW > 0 ? over(net, atStep(limits.importLimitW, step)) : over(-net, atStep(limits.exportLimitW, step));
      if (beyondW > this.slackW) return { code: 'feeder-limit', subject: id, beyondW };
    }
    if (powerW <= 0 || !problem.demandCharge) return undefined;
    const peakW = plan.gridW.reduce((most, gridW) => Math.max(most, gridW), problem.demandCharge.peakW);
    return toW - peakW > this.slackW ? { code: 'demand-charge', beyondW: toW - peakW } : undefined;
  }

  /** Whether a site's batteries and flexible loads may not take `powerW` more in a step. */
  mayNotTake(siteId: string, step: number, powerW: number): boolean {
    const limitW = takenLimitW(this.site(siteId).problem, step);
    if (limitW === Infinity) return false;
    const { batteries, loads } = this.plan;
    const chargesW = batteries.reduce((sum, one) => (one.siteId === siteId ? sum + Math.max(0, -one.powerW[step]!) : sum), 0);
    return loads.reduce((sum, one) => (one.siteId === siteId ? sum + one.drawW[step]! : sum), chargesW) + powerW > limitW + this.slackW;
  }

  /** Where nothing speaks for a deed or against it: what made the plan does. */
  otherwise(): Reason['code'] {
    return this.plan.status === 'fallback' ? 'merit-order' : 'indifferent';
  }
}

interface Limits {
  readonly importLimitW: number | number[] | undefined;
  readonly exportLimitW: number | number[] | undefined;
}
