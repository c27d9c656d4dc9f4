import { PlanCheck, SLACK } from './plan-check-notes.js';
import { atStep, type GeneratorProblem } from './problem.js';
import type { GeneratorPlan } from './schedule.js';

/** Follows one generator through the plan as a stopwatch would: since when is it on or off, and what may it do now? */
export const checkGenerator = (check: PlanCheck, generator: GeneratorProblem, { on, powerW }: GeneratorPlan): void => {
  const { steps } = check.plan;
  let running = generator.initial.on;
  let sinceMs = generator.initial.sinceMs ?? Number.NEGATIVE_INFINITY;
  let wasW = generator.initial.powerW;
  let wasWarming = false;
  steps.forEach(({ startMs, endMs }, step) => {
    const must = (holds: boolean, what: string): void => check.must(holds, step, generator.id, what);
    const runs = on[step]!;
    const may = atStep(generator.available, step);
    if (runs !== running) {
      const leastS = running ? generator.minUpS : generator.minDownS;
      must((startMs - sinceMs) / 1_000 >= leastS - 0.001 || (running && !may), running ? 'stops too early' : 'starts too early');
      running = runs;
      sinceMs = startMs;
      wasWarming = false;
    }
    must(!runs || may, 'runs while it must not');
    const power = powerW[step]!;
    const warmMs = runs ? sinceMs + generator.warmUpS * 1_000 : endMs;
    const warm = Math.min(1, Math.max(0, (endMs - Math.max(startMs, warmMs)) / (endMs - startMs)));
    must(power <= (runs ? generator.maxW * warm : 0) + SLACK, 'gives more than it can');
    must(!runs || power >= generator.minW * warm - SLACK, 'gives less than its minimum');
    if (generator.rampWPerS !== undefined) {
      const fromMs = step === 0 ? startMs : steps[step - 1]!.startMs;
      const between = generator.rampWPerS * ((endMs - fromMs) / 2_000);
      const rest = wasW === 0 || !runs || wasWarming;
      check.soft('generator-ramp', generator.id, step, Math.abs(power - wasW) - (rest ? Math.max(between, generator.minW) : between));
    }
    wasW = power;
    wasWarming = runs && warm < 1;
  });
};
