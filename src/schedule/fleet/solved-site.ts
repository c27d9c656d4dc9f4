import { AdapterError, messageOf } from '../../kernel/errors.js';
import { meritOrder } from '../merit-order.js';
import type { SolveLimits } from '../plan-solver.port.js';
import { atStep, type PlanningProblem, type ReserveProblem } from '../problem.js';
import type { Schedule } from '../schedule.js';

export type SiteSolver = (problem: PlanningProblem, limits: SolveLimits) => Promise<Schedule>;

/** What a site that is more than a home does: its part of a plan, in a plan of its own. */
export interface SolvedSite {
  /** By course: the expected one first, then each scenario's. */
  readonly courses: readonly { readonly netKw: readonly number[] }[];
  readonly schedule: Schedule;
  /** What it costs by the site's own tariff, and what no plan undercuts with what is charged beside it; money. */
  readonly cost: number;
  readonly bound: number;
}

/** What its neighbours leave a site, whichever course comes. */
export interface SharedWithSite {
  /** What a kWh of its net power is charged with beside its tariff, by step, in the mean of all courses; money. */
  readonly prices: readonly number[];
  /** How far it may go in each limit it shares. */
  readonly room: readonly Room[];
}

export interface Room {
  readonly sign: 1 | -1;
  readonly limitKw: readonly number[];
}

const LIMITS: SolveLimits = { gap: 1e-4, timeLimitS: 5 };

/** A site's part of the problem. */
export const siteProblem = ({ problem, index, reserves }: SiteOf, { prices, room }: SharedWithSite): PlanningProblem => {
  const site = problem.sites[index]!;
  const here = <Part extends { readonly siteId: string }>(parts: readonly Part[]): Part[] =>
    parts.filter(({ siteId }) => siteId === site.id);
  const priced = (values: number | readonly number[]): number[] => prices.map((price, step) => atStep(values, step) + price * 1e6);
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
    sites: [{ ...site, importMicroPerKwh: priced(site.importMicroPerKwh), exportMicroPerKwh: priced(site.exportMicroPerKwh) }],
    batteries: here(problem.batteries),
    generators: here(problem.generators),
    flexibleLoads: here(problem.flexibleLoads),
    events: [],
    reserves: [...reserves],
    fleet: {},
    feeders: room.map(({ sign, limitKw }, feeder) => ({
      id: `room-${feeder}`,
      siteIds: [site.id],
      [sign > 0 ? 'importLimitW' : 'exportLimitW']: limitKw.map((kw) => Math.max(0, kw) * 1_000),
    })),
  };
};

/** Which site of which problem is planned, and how much each course counts: the expected one, then each scenario. */
export interface SiteOf {
  readonly problem: PlanningProblem;
  readonly index: number;
  readonly hours: readonly number[];
  readonly weights: readonly number[];
  /** Its share of the reserves, and what a kWh costs that it falls short; money. */
  readonly reserves: readonly ReserveProblem[];
  readonly shortfall: number;
}

/**
 * Plans a site alone at what its neighbours leave it; by merit order where the solver fails. That looks at no scenarios: where the site has
 * some there is no plan then.
 */
export const solveSite = async (site: SiteOf, shared: SharedWithSite, solve: SiteSolver): Promise<SolvedSite | undefined> => {
  const alone = siteProblem(site, shared);
  try {
    return solvedSite(await solve(alone, LIMITS), site, shared);
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    return siteByMerit(site, shared, messageOf(error));
  }
};

/** Likewise by merit order. */
export const siteByMerit = (site: SiteOf, shared: SharedWithSite, reason: string): SolvedSite | undefined => {
  const alone = siteProblem(site, shared);
  return alone.scenarios.length > 0 ? undefined : solvedSite(meritOrder(alone, reason), site, shared);
};

/** A plan of a site alone as its part; without a gap nothing is proven of it. */
const solvedSite = (schedule: Schedule, { hours, weights, shortfall }: SiteOf, { prices }: SharedWithSite): SolvedSite => {
  const courses = [schedule, ...(schedule.scenarios ?? [])];
  const netKw = courses.map(({ sites }) => sites[0]!.gridW.map((powerW) => powerW / 1_000));
  const counts = courses.length === 1 ? [1] : weights;
  const money = courses.reduce((sum, { costMicro }, course) => sum + (counts[course]! * costMicro) / 1e6, 0);
  const charged = netKw.reduce(
    (total, kws, course) => kws.reduce((sum, kw, step) => sum + counts[course]! * kw * prices[step]! * hours[step]!, total),
    0,
  );
  const short = courses.reduce(
    (total, { breaches }, course) =>
      breaches.reduce(
        (sum, { kind, step, size }) => (kind === 'reserve-shortfall' ? sum + (counts[course]! * size * hours[step]!) / 1_000 : sum),
        total,
      ),
    0,
  );
  return {
    courses: weights.map((_, course) => ({ netKw: netKw[course] ?? netKw[0]! })),
    schedule,
    cost: money - charged + short * shortfall,
    bound: schedule.gap === undefined ? -Infinity : money - schedule.gap * Math.abs(money),
  };
};
