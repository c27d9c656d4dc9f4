import { AdapterError } from '../../kernel/errors.js';
import type { Decisions } from '../evaluate.js';
import { type Course, coursesOf } from '../mip-model.js';
import { atStep, type PlanningProblem, type SiteProblem } from '../problem.js';
import { fleetDecisions, type SitePlan } from './fleet-decisions.js';
import { homeCoursesOf, homeLoadsOf } from './home-of.js';
import { type HomePlan, HomePlanner } from './home-plan.js';
import { type LoadedAsking, LoadedHome, type LoadedPlan } from './loaded-home.js';
import { type ReserveShares, sharesOf } from './reserve-shares.js';
import { sharedLimitsOf } from './limits-of.js';
import type { Charge } from './step-cost.js';
import { type Charging, type SharedLimit, SharedLimits } from './shared-limits.js';
import { type Asking, type SiteSolver, type SolvedPlan, SolvedSite } from './solved-site.js';

/** What all sites do, and what that costs with what it bends; money. */
export interface Standing {
  readonly plans: readonly SitePlan[];
  readonly cost: number;
}

/** A site that is planned in no time. */
interface QuickSite {
  readonly plan: (chargeOf: (course: number) => Charge | undefined, asking: LoadedAsking) => HomePlan | LoadedPlan;
}

/** What a site does by a fleet that knew only what is expected, and its net power by course if it did the same in each. */
interface Learnt {
  readonly known: SolvedPlan | undefined;
  readonly before: readonly (readonly number[])[] | undefined;
}

export interface FleetSetting {
  readonly hours: readonly number[];
  /** The dearest price of the problem; money per kWh. */
  readonly scale: number;
  readonly solve: SiteSolver;
  /** How long there is still time for sites that only a solver can plan. */
  readonly leftS: () => number;
}

/** Where this share of what all batteries can take goes beyond a limit, its price rises by the dearest one. */
const STEEP_SHARE = 1 / 3;

/** Sites whose plans need whole numbers are asked again after so many sweeps. */
const SWEEPS_A_SOLVE = 4;

/**
 * A settled plan keeps the limits after the first pass or two. Who gives way is asked for ever more: what it costs alone, then what bends targets
 * and reserves, then floors, then the range of a battery (see `PENALTIES`).
 */
const YIELDING = [1, 250, 600, 2_000] as const;
/** Where there is time, loads that can be moved make room for each other before one of them goes without. */
const TAKING_TURNS = [1, 5, 25, 90, 250, 600, 2_000] as const;

/** A pass that gains no more than this share of all is the last. */
const HARDLY = 1e-3;

/** Money that is rounding. */
const NOTHING = 1e-6;

/**
 * The sites of a problem, each planned for itself at prices for what they share. With scenarios there are limits, and prices for them, in
 * each course of load and sun, and each site answers to all of them.
 */
export class Fleet {
  private readonly courses: readonly Course[];
  private readonly weights: readonly number[];
  private readonly sites: readonly (QuickSite | SolvedSite)[];
  /** By course. */
  private readonly limits: readonly SharedLimits[];
  private plans: SitePlan[] = [];
  private sweeps = 0;
  /** Whether its plans are those of sites for themselves, as if nothing were shared. */
  private isFree = true;

  /** `shares`: what each site holds of the reserves; absent: nothing is held. */
  constructor(
    private readonly problem: PlanningProblem,
    private readonly setting: FleetSetting,
    shares: ReserveShares = [],
  ) {
    const { hours, scale } = setting;
    const courses = coursesOf(problem);
    const total = courses.reduce((sum, { weight }) => sum + weight, 0);
    this.courses = courses;
    this.weights = courses.map(({ weight }) => weight / total);
    const settings = courses.map(({ problem: posed }, course) => ({
      problem: posed,
      hours,
      scale,
      weight: this.weights[course]!,
      ...(course > 0 && { promisedSteps: problem.sharedSteps }),
    }));
    this.sites = problem.sites.map((_, index) => {
      const reserves = shares.length === 0 ? [] : sharesOf(problem, shares, index);
      const home = homeCoursesOf(
        settings.map((each) => ({ ...each, reserves })),
        index,
      );
      const loads = home && homeLoadsOf(settings[0]!, problem.sites[index]!, home);
      if (home && loads)
        return loads.length > 0 ? new LoadedHome(home, loads, problem.sharedSteps) : new HomePlanner(home, problem.sharedSteps);
      return new SolvedSite({ problem, index, hours, courses, weights: this.weights, reserves }, setting);
    });
    const takesKw = new Map<string, number>();
    for (const { siteId, maxChargeW } of problem.batteries)
      takesKw.set(siteId, (takesKw.get(siteId) ?? 0) + Math.max(...[maxChargeW].flat()) / 1_000);
    const allTakeKw = ({ sites }: SharedLimit): number => sites.reduce((sum, site) => sum + (takesKw.get(problem.sites[site]!.id) ?? 0), 1);
    this.limits = courses.map(
      (course) =>
        new SharedLimits(
          sharedLimitsOf(course.problem, scale),
          { sites: problem.sites.length, steps: hours.length, scale },
          (limit) => scale / STEEP_SHARE / allTakeKw(limit),
        ),
    );
  }

  /**
   * Each site for itself: as if nothing were shared, or answering to the prices and plans that a fleet of the same sites has learnt for what
   * is expected. Where something is shared it is for learning only, and has to be settled: see `isUsable`. Throws `AdapterError` where a site
   * that needs the solver has no plan by it.
   */
  async begin(learnt?: Fleet): Promise<void> {
    const beganKw =
      learnt && this.problem.sites.map((_, index) => this.courses.map((__, course) => this.asLearntKw(learnt, index, course)));
    if (learnt)
      this.eachLimits((limits, course) => {
        limits.takePrices(learnt.limits[course] ?? learnt.limits[0]!);
        beganKw!.forEach((netKw, index) => limits.count(index, netKw[course]!));
      });
    for (const [index, site] of this.sites.entries()) {
      const before = beganKw?.[index];
      const known = learnt?.plans[index];
      const plan =
        site instanceof SolvedSite
          ? await this.firstPlan(site, index, { known: known as SolvedPlan | undefined, before })
          : site.plan((course) => before && this.limits[course]!.charge(index, before[course]!, 'learning'), {
              isRelaxed: this.isBound(index),
              ...(known && this.isBound(index) && { now: known as LoadedPlan }),
            });
      if (!plan) throw new AdapterError(`no plan was found for site "${this.problem.sites[index]!.id}" and its scenarios`, true);
      this.plans.push(plan);
      this.eachLimits((limits, course) => limits.count(index, plan.courses[course]!.netKw, before?.[course]));
    }
    this.isFree = !learnt;
  }

  /** What a site takes from the grid in a course, by the plan that it has or if its devices did what they are to do in the expected one. */
  private asLearntKw(learnt: Fleet, index: number, course: number): readonly number[] {
    const { courses } = learnt.plans[index]!;
    if (courses.length === this.courses.length) return courses[course]!.netKw;
    const [expected, posed] = [this.problem.sites[index]!, this.courses[course]!.problem.sites[index]!];
    const drawsW = ({ loadW, pvW }: SiteProblem, step: number): number => atStep(loadW, step) - atStep(pvW, step);
    return courses[0]!.netKw.map((kw, step) => kw + (drawsW(posed, step) - drawsW(expected, step)) / 1_000);
  }

  /** Every site answers to the prices and to what the others do, one after another; then the prices are learnt. */
  async learn(): Promise<void> {
    const isWhole = this.sweeps % SWEEPS_A_SOLVE === 0;
    const isAsked = (site: SolvedSite): boolean => this.setting.leftS() > 0 && (site.isQuick || isWhole);
    await this.sweep('learning', { isRelaxed: true }, isAsked);
    this.sweeps += 1;
    this.isFree = false;
    this.eachLimits((limits) => limits.learn());
  }

  /** Every site gives way, at its own cost, to what the limits really ask. */
  async settle(): Promise<void> {
    if (!this.isUsable) await this.sweep('learning', { must: true }, (_, index) => this.isRelaxed(index));
    let turns: readonly number[] = YIELDING;
    for (let pass = 0, passS = 0; pass <= turns.length && (pass < 2 || this.setting.leftS() > passS); pass += 1) {
      const beganS = this.setting.leftS();
      if (pass === 1 && this.isLoaded && beganS > TAKING_TURNS.length * passS) turns = TAKING_TURNS;
      const before = this.standing().cost;
      const isLast = pass > 0 && (this.beyond() < NOTHING || beganS < 2 * passS);
      await this.sweep(isLast ? 'real' : (turns[pass] ?? 'real'), { must: true }, () => this.setting.leftS() > 0);
      const { cost } = this.standing();
      // With scenarios the first sites give way more than they would have to, had the others done so before.
      const isKept = this.beyond() < NOTHING && (this.courses.length === 1 || before - cost < HARDLY * Math.abs(cost));
      if (isKept || (isLast && cost >= before)) return;
      passS = beganS - this.setting.leftS();
      if (this.beyond() < NOTHING && this.setting.leftS() < passS) return;
    }
  }

  standing(): Standing {
    return { plans: [...this.plans], cost: this.plans.reduce((sum, { cost }) => sum + cost, this.beyond()) };
  }

  resume({ plans }: Standing): void {
    plans.forEach((plan, index) => this.take(index, plan));
  }

  /** At the prices as they are, no plan of all costs less (the Lagrangian bound); money. */
  async bound(): Promise<number> {
    let sum = 0;
    for (const [index, site] of this.sites.entries()) {
      if (this.isFree || !this.isBound(index)) sum += this.plans[index]!.bound;
      else if (site instanceof SolvedSite) sum += await site.bound(this.limits);
      else sum += site.plan((course) => this.limits[course]!.chargeAtPrices(index), { isRelaxed: true }).bound;
    }
    const worth = this.meanOf((limits) => this.setting.hours.map((_, step) => limits.worth(step)));
    return this.setting.hours.reduce((left, hour, step) => left - hour * worth[step]!, sum);
  }

  /** By course. */
  decisions(): Decisions[] {
    return fleetDecisions(this.problem, this.plans, this.courses.length);
  }

  /** Of a site that does the same in all courses the plan that it has learnt, if it is one; else one at the prices as they are. */
  private firstPlan(site: SolvedSite, index: number, { known, before }: Learnt): Promise<SolvedPlan | undefined> {
    const asking = { isRelaxed: this.isBound(index) };
    if (!known || !before) return site.free(asking);
    if (!site.isCertain || known.isRelaxed) return site.answer(this.limits, before, 'learning', asking);
    return Promise.resolve({ ...known, courses: this.weights.map(() => known.courses[0]!) });
  }

  /** Whether its plans are such that all devices can do them. */
  get isUsable(): boolean {
    return !this.plans.some((_, index) => this.isRelaxed(index));
  }

  /** Whether any of its sites has loads that can be moved. */
  get isLoaded(): boolean {
    return this.sites.some((site) => site instanceof LoadedHome);
  }

  private isRelaxed(index: number): boolean {
    return (this.plans[index] as Partial<SolvedPlan>).isRelaxed === true;
  }

  private eachLimits(visit: (limits: SharedLimits, course: number) => void): void {
    this.limits.forEach(visit);
  }

  /** The mean over all courses of something by step. */
  private meanOf(seriesOf: (limits: SharedLimits) => readonly number[]): number[] {
    const mean = this.setting.hours.map(() => 0);
    this.limits.forEach((limits, course) => seriesOf(limits).forEach((value, step) => (mean[step]! += this.weights[course]! * value)));
    return mean;
  }

  /** Whether a site has a part in any limit: in one course as in the others. */
  private isBound(index: number): boolean {
    return this.limits[0]!.bind(index);
  }

  /** Money that going beyond shared limits costs. */
  private beyond(): number {
    const penalties = this.meanOf((limits) => this.setting.hours.map((_, step) => limits.penalty(step)));
    return this.setting.hours.reduce((sum, hour, step) => sum + hour * penalties[step]!, 0);
  }

  /** `isAsked`: which of those sites take part that only a solver can plan. */
  private async sweep(
    charging: Charging,
    asking: Asking = {},
    isAsked: (site: SolvedSite, index: number) => boolean = () => true,
  ): Promise<void> {
    for (const [index, site] of this.sites.entries()) {
      if (!this.isBound(index)) continue;
      const nowKw = this.plans[index]!.courses.map(({ netKw }) => netKw);
      const plan =
        site instanceof SolvedSite
          ? isAsked(site, index) && (await site.answer(this.limits, nowKw, charging, asking))
          : site.plan((course) => this.limits[course]!.charge(index, nowKw[course]!, charging), {
              ...asking,
              now: this.plans[index] as LoadedPlan,
            });
      if (plan) this.take(index, plan);
    }
  }

  private take(index: number, plan: SitePlan): void {
    const before = this.plans[index]!.courses;
    this.eachLimits((limits, course) => limits.count(index, plan.courses[course]!.netKw, before[course]!.netKw));
    this.plans[index] = plan;
  }
}
