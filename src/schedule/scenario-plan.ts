import { type Decisions, scheduleOf, type Verdict } from './evaluate.js';
import type { PlanningProblem } from './problem.js';
import { expectedProbability, problemIn } from './scenario-course.js';
import type { ScenarioPlan, Schedule } from './schedule.js';

/** A full plan from decisions for the expected course and, after it, for each scenario. */
export const scheduleWithScenarios = (
  problem: PlanningProblem,
  [expected, ...others]: readonly Decisions[],
  verdict: Verdict,
): Schedule => {
  const plan = scheduleOf(problem, expected!, verdict);
  if (others.length === 0) return plan;
  const scenarios = problem.scenarios.map((scenario, index): ScenarioPlan => {
    const { costMicro, cost, sites, batteries, events, reserves, breaches } = scheduleOf(
      problemIn(problem, scenario),
      others[index]!,
      verdict,
    );
    return { scenarioId: scenario.id, probability: scenario.probability, costMicro, cost, sites, batteries, events, reserves, breaches };
  });
  const expectedCostMicro = scenarios.reduce(
    (sum, { probability, costMicro }) => sum + probability * costMicro,
    expectedProbability(problem) * plan.costMicro,
  );
  return { ...plan, scenarios, expectedCostMicro };
};
