import { AdapterError, messageOf } from '../../kernel/errors.js';
import { meritOrder } from '../merit-order.js';
import type { Course } from '../mip-model.js';
import type { SolveLimits } from '../plan-solver.port.js';
import { atStep, type PlanningProblem, type ReserveProblem, shareWithin, stepsOf } from '../problem.js';
import type { Schedule } from '../schedule.js';
import { chargedFor, type SiteCharge } from '../site-charge.js';
import type { Charging, NetRange, SharedLimits } from './shared-limits.js';

/** Plans one site with what it is charged beside its tariff, by course. Throws `AdapterError` where it finds no plan. */
export type SiteSolver = (
  problem: PlanningProblem,
  limits: SolveLimits,
  charges: readonly (readonly SiteCharge[])[],
) => Promise<ChargedPlan>;

export interface ChargedPlan {
  readonly schedule: Schedule;
  /** What it costs with what is charged and what it bends, in the mean of its courses; money. */
  readonly money: number;
}

/** What a site that is more than a home does: its part of a plan, in a plan of its own. */
export interface SolvedPlan {
  /** By course: the expected one first, then each scenario's. */
  readonly courses: readonly { readonly netKw: readonly number[] }[];
  readonly schedule: Schedule;
  /** Whether its loads may draw less than their least. */
  readonly isRelaxed: boolean;
  /** What it costs by the site's own tariff with what it bends, and what no plan undercuts with what is charged beside it; money. */
  readonly cost: number;
  readonly bound: number;
}

/** Which site of which problem is planned, in which courses, and how much each of them counts. */
export interface SiteOf {
  readonly problem: PlanningProblem;
  readonly index: number;
  readonly hours: readonly number[];
  readonly courses: readonly Course[];
  readonly weights: readonly number[];
  /** Its share of the reserves. */
  readonly reserves: readonly ReserveProblem[];
}

/**
 * How a plan is asked for. As if its loads could draw less than their least there is one in a tenth of the time, and it costs no more than the
 * best. One that must be found takes the solver's time also when that is up.
 */
export interface Asking {
  readonly isRelaxed?: boolean;
  readonly must?: boolean;
}

const LIMITS: SolveLimits = { gap: 1e-4, timeLimitS: 5 };

/** A site of a fleet that only a solver can plan; by merit order where it fails, or when time is up. */
export class SolvedSite {
  private readonly alone: PlanningProblem;
  private readonly relaxed: PlanningProblem | undefined;
  /** By course. */
  private readonly ranges: readonly NetRange[];

  constructor(
    private readonly site: SiteOf,
    private readonly solver: { readonly solve: SiteSolver; readonly leftS: () => number },
  ) {
    this.alone = siteProblem(site);
    const { flexibleLoads } = this.alone;
    if (flexibleLoads.some(({ minW }) => minW > 0))
      this.relaxed = { ...this.alone, flexibleLoads: flexibleLoads.map((load) => ({ ...load, minW: 0 })) };
    this.ranges = site.courses.map(({ problem }) => netRangeOf(problem, site.index));
  }

  /** Whether it does the same in all courses. */
  get isCertain(): boolean {
    return this.alone.scenarios.length === 0;
  }

  /** Whether asking as if its loads could draw less takes no whole numbers. */
  get isQuick(): boolean {
    return this.alone.generators.length === 0;
  }

  /** As if nothing were shared. */
  free(asking: Asking = {}): Promise<SolvedPlan | undefined> {
    return this.plan([], asking);
  }

  /** At what it is charged by the limits of each course, in which it now has these net powers. */
  answer(
    limits: readonly SharedLimits[],
    nowKw: readonly (readonly number[])[],
    charging: Charging,
    asking: Asking = {},
  ): Promise<SolvedPlan | undefined> {
    const { index } = this.site;
    return this.plan(
      limits.map((each, course) => each.siteCharges(index, nowKw[course]!, charging, this.ranges[course]!)),
      asking,
    );
  }

  /** What no plan undercuts at the prices of each course; money. */
  async bound(limits: readonly SharedLimits[]): Promise<number> {
    const charges = limits.map((each, course) => each.siteChargesAtPrices(this.site.index, this.ranges[course]!));
    return (await this.plan(charges, { isRelaxed: true }))?.bound ?? -Infinity;
  }

  /** None where there is no solver's plan, and merit order, which looks at no scenarios, will not do. */
  private async plan(charges: readonly (readonly SiteCharge[])[], asking: Asking): Promise<SolvedPlan | undefined> {
    const relaxed = asking.isRelaxed ? this.relaxed : undefined;
    if (!asking.must && this.solver.leftS() <= 0) return this.byMerit('time is up');
    const { weights } = this.site;
    const counting = this.isCertain ? [inTheMean(charges, weights)] : charges;
    try {
      const { schedule, money } = await this.solver.solve(relaxed ?? this.alone, LIMITS, counting);
      const courses = this.coursesOf(schedule);
      const charged = courses.reduce((sum, { netKw }, course) => sum + weights[course]! * this.charged(charges[course] ?? [], netKw), 0);
      return {
        courses,
        schedule,
        isRelaxed: relaxed !== undefined,
        cost: money - charged,
        bound: money - (schedule.gap ?? Infinity) * Math.abs(money),
      };
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      return this.byMerit(messageOf(error));
    }
  }

  private byMerit(reason: string): SolvedPlan | undefined {
    if (!this.isCertain) return undefined;
    const schedule = meritOrder(this.alone, reason);
    return { courses: this.coursesOf(schedule), schedule, isRelaxed: false, cost: schedule.costMicro / 1e6, bound: -Infinity };
  }

  private charged(charges: readonly SiteCharge[], netKw: readonly number[]): number {
    return charges.reduce((sum, charge) => sum + this.site.hours[charge.step]! * chargedFor(charge, netKw[charge.step]!), 0);
  }

  private coursesOf(schedule: Schedule): SolvedPlan['courses'] {
    const netKw = [schedule, ...(schedule.scenarios ?? [])].map(({ sites }) => sites[0]!.gridW.map((powerW) => powerW / 1_000));
    return this.site.weights.map((_, course) => ({ netKw: netKw[course] ?? netKw[0]! }));
  }
}

/** A site's part of the problem, as if nothing were shared. */
const siteProblem = ({ problem, index, reserves }: SiteOf): PlanningProblem => {
  const site = problem.sites[index]!;
  const here = <Part extends { readonly siteId: string }>(parts: readonly Part[]): Part[] =>
    parts.filter(({ siteId }) => siteId === site.id);
  const isCertain = problem.scenarios.every(({ sites }) => sites.every(({ siteId }) => siteId !== site.id));
  const asExpected = { siteId: site.id, loadW: site.loadW, pvW: site.pvW };
  return {
    ...problem,
    scenarios: isCertain
      ? []
      : problem.scenarios.map((scenario) => ({
          ...scenario,
          sites: [scenario.sites.find(({ siteId }) => siteId === site.id) ?? asExpected],
        })),
    sites: [site],
    batteries: here(problem.batteries),
    generators: here(problem.generators),
    flexibleLoads: here(problem.flexibleLoads),
    events: [],
    reserves: [...reserves],
    fleet: {},
    feeders: [],
  };
};

/** `problem`: as it is in one course. */
const netRangeOf = (problem: PlanningProblem, index: number): NetRange => {
  const { id, loadW, pvW } = problem.sites[index]!;
  const steps = stepsOf(problem);
  const here = <Part extends { readonly siteId: string }>(parts: readonly Part[], wattsOf: (part: Part) => number): number =>
    parts.reduce((sum, part) => (part.siteId === id ? sum + wattsOf(part) : sum), 0);
  const givesW = (step: number): number =>
    here(problem.batteries, ({ maxDischargeW }) => atStep(maxDischargeW, step)) + here(problem.generators, ({ maxW }) => maxW);
  const takesW = (step: number): number =>
    here(problem.batteries, ({ maxChargeW }) => atStep(maxChargeW, step)) +
    here(problem.flexibleLoads, (load) => load.maxW * shareWithin(load, steps[step]!));
  return {
    lowKw: steps.map((_, step) => (atStep(loadW, step) - atStep(pvW, step) - givesW(step)) / 1_000),
    highKw: steps.map((_, step) => (atStep(loadW, step) + takesW(step)) / 1_000),
  };
};

/** What is charged of a site that does the same in all courses. */
const inTheMean = (charges: readonly (readonly SiteCharge[])[], weights: readonly number[]): SiteCharge[] =>
  charges.flatMap((inCourse, course) =>
    inCourse.map((charge) => ({
      ...charge,
      base: charge.base * weights[course]!,
      pieces: charge.pieces.map(({ kw, price }) => ({ kw, price: price * weights[course]! })),
    })),
  );
