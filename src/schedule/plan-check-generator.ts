import type { GeneratorBudget } from './generator-problem.js';
import { PlanCheck } from './plan-check-notes.js';
import { atStep, type GeneratorProblem } from './problem.js';
import type { GeneratorPlan } from './schedule.js';

/** What a generator is known to do as the check comes to a step. */
export interface Watched {
  running: boolean;
  sinceMs: number;
  wasW: number;
  wasWarming: boolean;
}

/** What it may do in a step; W. */
export interface Room {
  /** Highest and lowest mean power that its limits, its warm-up and its ramps allow. */
  readonly highestW: number;
  readonly lowestW: number;
}

/**
 * Follows one generator through the plan as a stopwatch would: since when is it on or off, and what may it do now? Answers the
 * room it has at each step, without which reserve could not be checked.
 */
export const checkGenerator = (check: PlanCheck, generator: GeneratorProblem, plan: GeneratorPlan): Room[] => {
  const { initial } = generator;
  const watched: Watched = {
    running: initial.on,
    sinceMs: initial.sinceMs ?? Number.NEGATIVE_INFINITY,
    wasW: initial.powerW,
    wasWarming: false,
  };
  const rooms = plan.on.map((_, step) => checkStep(check, generator, plan, step, watched));
  for (const budget of generator.budgets) checkBudget(check, generator, plan, budget);
  return rooms;
};

const checkStep = (check: PlanCheck, generator: GeneratorProblem, { on, powerW }: GeneratorPlan, step: number, watched: Watched): Room => {
  const { startMs, endMs } = check.plan.steps[step]!;
  const must = (holds: boolean, what: string): void => check.must(holds, step, generator.id, what);
  const runs = on[step]!;
  const may = atStep(generator.available, step);
  const ran = watched.running;
  if (runs !== ran) {
    const leastS = ran ? generator.minUpS : generator.minDownS;
    must((startMs - watched.sinceMs) / 1_000 >= leastS - 0.001 || (ran && !may), ran ? 'stops too early' : 'starts too early');
    Object.assign(watched, { running: runs, sinceMs: startMs, wasWarming: false });
  }
  must(!runs || may, 'runs while it must not');
  const power = powerW[step]!;
  const warmMs = runs ? watched.sinceMs + generator.warmUpS * 1_000 : endMs;
  const warm = Math.min(1, Math.max(0, (endMs - Math.max(startMs, warmMs)) / (endMs - startMs)));
  must(power <= (runs ? generator.maxW * warm : 0) + check.slack, 'gives more than it can');
  must(!runs || power >= generator.minW * warm - check.slack, 'gives less than its minimum');
  check.soft('must-run', generator.id, step, atStep(generator.mustRun, step) && !runs ? Math.max(1, generator.minW) : 0);
  const asked = generator.override?.powerW[step] ?? null;
  if (asked !== null) {
    const due = asked > 0 ? Math.min(generator.maxW, Math.max(generator.minW, asked)) : 0;
    check.soft('override', generator.id, step, Math.abs(power - due));
  }
  const { upW, downW } = changes(check, generator, step, { runs, ran, watched });
  check.soft('generator-ramp', generator.id, step, Math.max(power - watched.wasW - upW, watched.wasW - power - downW));
  const lastBeforeStop = runs && on[step + 1] === false;
  const stopW = lastBeforeStop ? changes(check, generator, step + 1, { runs: false, ran: true, watched }).downW : Infinity;
  const room = {
    highestW: Math.min(generator.maxW * warm, watched.wasW + upW, stopW),
    lowestW: Math.max(generator.minW * warm, watched.wasW - downW),
  };
  watched.wasW = power;
  watched.wasWarming = runs && warm < 1;
  return runs ? room : { highestW: 0, lowestW: 0 };
};

/** Most its mean power may rise and fall from the step before: its ramp from middle to middle, or the limits of start and stop. */
const changes = (
  check: PlanCheck,
  { rampWPerS = Infinity, rampDownWPerS = rampWPerS, startUpW, shutDownW, minW, initial }: GeneratorProblem,
  step: number,
  { runs, ran, watched }: { runs: boolean; ran: boolean; watched: Watched },
): { upW: number; downW: number } => {
  const beforeS = step === 0 ? (initial.meanOverS ?? 0) : check.hours(step - 1) * 3_600;
  const betweenS = (beforeS + check.hours(step) * 3_600) / 2;
  const start = startUpW ?? Math.max(minW, rampWPerS * betweenS);
  const upW = !ran || watched.wasWarming ? start : watched.wasW === 0 ? Math.max(start, rampWPerS * betweenS) : rampWPerS * betweenS;
  const stop = shutDownW ?? Math.max(minW, rampDownWPerS * betweenS);
  return { upW, downW: runs ? rampDownWPerS * betweenS : stop };
};

const checkBudget = (check: PlanCheck, generator: GeneratorProblem, { on, powerW }: GeneratorPlan, budget: GeneratorBudget): void => {
  let [energyWh, runS, fuel, starts, last] = [0, 0, 0, 0, -1];
  check.plan.steps.forEach(({ startMs, endMs }, step) => {
    const insideMs = Math.min(endMs, budget.endMs) - Math.max(startMs, budget.startMs);
    if (insideMs > 0) last = step;
    const starting = on[step] && !(step === 0 ? generator.initial.on : on[step - 1]);
    if (starting && startMs >= budget.startMs && startMs < budget.endMs) starts += 1;
    if (insideMs <= 0 || !on[step]) return;
    const hours = insideMs / 3_600_000;
    energyWh += hours * powerW[step]!;
    runS += hours * 3_600;
    fuel += hours * (generator.noLoadFuelPerH + (generator.fuelPerKwh * powerW[step]!) / 1_000);
  });
  if (last < 0) return;
  check.soft('energy-budget', generator.id, last, energyWh - (budget.energyWh ?? Infinity));
  check.soft('run-time-budget', generator.id, last, runS - (budget.runS ?? Infinity));
  check.soft('fuel-budget', generator.id, last, fuel - (budget.fuel ?? Infinity));
  check.soft('start-budget', generator.id, last, starts - (budget.starts ?? Infinity));
};
