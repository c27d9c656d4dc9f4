import { costliestMicroPerKwh } from './generator-cost.js';
import { atStep, type PlanningProblem } from './problem.js';

/** The dearest price of a problem: what penalties are multiples of. */
export const dearestMicroPerKwh = (problem: PlanningProblem): number => {
  let microPerKwh = 10_000;
  const take = (price: number): void => {
    microPerKwh = Math.max(microPerKwh, Math.abs(price));
  };
  problem.stepMinutes.forEach((_, step) => {
    for (const site of problem.sites) {
      take(atStep(site.importMicroPerKwh, step) + atStep(site.importCo2KgPerKwh, step) * problem.co2MicroPerKg);
      take(atStep(site.exportMicroPerKwh, step));
    }
  });
  for (const generator of problem.generators) take(costliestMicroPerKwh(generator) + generator.co2KgPerKwh * problem.co2MicroPerKg);
  for (const { priceMicroPerKwh, penaltyMicroPerKwh } of problem.events) take(priceMicroPerKwh + penaltyMicroPerKwh);
  return microPerKwh;
};
