import { atStep, type PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

/** Watts by which shared steps may differ, and millionths of currency by which the mean cost may. */
const SLACK_W = 1.5;
const SLACK_MICRO = 2_000;

/** Each scenario with the plan that it has been given, as a problem and a plan of their own. */
export const scenarioCases = (problem: PlanningProblem, plan: Schedule): { id: string; problem: PlanningProblem; plan: Schedule }[] =>
  (plan.scenarios ?? []).map((course, index) => {
    const scenario = problem.scenarios[index]!;
    const sites = problem.sites.map((site) => {
      const other = scenario.sites.find(({ siteId }) => siteId === site.id);
      if (!other) return site;
      const pvMinW = problem.stepMinutes.map((_, step) => Math.min(atStep(other.pvW, step), atStep(site.pvMinW, step)));
      return { ...site, loadW: other.loadW, pvW: other.pvW, pvMinW };
    });
    return {
      id: scenario.id,
      problem: { ...problem, sites, scenarios: [] },
      plan: { ...plan, ...course, scenarios: undefined, expectedCostMicro: undefined },
    };
  });

/** That every scenario has its course, all are one in the shared steps, and the mean cost is right. */
export const checkScenarios = (problem: PlanningProblem, plan: Schedule): string[] => {
  const { scenarios = [] } = plan;
  if (plan.status === 'fallback' || problem.scenarios.length === 0)
    return scenarios.length === 0 ? [] : ['there are courses of scenarios that nobody asked for'];
  const faults: string[] = [];
  if (scenarios.length !== problem.scenarios.length)
    return [`there are courses for ${scenarios.length} of ${problem.scenarios.length} scenarios`];
  let [mean, left] = [0, 1];
  scenarios.forEach(({ scenarioId, probability, costMicro, batteries }, index) => {
    const asked = problem.scenarios[index]!;
    if (asked.id !== scenarioId || asked.probability !== probability) faults.push(`course ${index} is not that of scenario "${asked.id}"`);
    mean += probability * costMicro;
    left -= probability;
    for (let step = 0; step < problem.sharedSteps; step += 1)
      batteries.forEach(({ batteryId, powerW }, b) => {
        if (Math.abs(powerW[step]! - plan.batteries[b]!.powerW[step]!) > SLACK_W)
          faults.push(`step ${step}, ${batteryId}: does something else in scenario "${scenarioId}" though the step is shared`);
      });
  });
  mean += Math.max(0, left) * plan.costMicro;
  if (Math.abs(mean - (plan.expectedCostMicro ?? Infinity)) > SLACK_MICRO + 1e-6 * Math.abs(mean))
    faults.push(`the mean cost is ${mean.toFixed(0)}, the plan says ${plan.expectedCostMicro?.toFixed(0)}`);
  return faults;
};
