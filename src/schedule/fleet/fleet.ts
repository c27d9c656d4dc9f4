import { AdapterError } from '../../kernel/errors.js';
import type { Decisions } from '../evaluate.js';
import { PENALTIES } from '../mip-context.js';
import { type Course, coursesOf } from '../mip-model.js';
import { atStep, type PlanningProblem, type ReserveProblem, type SiteProblem } from '../problem.js';
import { homeCoursesOf } from './home-of.js';
import { type HomePlan, HomePlanner } from './home-plan.js';
import { type ReserveShares, sharesOf } from './reserve-shares.js';
import { sharedLimitsOf } from './limits-of.js';
import { type Charging, type SharedLimit, SharedLimits } from './shared-limits.js';
import { type SharedWithSite, siteByMerit, type SiteSolver, type SolvedSite, solveSite } from './solved-site.js';

/** What all sites do, and what that costs with what it bends; money. */
export interface Standing {
  readonly plans: readonly SitePlan[];
  readonly cost: number;
}

type SitePlan = HomePlan | SolvedSite;

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

/** Sites that only a solver can plan are asked again after so many sweeps. */
const SWEEPS_A_SOLVE = 4;

/**
 * A settled plan keeps the limits after the first pass or two. Who gives way is asked for ever more: what it costs alone, then what bends targets
 * and reserves, then floors, then the range of a battery (see `PENALTIES`).
 */
const SETTLING_PASSES = 5;
const YIELDING = [1, 250, 600, 2_000] as const;

/** A pass that gains no more than this share of all is the last. */
const HARDLY = 1e-3;

/** Money that is rounding. */
const NOTHING = 1e-6;

/**
 * The sites of a problem, each planned for itself at prices for what they share. With scenarios there are limits, and prices for them, in
 * each course of load and sun; a home answers to all of them, a site that only a solver can plan to their mean.
 */
export class Fleet {
  private readonly courses: readonly Course[];
  private readonly weights: readonly number[];
  private readonly homes: readonly (HomePlanner | undefined)[];
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
    private readonly shares: ReserveShares = [],
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
    this.homes = problem.sites.map((_, index) => {
      const reserves = this.reservesOf(index);
      const home = homeCoursesOf(
        settings.map((each) => ({ ...each, reserves })),
        index,
      );
      return home && new HomePlanner(home, problem.sharedSteps);
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
   * is expected. Throws `AdapterError` where a site that needs the solver has no plan by it.
   */
  async begin(learnt?: Fleet): Promise<void> {
    const beganKw =
      learnt && this.problem.sites.map((_, index) => this.courses.map((__, course) => this.asLearntKw(learnt, index, course)));
    if (learnt)
      this.eachLimits((limits, course) => {
        limits.takePrices(learnt.limits[course] ?? learnt.limits[0]!);
        beganKw!.forEach((netKw, index) => limits.count(index, netKw[course]!));
      });
    for (const [index, home] of this.homes.entries()) {
      const before = beganKw?.[index];
      const plan = home
        ? home.plan((course) => before && this.limits[course]!.charge(index, before[course]!, 'learning'))
        : await this.firstPlan(index, learnt);
      if (!plan) throw new AdapterError(`no plan was found for site "${this.problem.sites[index]!.id}" and its scenarios`, true);
      this.plans.push(plan);
      this.eachLimits((limits, course) => limits.count(index, plan.courses[course]!.netKw, before?.[course]));
    }
    this.isFree = !learnt;
  }

  private reservesOf(index: number): ReserveProblem[] {
    return this.shares.length === 0 ? [] : sharesOf(this.problem, this.shares, index);
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
    await this.sweep(
      'learning',
      this.sweeps % SWEEPS_A_SOLVE === 0 && ((index) => ({ prices: this.meanOf((limits) => limits.marginalPrices(index)), room: [] })),
    );
    this.sweeps += 1;
    this.isFree = false;
    this.eachLimits((limits) => limits.learn());
  }

  /** Every site gives way, at its own cost, to what the limits really ask. */
  async settle(): Promise<void> {
    const prices = this.setting.hours.map(() => 0);
    for (let pass = 0, passS = 0; pass < SETTLING_PASSES && (pass < 2 || this.setting.leftS() > passS); pass += 1) {
      const beganS = this.setting.leftS();
      const before = this.standing().cost;
      const isLast = pass > 0 && (this.beyond() < NOTHING || beganS < 2 * passS);
      await this.sweep(
        isLast ? 'real' : (YIELDING[pass] ?? 'real'),
        pass === 0 &&
          ((index) => ({
            prices,
            // What a solver does it does in all courses at the same prices, so that it must fit into the narrowest.
            room: this.limits.flatMap((limits, course) => limits.roomFor(index, this.plans[index]!.courses[course]!.netKw)),
          })),
      );
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
    for (const [index, home] of this.homes.entries()) {
      if (this.isFree || !this.isBound(index)) sum += this.plans[index]!.bound;
      else if (home) sum += home.plan((course) => this.limits[course]!.chargeAtPrices(index)).bound;
      else if (this.isPricedAlike(index))
        sum += (await this.solvedOrNot(index, { prices: this.meanOf((limits) => limits.prices(index)), room: [] }))?.bound ?? -Infinity;
      else return -Infinity;
    }
    const worth = this.meanOf((limits) => this.setting.hours.map((_, step) => limits.worth(step)));
    return this.setting.hours.reduce((left, hour, step) => left - hour * worth[step]!, sum);
  }

  /** By course. */
  decisions(): Decisions[] {
    const { problem } = this;
    const planAt = new Map(problem.sites.map(({ id }, index) => [id, this.plans[index]!]));
    const watts = (kw: readonly number[]): number[] => kw.map((each) => each * 1_000);
    const solvedAt = (siteId: string) => (planAt.get(siteId) as SolvedSite).schedule;
    const runOf = ({ id, siteId }: { readonly id: string; readonly siteId: string }) =>
      solvedAt(siteId).generators.find(({ generatorId }) => generatorId === id)!;
    const shared = {
      loadW: problem.flexibleLoads.map(({ id, siteId }) => solvedAt(siteId).loads.find(({ loadId }) => loadId === id)!.drawW),
      generatorOn: problem.generators.map((unit) => runOf(unit).on),
      generatorW: problem.generators.map((unit) => runOf(unit).powerW),
    };
    return this.courses.map((_, course): Decisions => {
      const coursed = ({ schedule }: SolvedSite) => (course === 0 ? schedule : (schedule.scenarios?.[course - 1] ?? schedule));
      return {
        ...shared,
        pvW: this.plans.map((plan) => ('schedule' in plan ? coursed(plan).sites[0]!.pvW : watts(plan.courses[course]!.sunKw))),
        batteryW: problem.batteries.map(({ id, siteId }) => {
          const plan = planAt.get(siteId)!;
          return 'schedule' in plan
            ? coursed(plan).batteries.find(({ batteryId }) => batteryId === id)!.powerW
            : watts(plan.courses[course]!.batteryKw);
        }),
      };
    });
  }

  /** Of a site that does the same in all courses the plan that it has learnt; else one at the prices as they are. */
  private firstPlan(index: number, learnt: Fleet | undefined): Promise<SolvedSite | undefined> {
    const { id } = this.problem.sites[index]!;
    const known = learnt?.plans[index] as SolvedSite | undefined;
    if (known && this.problem.scenarios.every(({ sites }) => sites.every(({ siteId }) => siteId !== id)))
      return Promise.resolve({ ...known, courses: this.weights.map(() => known.courses[0]!) });
    return this.solvedOrNot(index, { prices: this.meanOf((limits) => limits.prices(index)), room: [] });
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

  /** Whether the mean of all prices proves as much as each of them: they are the same, or the site can do nothing else in another course. */
  private isPricedAlike(index: number): boolean {
    const [first, ...others] = this.limits.map((limits) => limits.prices(index));
    if (others.every((prices) => prices.every((price, step) => price === first![step]))) return true;
    const { id, pvW } = this.problem.sites[index]!;
    return (
      this.problem.batteries.every(({ siteId }) => siteId !== id) &&
      this.setting.hours.every((_, step) => atStep(pvW, step) === 0) &&
      this.problem.scenarios.every(({ sites }) => sites.every(({ siteId }) => siteId !== id))
    );
  }

  /** Money that going beyond shared limits costs. */
  private beyond(): number {
    const penalties = this.meanOf((limits) => this.setting.hours.map((_, step) => limits.penalty(step)));
    return this.setting.hours.reduce((sum, hour, step) => sum + hour * penalties[step]!, 0);
  }

  private async sweep(charging: Charging, sharedWith: false | ((index: number) => SharedWithSite)): Promise<void> {
    for (const [index, home] of this.homes.entries()) {
      if (!this.isBound(index)) continue;
      const { courses } = this.plans[index]!;
      if (home)
        this.take(
          index,
          home.plan((course) => this.limits[course]!.charge(index, courses[course]!.netKw, charging)),
        );
      else if (sharedWith && (charging !== 'learning' || this.setting.leftS() > 0)) {
        const plan = await this.solvedOrNot(index, sharedWith(index), charging !== 'learning');
        if (plan) this.take(index, plan);
      }
    }
  }

  private take(index: number, plan: SitePlan): void {
    const before = this.plans[index]!.courses;
    this.eachLimits((limits, course) => limits.count(index, plan.courses[course]!.netKw, before[course]!.netKw));
    this.plans[index] = plan;
  }

  /** By the solver while there is time, or where it must, else by merit order; none where that will not do. */
  private solvedOrNot(index: number, shared: SharedWithSite, must = false): Promise<SolvedSite | undefined> {
    const { hours, solve, leftS } = this.setting;
    const shortfall = PENALTIES.reserve * this.setting.scale;
    const site = { problem: this.problem, index, hours, weights: this.weights, reserves: this.reservesOf(index), shortfall };
    if (must || leftS() > 0) return solveSite(site, shared, solve);
    return Promise.resolve(siteByMerit(site, shared, 'time is up'));
  }
}
