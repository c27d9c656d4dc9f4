import { HOUR_MS } from '../../kernel/units.js';
import { monotonicMs } from '../../platform/clock.js';
import { dearestMicroPerKwh } from '../dearest.js';
import type { SolveLimits } from '../plan-solver.port.js';
import { type PlanningProblem, stepsOf } from '../problem.js';
import { scheduleWithScenarios } from '../scenario-plan.js';
import type { Schedule } from '../schedule.js';
import { Fleet, type FleetSetting, type Standing } from './fleet.js';
import { ReserveSharing } from './reserve-shares.js';
import type { SiteSolver } from './solved-site.js';

/** From so many sites times steps on, one model of them all takes the solver too long; and of all courses together where there are some. */
const FLEET_SIZE = 3_000;
const UNCERTAIN_SIZE = 2_000;

/** Loads that are off or draw their least at so many sites have one model try all their combinations, most of which cost the same. */
const LOADED_SITES = 3;

const isLoaded = ({ flexibleLoads }: PlanningProblem): boolean =>
  new Set(flexibleLoads.flatMap(({ siteId, minW }) => (minW > 0 ? [siteId] : []))).size >= LOADED_SITES;

/**
 * Whether a problem is planned site by site. Where there are reserves only if there are as many batteries: then each site is told its share,
 * which generators alone would rather find together.
 */
export const isFleet = (problem: PlanningProblem): boolean => {
  const { sites, stepMinutes, reserves, batteries, scenarios } = problem;
  const isMany = (count: number): boolean =>
    count > 1 && count * stepMinutes.length * (1 + scenarios.length) >= (scenarios.length > 0 ? UNCERTAIN_SIZE : FLEET_SIZE);
  if (reserves.length > 0) return isMany(new Set(batteries.map(({ siteId }) => siteId)).size);
  return isMany(sites.length) || (sites.length > 1 && isLoaded(problem));
};

/** So often prices are learnt before a first plan is made of them, and before each further one. */
const FIRST_SWEEPS = 12;
const MORE_SWEEPS = 4;

/** A sweep of which there is no more than so many times the time left is the last of a round; settling takes as long as to begin, or as the last time. */
const SWEEPS_TO_COME = 4;
/** Where loads take turns settling takes so many times as long as to begin. */
const PASSES_TO_COME = 4;

/**
 * So near to the best it goes on only while each round still closes so much of the gap: the rest is less than a forecast misses by.
 * Farther off it gives up after so many rounds in a row that hardly closed it.
 */
const NEAR = 1e-3;
const WORTH_A_ROUND = 0.3;
const HARDLY = 0.01;
const FRUITLESS_ROUNDS = 6;
/** Where not all reserves are held, likewise. */
const SHORT_ROUNDS = 3;

/** What is expected is planned alone for this share of the time at most, where there are scenarios: prices are learnt there sooner. */
const EXPECTED_SHARE = 0.35;
/** Less where loads take turns, which takes its time with scenarios. */
const LOADED_SHARE = 0.2;

/** As if nothing had to be held for reserves it is planned for this share of the time at most, where there are any. */
const FREE_SHARE = 0.5;

/** A fleet at the best that it has come to, and what no plan of it undercuts. */
interface Found {
  readonly fleet: Fleet;
  /** Absent until it has been settled, where it must be. */
  readonly best: Standing | undefined;
  readonly bound: number;
}

interface Search {
  readonly fleet: Fleet;
  /** What it begins from. */
  readonly learnt?: Fleet;
  /** What no plan undercuts, where that is known. */
  readonly bound?: number;
  /** Sweeps of the first round, and so many rounds at most. */
  readonly sweeps: number;
  readonly rounds: number;
  readonly untilS: number;
}

/**
 * A plan for many sites that share limits: each is planned for itself, again and again, at prices for what they share which are learnt
 * from what all of them then do. What the prices prove is the plan's gap. `solve` plans a site that is more than a home.
 */
export const planFleet = (problem: PlanningProblem, limits: SolveLimits, solve: SiteSolver): Promise<Schedule> =>
  new FleetPlanning(problem, limits, solve).plan();

class FleetPlanning {
  private readonly beganMs = monotonicMs();
  private readonly setting: FleetSetting;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly limits: SolveLimits,
    solve: SiteSolver,
  ) {
    const hours = stepsOf(problem).map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);
    const leftS = (): number => limits.timeLimitS - this.seconds();
    this.setting = { hours, scale: dearestMicroPerKwh(problem) / 1e6, solve, leftS };
  }

  async plan(): Promise<Schedule> {
    const free = await this.withoutReserves();
    const plan = this.planOf(free);
    return isShort(plan) ? this.withReserves(free, plan) : plan;
  }

  private async withoutReserves(): Promise<Found> {
    const { problem, setting, limits } = this;
    const free = { ...problem, reserves: [] };
    const untilS = limits.timeLimitS * (problem.reserves.length > 0 ? FREE_SHARE : 1);
    if (problem.scenarios.length === 0)
      return this.search({ fleet: new Fleet(free, setting), sweeps: FIRST_SWEEPS, rounds: Infinity, untilS });
    const learnt = new Fleet({ ...free, scenarios: [] }, setting);
    await learnt.begin();
    const share = learnt.isLoaded ? LOADED_SHARE : EXPECTED_SHARE;
    for (let sweep = 0; sweep < FIRST_SWEEPS && this.seconds() < share * untilS; sweep += 1) await learnt.learn();
    return this.search({ fleet: new Fleet(free, setting), learnt, sweeps: MORE_SWEEPS, rounds: Infinity, untilS });
  }

  /** Each site is told its share of the reserves, and again as it turns out who holds them for least. */
  private async withReserves(free: Found, plan: Schedule): Promise<Schedule> {
    const { problem, setting, limits } = this;
    let [last, lastPlan, best, roundS, fruitless] = [free, plan, Infinity, 0, 0];
    let bestPlan = plan;
    const sharing = new ReserveSharing(problem, setting.hours);
    while (this.seconds() + roundS < limits.timeLimitS) {
      const beganS = this.seconds();
      const fleet = new Fleet(problem, setting, sharing.after(lastPlan));
      const { bound } = free;
      last = await this.search({ fleet, learnt: last.fleet, bound, sweeps: MORE_SWEEPS, rounds: 1, untilS: limits.timeLimitS });
      lastPlan = this.planOf(last);
      const cost = last.best?.cost ?? Infinity;
      const isWorthIt = cost < best - HARDLY * Math.abs(best) || best === Infinity;
      if (cost < best) [best, bestPlan] = [cost, lastPlan];
      fruitless = isWorthIt ? 0 : fruitless + 1;
      if (fruitless >= (isShort(bestPlan) ? SHORT_ROUNDS : 1) || gapOf(last) < NEAR) break;
      roundS = this.seconds() - beganS;
    }
    return bestPlan;
  }

  /** Rounds of learning what the limits of a fleet are worth, and of settling at that. */
  private async search({ fleet, learnt, rounds, untilS, ...known }: Search): Promise<Found> {
    const beganS = this.seconds();
    await fleet.begin(learnt);
    let [sweepS, settlingS] = [0, (fleet.isLoaded ? PASSES_TO_COME : 1) * (this.seconds() - beganS)];
    let { sweeps } = known;
    let found: Found = {
      fleet,
      best: fleet.isUsable ? fleet.standing() : undefined,
      bound: known.bound ?? (learnt ? -Infinity : await fleet.bound()),
    };
    let [fruitless, roundS] = [0, 0];
    const isTime = (): boolean => this.seconds() + roundS < untilS;
    for (let round = 0; round < rounds && fruitless < FRUITLESS_ROUNDS && (!found.best || isTime()); round += 1) {
      const before = gapOf(found);
      if (before <= this.limits.gap) break;
      const roundBeganS = this.seconds();
      const toComeS = (): number => sweepS + Math.max((SWEEPS_TO_COME - 1) * sweepS, settlingS);
      for (let sweep = 0; sweep < sweeps && this.seconds() + toComeS() < untilS; sweep += 1) {
        const sweepBeganS = this.seconds();
        await fleet.learn();
        sweepS = this.seconds() - sweepBeganS;
      }
      sweeps = MORE_SWEEPS;
      let { best, bound } = found;
      const asLearnt = fleet.standing();
      const settlingBeganS = this.seconds();
      await fleet.settle();
      settlingS = this.seconds() - settlingBeganS;
      if (fleet.standing().cost < (best?.cost ?? Infinity)) best = fleet.standing();
      fleet.resume(asLearnt);
      if (known.bound === undefined && this.seconds() + sweepS < untilS) bound = Math.max(bound, await fleet.bound());
      found = { fleet, best, bound };
      const gap = gapOf(found);
      if (gap < NEAR && gap > (1 - WORTH_A_ROUND) * before) break;
      fruitless = gap < (1 - HARDLY) * before ? 0 : fruitless + 1;
      roundS = this.seconds() - roundBeganS;
    }
    if (found.best) fleet.resume(found.best);
    return found;
  }

  private planOf(found: Found): Schedule {
    const gap = gapOf(found);
    return scheduleWithScenarios(this.problem, found.fleet.decisions(), {
      solver: 'highs',
      status: gap <= this.limits.gap ? 'optimal' : 'feasible',
      ...(Number.isFinite(gap) && { gap }),
      seconds: this.seconds(),
    });
  }

  private seconds(): number {
    return (monotonicMs() - this.beganMs) / 1_000;
  }
}

const gapOf = ({ best, bound }: Found): number =>
  best ? Math.max(0, (best.cost - bound) / Math.max(Math.abs(best.cost), 1e-6)) : Infinity;

const isShort = ({ breaches, scenarios = [] }: Schedule): boolean =>
  [{ breaches }, ...scenarios].some((course) => course.breaches.some(({ kind }) => kind === 'reserve-shortfall'));
