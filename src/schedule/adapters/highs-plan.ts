import { monotonicMs } from '../../platform/clock.js';
import { conflictsIn, decisionsIn, planModel } from '../mip-model.js';
import { type EitherOr, keyOf } from '../mip-context.js';
import { isFleet, planFleet } from '../fleet/fleet-plan.js';
import type { SolveLimits } from '../plan-solver.port.js';
import { atStep, type PlanningProblem } from '../problem.js';
import { problemIn } from '../scenario-course.js';
import type { SiteCharge } from '../site-charge.js';
import type { ChargedPlan } from '../fleet/solved-site.js';
import { scheduleWithScenarios } from '../scenario-plan.js';
import type { Schedule } from '../schedule.js';
import { highsRuntime, solveLinear } from './highs-solver.js';

/** After so many rounds of tying down single steps, all are tied down. */
const ROUNDS = 6;

/** The best plan: of all sites in one model, or of a fleet by prices for what its sites share. */
export const solvePlan = (problem: PlanningProblem, limits: SolveLimits): Promise<Schedule> =>
  isFleet(problem) ? planFleet(problem, limits, solveCharged) : solveTogether(problem, limits);

/** The best plan in one model. */
export const solveTogether = async (problem: PlanningProblem, limits: SolveLimits): Promise<Schedule> =>
  (await solveCharged(problem, limits)).schedule;

/**
 * The best plan in one model; of a single site with what it is charged beside its tariff, by course. The either-or rules (import or export,
 * charge or discharge) cost binaries, and prices seldom tempt anyone to break them; so they are left open at first, tied down where the
 * answer breaks them, and solved again. An answer that breaks none is best also with all of them tied down.
 */
export const solveCharged = async (
  problem: PlanningProblem,
  limits: SolveLimits,
  charges: readonly (readonly SiteCharge[])[] = [],
): Promise<ChargedPlan> => {
  const highs = await highsRuntime();
  const beganMs = monotonicMs();
  const ties = [problem, ...problem.scenarios.map((scenario) => problemIn(problem, scenario))].map(tempting);
  for (let round = 1; ; round += 1) {
    const plan = planModel(problem, ties, charges);
    const leftS = limits.timeLimitS - (monotonicMs() - beganMs) / 1_000;
    const { values, proven, gap, cost } = solveLinear(highs, plan.linear, { gap: limits.gap, timeLimitS: leftS });
    const open = plan.courses.map((course, index) => untied(conflictsIn(course, values), ties[index]!));
    if (!open.includes(true)) {
      const seconds = (monotonicMs() - beganMs) / 1_000;
      const status = proven ? 'optimal' : 'feasible';
      const schedule = scheduleWithScenarios(problem, decisionsIn(problem, plan, values), { solver: 'highs', status, gap, seconds });
      return { schedule, money: cost / plan.totalWeight };
    }
    if (round >= ROUNDS) ties.forEach((tie) => tieAll(problem, tie));
  }
};

interface Ties extends EitherOr {
  readonly grid: Set<string>;
  readonly battery: Set<string>;
}

/** Ties down what conflicts; whether anything was new. */
const untied = (conflicts: ReturnType<typeof conflictsIn>, { grid, battery }: Ties): boolean => {
  const before = grid.size + battery.size;
  conflicts.grid.forEach((key) => grid.add(key));
  conflicts.battery.forEach((key) => battery.add(key));
  return grid.size + battery.size > before;
};

const eachStep = (problem: PlanningProblem, visit: (step: number) => void): void => problem.stepMinutes.forEach((_, step) => visit(step));

/** Steps known to tempt: export dearer than import; burning energy in a battery while energy is paid to be taken. */
const tempting = (problem: PlanningProblem): Ties => {
  const grid = new Set<string>();
  const battery = new Set<string>();
  eachStep(problem, (step) =>
    problem.sites.forEach((site, s) => {
      const importPrice = atStep(site.importMicroPerKwh, step);
      if (atStep(site.exportMicroPerKwh, step) > importPrice) grid.add(keyOf(s, step));
      if (importPrice >= 0) return;
      problem.batteries.forEach(({ siteId }, b) => {
        if (siteId === site.id) battery.add(keyOf(b, step));
      });
    }),
  );
  return { grid, battery };
};

const tieAll = (problem: PlanningProblem, { grid, battery }: Ties): void =>
  eachStep(problem, (step) => {
    problem.sites.forEach((_, s) => grid.add(keyOf(s, step)));
    problem.batteries.forEach((_, b) => battery.add(keyOf(b, step)));
  });
