import { monotonicMs } from '../../platform/clock.js';
import { scheduleOf } from '../evaluate.js';
import { conflictsIn, decisionsIn, planModel } from '../mip-model.js';
import { keyOf } from '../mip-context.js';
import type { SolveLimits } from '../plan-solver.port.js';
import { atStep, type PlanningProblem } from '../problem.js';
import type { Schedule } from '../schedule.js';
import { highsRuntime, solveLinear } from './highs-solver.js';

/** After so many rounds of tying down single steps, all are tied down. */
const ROUNDS = 6;

/**
 * The best plan. The either-or rules (import or export, charge or discharge) cost binaries, and prices seldom tempt anyone to
 * break them; so they are left open at first, tied down where the answer breaks them, and solved again. An answer that
 * breaks none is best also with all of them tied down.
 */
export const solvePlan = async (problem: PlanningProblem, limits: SolveLimits): Promise<Schedule> => {
  const highs = await highsRuntime();
  const beganMs = monotonicMs();
  const { grid, battery } = tempting(problem);
  for (let round = 1; ; round += 1) {
    const plan = planModel(problem, { grid, battery });
    const leftS = limits.timeLimitS - (monotonicMs() - beganMs) / 1_000;
    const { values, proven, gap } = solveLinear(highs, plan.linear, { gap: limits.gap, timeLimitS: leftS });
    const conflicts = conflictsIn(problem, plan, values);
    const open = [...conflicts.grid.filter((key) => !grid.has(key)), ...conflicts.battery.filter((key) => !battery.has(key))];
    if (open.length === 0) {
      const seconds = (monotonicMs() - beganMs) / 1_000;
      return scheduleOf(problem, decisionsIn(problem, plan, values), {
        solver: 'highs',
        status: proven ? 'optimal' : 'feasible',
        gap,
        seconds,
      });
    }
    conflicts.grid.forEach((key) => grid.add(key));
    conflicts.battery.forEach((key) => battery.add(key));
    if (round >= ROUNDS) tieAll(problem, grid, battery);
  }
};

const eachStep = (problem: PlanningProblem, visit: (step: number) => void): void => problem.stepMinutes.forEach((_, step) => visit(step));

/** Steps known to tempt: export dearer than import; burning energy in a battery while energy is paid to be taken. */
const tempting = (problem: PlanningProblem): { grid: Set<string>; battery: Set<string> } => {
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

const tieAll = (problem: PlanningProblem, grid: Set<string>, battery: Set<string>): void =>
  eachStep(problem, (step) => {
    problem.sites.forEach((_, s) => grid.add(keyOf(s, step)));
    problem.batteries.forEach((_, b) => battery.add(keyOf(b, step)));
  });
