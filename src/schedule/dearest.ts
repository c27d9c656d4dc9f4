import { costliestMicroPerKwh } from './generator-cost.js';
import { atStep, type PlanningProblem } from './problem.js';

/** The dearest price of a problem. */
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
  for (const { wearMicroPerKwh, terminalMicroPerKwh } of problem.batteries) take(Math.max(wearMicroPerKwh, Math.abs(terminalMicroPerKwh)));
  take(problem.curtailmentMicroPerKwh);
  take(problem.promises?.changeMicroPerKwh ?? 0);
  return microPerKwh;
};

/** A penalty outweighs a price by so much at least, so that of a peak's price per kWh this part will do. */
const OUTWEIGHED = 1 / 20;

/** Shorter steps count as so long: penalties must stay within what a solver can count with. */
const SHORTEST_H = 1 / 12;

/** What penalties are multiples of: a limit must not bend for a peak that is dear in a short step. */
export const gravestMicroPerKwh = (problem: PlanningProblem): number => {
  const hours = Math.max(SHORTEST_H, Math.min(...problem.stepMinutes) / 60);
  const peakMicroPerKwh = Math.max(0, ...problem.sites.map(({ demandCharge }) => (demandCharge?.microPerKw ?? 0) / hours));
  return Math.max(dearestMicroPerKwh(problem), OUTWEIGHED * peakMicroPerKwh);
};
