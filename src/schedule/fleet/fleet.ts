import type { Decisions } from '../evaluate.js';
import { meritOrder } from '../merit-order.js';
import type { PlanningProblem } from '../problem.js';
import { homeOf } from './home-of.js';
import { type HomePlan, HomePlanner } from './home-plan.js';
import { sharedLimitsOf } from './limits-of.js';
import { type SharedLimit, SharedLimits } from './shared-limits.js';
import { type SharedWithSite, siteProblem, type SiteSolver, type SolvedSite, solvedSite, solveSite } from './solved-site.js';

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

/** A settled plan keeps the limits after the first pass; what is left after so many cannot be kept. */
const SETTLING_PASSES = 3;

/** Money that is rounding. */
const NOTHING = 1e-6;

/** The sites of a problem, each planned for itself at prices for what they share. */
export class Fleet {
  private readonly homes: readonly (HomePlanner | undefined)[];
  private readonly limits: SharedLimits;
  private plans: SitePlan[] = [];
  private sweeps = 0;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly setting: FleetSetting,
  ) {
    const { hours, scale } = setting;
    this.homes = problem.sites.map((site) => {
      const home = homeOf({ problem, hours, scale }, site);
      return home && new HomePlanner(home);
    });
    const takesKw = new Map<string, number>();
    for (const { siteId, maxChargeW } of problem.batteries)
      takesKw.set(siteId, (takesKw.get(siteId) ?? 0) + Math.max(...[maxChargeW].flat()) / 1_000);
    const allTakeKw = ({ sites }: SharedLimit): number => sites.reduce((sum, site) => sum + (takesKw.get(problem.sites[site]!.id) ?? 0), 1);
    this.limits = new SharedLimits(
      sharedLimitsOf(problem, scale),
      { sites: problem.sites.length, steps: hours.length, scale },
      (limit) => scale / STEEP_SHARE / allTakeKw(limit),
    );
  }

  /** Each site for itself, as if nothing were shared. */
  async begin(): Promise<void> {
    const free: SharedWithSite = { prices: this.setting.hours.map(() => 0), room: [] };
    for (const [index, home] of this.homes.entries()) {
      const plan = home ? home.plan(() => undefined) : await this.solvedOrNot(index, free);
      this.plans.push(plan);
      this.limits.count(index, plan.netKw);
    }
  }

  /** Every site answers to the prices and to what the others do, one after another; then the prices are learnt. */
  async learn(): Promise<void> {
    await this.sweep(
      (home, index, nowKw) => home.plan(this.limits.sharing(index, nowKw, 'learning')),
      this.sweeps % SWEEPS_A_SOLVE === 0 && ((index) => ({ prices: this.limits.marginalPrices(index), room: [] })),
    );
    this.sweeps += 1;
    this.limits.learn();
  }

  /** Every site gives way, at its own cost, to what the limits really ask. */
  async settle(): Promise<void> {
    const prices = this.setting.hours.map(() => 0);
    for (let pass = 0; pass < SETTLING_PASSES; pass += 1) {
      const before = this.standing().cost;
      await this.sweep(
        (home, index, nowKw) => home.plan(this.limits.sharing(index, nowKw, 'real')),
        pass === 0 && ((index) => ({ prices, room: this.limits.roomFor(index, this.plans[index]!.netKw) })),
      );
      if (this.beyond() < NOTHING || this.standing().cost >= before) return;
    }
  }

  standing(): Standing {
    return { plans: [...this.plans], cost: this.plans.reduce((sum, { cost }) => sum + cost, this.beyond()) };
  }

  resume({ plans }: Standing): void {
    plans.forEach((plan, index) => this.limits.count(index, plan.netKw, this.plans[index]!.netKw));
    this.plans = [...plans];
  }

  /** At the prices as they are, no plan of all costs less (the Lagrangian bound); money. */
  async bound(): Promise<number> {
    let sum = 0;
    for (const [index, home] of this.homes.entries()) {
      if (this.sweeps === 0 || !this.limits.bind(index)) sum += this.plans[index]!.bound;
      else if (home) sum += home.plan(this.limits.atPrices(index)).bound;
      else sum += (await this.solvedOrNot(index, { prices: this.limits.prices(index), room: [] })).bound;
    }
    return this.setting.hours.reduce((left, hour, step) => left - hour * this.limits.worth(step), sum);
  }

  decisions(): Decisions {
    const { problem } = this;
    const planAt = new Map(problem.sites.map(({ id }, index) => [id, this.plans[index]!]));
    const watts = (kw: readonly number[]): number[] => kw.map((each) => each * 1_000);
    const solvedAt = (siteId: string) => (planAt.get(siteId) as SolvedSite).schedule;
    const runOf = ({ id, siteId }: { readonly id: string; readonly siteId: string }) =>
      solvedAt(siteId).generators.find(({ generatorId }) => generatorId === id)!;
    return {
      pvW: this.plans.map((plan) => ('schedule' in plan ? plan.schedule.sites[0]!.pvW : watts(plan.sunKw))),
      batteryW: problem.batteries.map(({ id, siteId }) => {
        const plan = planAt.get(siteId)!;
        return 'schedule' in plan ? plan.schedule.batteries.find(({ batteryId }) => batteryId === id)!.powerW : watts(plan.batteryKw);
      }),
      loadW: problem.flexibleLoads.map(({ id, siteId }) => solvedAt(siteId).loads.find(({ loadId }) => loadId === id)!.drawW),
      generatorOn: problem.generators.map((unit) => runOf(unit).on),
      generatorW: problem.generators.map((unit) => runOf(unit).powerW),
    };
  }

  /** Money that going beyond shared limits costs. */
  private beyond(): number {
    return this.setting.hours.reduce((sum, hour, step) => sum + hour * this.limits.penalty(step), 0);
  }

  private async sweep(
    planHome: (home: HomePlanner, index: number, nowKw: readonly number[]) => HomePlan,
    sharedWith: false | ((index: number) => SharedWithSite),
  ): Promise<void> {
    for (const [index, home] of this.homes.entries()) {
      if (!this.limits.bind(index)) continue;
      const nowKw = this.plans[index]!.netKw;
      if (home) this.take(index, planHome(home, index, nowKw));
      else if (sharedWith && this.setting.leftS() > 0) this.take(index, await this.solvedOrNot(index, sharedWith(index)));
    }
  }

  private take(index: number, plan: SitePlan): void {
    this.limits.count(index, plan.netKw, this.plans[index]!.netKw);
    this.plans[index] = plan;
  }

  /** By the solver while there is time, else by merit order. */
  private solvedOrNot(index: number, shared: SharedWithSite): Promise<SolvedSite> {
    const { problem } = this;
    const { hours, solve, leftS } = this.setting;
    if (leftS() > 0) return solveSite({ problem, index, hours }, shared, solve);
    return Promise.resolve(solvedSite(meritOrder(siteProblem(problem, index, shared), 'time is up'), hours, shared));
  }
}
