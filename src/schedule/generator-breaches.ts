import type { Interval } from '../kernel/interval.js';
import { HOUR_MS } from '../kernel/units.js';
import type { GeneratorBudget, GeneratorProblem } from './generator-problem.js';
import { beforeStep, rampDownW, riseW, toRestW, warmShares } from './generator-rules.js';
import { generatorToldW } from './told-by-hand.js';
import { atStep, shareWithin } from './problem.js';
import type { BreachKind, GeneratorPlan } from './schedule.js';

type Note = (kind: BreachKind, step: number, size: number) => void;
type Plan = Pick<GeneratorPlan, 'on' | 'powerW'>;

/** What one generator's plan bends. */
export const noteGenerator = (generator: GeneratorProblem, plan: Plan, steps: readonly Interval[], note: Note): void => {
  const warm = warmShares(generator, plan.on, steps);
  steps.forEach((_, step) => {
    note('generator-ramp', step, beyondRamp(generator, plan, { steps, warm, step }));
    const toldW = generatorToldW(generator, step);
    if (toldW !== undefined) note('override', step, Math.abs(plan.powerW[step]! - toldW));
    if (atStep(generator.mustRun, step) && !plan.on[step]) note('must-run', step, Math.max(generator.minW, 1));
  });
  for (const budget of generator.budgets) noteBudget(generator, plan, steps, budget, note);
};

/**
 * How much more than its ramp it changes from one step's mean to the next. From rest, out of a warm-up and to rest their own
 * limits hold.
 */
const beyondRamp = (
  generator: GeneratorProblem,
  plan: Plan,
  { steps, warm, step }: { steps: readonly Interval[]; warm: readonly number[]; step: number },
): number => {
  const before = beforeStep(generator, plan, warm, step);
  const changeW = plan.powerW[step]! - before.powerW;
  if (changeW >= 0) return changeW - riseW(generator, before, steps, step);
  return -changeW - (plan.on[step] ? rampDownW : toRestW)(generator, steps, step);
};

/** Use within a budget's time, noted at the last step that touches it. */
const noteBudget = (
  generator: GeneratorProblem,
  { on, powerW }: Plan,
  steps: readonly Interval[],
  budget: GeneratorBudget,
  note: Note,
): void => {
  const last = steps.findLastIndex((step) => shareWithin(budget, step) > 0);
  if (last < 0) return;
  const used = { energyWh: 0, runS: 0, fuel: 0, starts: 0 };
  steps.forEach((step, index) => {
    const before = index === 0 ? generator.initial.on : on[index - 1]!;
    if (on[index] && !before && step.startMs >= budget.startMs && step.startMs < budget.endMs) used.starts += 1;
    const hours = (shareWithin(budget, step) * (step.endMs - step.startMs)) / HOUR_MS;
    if (!on[index] || hours === 0) return;
    used.energyWh += powerW[index]! * hours;
    used.runS += hours * 3_600;
    used.fuel += (generator.noLoadFuelPerH + (powerW[index]! / 1_000) * generator.fuelPerKwh) * hours;
  });
  note('energy-budget', last, used.energyWh - (budget.energyWh ?? Infinity));
  note('run-time-budget', last, used.runS - (budget.runS ?? Infinity));
  note('fuel-budget', last, used.fuel - (budget.fuel ?? Infinity));
  note('start-budget', last, used.starts - (budget.starts ?? Infinity));
};
