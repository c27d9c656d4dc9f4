import type { PlanCheck } from './plan-check-notes.js';
import type { GeneratorProblem } from './problem.js';
import type { GeneratorPlan } from './schedule.js';

/** What one generator costs over the plan, its carbon dioxide included; micro-units. */
export const generatorMicro = (check: PlanCheck, generator: GeneratorProblem, { on, powerW }: GeneratorPlan): number => {
  const { initial, startCosts, costCurve, co2KgPerKwh, noLoadCo2KgPerH } = generator;
  let micro = 0;
  let lastOnMs = initial.on ? undefined : initial.sinceMs;
  let startedMs = initial.sinceMs ?? Number.NEGATIVE_INFINITY;
  let known = initial.on || initial.sinceMs !== undefined;
  check.plan.steps.forEach(({ startMs, endMs }, step) => {
    const ran = step === 0 ? initial.on : on[step - 1]!;
    if (!on[step]) {
      if (ran) [lastOnMs, known] = [startMs, true];
      return;
    }
    if (!ran) {
      startedMs = startMs;
      const restS = known && lastOnMs !== undefined ? (startMs - lastOnMs) / 1_000 : Number.POSITIVE_INFINITY;
      const kinds = startCosts.filter(({ offS }, kind) => kind === 0 || offS <= restS);
      micro += generator.startMicro + (kinds.length > 0 ? Math.max(...kinds.map((kind) => kind.micro)) : 0);
    }
    const hours = check.hours(step);
    const kilowatts = powerW[step]! / 1_000;
    const coldMs = Math.max(0, Math.min(endMs, startedMs + generator.warmUpS * 1_000) - startMs);
    const warm = 1 - Math.min(1, coldMs / (endMs - startMs));
    micro += hours * (generator.noLoadMicroPerH + kilowatts * generator.runningMicroPerKwh);
    micro += hours * check.problem.co2MicroPerKg * (noLoadCo2KgPerH + kilowatts * co2KgPerKwh);
    if (warm > 1e-9)
      micro += hours * warm * (generator.quadraticMicroPerKw2H * (kilowatts / warm) ** 2 + onCurve(costCurve, powerW[step]! / warm));
  });
  return micro;
};

/** The value of a curve of straight pieces; beyond an end the last piece goes on. */
const onCurve = (curve: GeneratorProblem['costCurve'], powerW: number): number => {
  if (curve.length < 2) return curve[0]?.microPerH ?? 0;
  let at = 1;
  while (at < curve.length - 1 && curve[at]!.powerW < powerW) at += 1;
  const [a, b] = [curve[at - 1]!, curve[at]!];
  const part = (powerW - a.powerW) / (b.powerW - a.powerW);
  return a.microPerH * (1 - part) + b.microPerH * part;
};
