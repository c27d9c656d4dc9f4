import { AdapterError, messageOf } from '../../kernel/errors.js';
import { meritOrder } from '../merit-order.js';
import type { SolveLimits } from '../plan-solver.port.js';
import { atStep, type PlanningProblem } from '../problem.js';
import type { Schedule } from '../schedule.js';

export type SiteSolver = (problem: PlanningProblem, limits: SolveLimits) => Promise<Schedule>;

/** What a site that is more than a home does: its part of a plan, in a plan of its own. */
export interface SolvedSite {
  readonly netKw: readonly number[];
  readonly schedule: Schedule;
  /** What it costs by the site's own tariff, and what no plan undercuts with what is charged beside it; money. */
  readonly cost: number;
  readonly bound: number;
}

/** What its neighbours leave a site. */
export interface SharedWithSite {
  /** What a kWh of its net power is charged with beside its tariff, by step; money. */
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
export const siteProblem = (problem: PlanningProblem, index: number, { prices, room }: SharedWithSite): PlanningProblem => {
  const site = problem.sites[index]!;
  const here = <Part extends { readonly siteId: string }>(parts: readonly Part[]): Part[] =>
    parts.filter(({ siteId }) => siteId === site.id);
  const priced = (values: number | readonly number[]): number[] => prices.map((price, step) => atStep(values, step) + price * 1e6);
  return {
    ...problem,
    sites: [{ ...site, importMicroPerKwh: priced(site.importMicroPerKwh), exportMicroPerKwh: priced(site.exportMicroPerKwh) }],
    batteries: here(problem.batteries),
    generators: here(problem.generators),
    flexibleLoads: here(problem.flexibleLoads),
    events: [],
    fleet: {},
    feeders: room.map(({ sign, limitKw }, feeder) => ({
      id: `room-${feeder}`,
      siteIds: [site.id],
      [sign > 0 ? 'importLimitW' : 'exportLimitW']: limitKw.map((kw) => Math.max(0, kw) * 1_000),
    })),
  };
};

/** Plans a site alone at what its neighbours leave it; by merit order where the solver fails. */
export const solveSite = async (
  { problem, index, hours }: { problem: PlanningProblem; index: number; hours: readonly number[] },
  shared: SharedWithSite,
  solve: SiteSolver,
): Promise<SolvedSite> => {
  const alone = siteProblem(problem, index, shared);
  try {
    return solvedSite(await solve(alone, LIMITS), hours, shared);
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    return solvedSite(meritOrder(alone, messageOf(error)), hours, shared);
  }
};

/** A plan of a site alone as its part; without a gap nothing is proven of it. */
export const solvedSite = (schedule: Schedule, hours: readonly number[], { prices }: SharedWithSite): SolvedSite => {
  const netKw = schedule.sites[0]!.gridW.map((powerW) => powerW / 1_000);
  const money = schedule.costMicro / 1e6;
  return {
    netKw,
    schedule,
    cost: netKw.reduce((left, kw, step) => left - kw * prices[step]! * hours[step]!, money),
    bound: schedule.gap === undefined ? -Infinity : money - schedule.gap * Math.abs(money),
  };
};
