import type { PlanningProblem } from '../problem.js';
import type { Schedule } from '../schedule.js';
import { batteryReasons } from './battery-why.js';
import { generatorReasons } from './generator-why.js';
import { loadReasons } from './load-why.js';
import { ExplainedPlan } from './plan-view.js';
import type { DeviceReasons } from './reason.js';
import { sunReasons } from './sun-why.js';

/**
 * Why each device does what it does at each step of a plan, worked out from the plan and its problem alone: what its power keeps from
 * being missed, then what a kWh is worth here and where it would go otherwise. A reason states only what the plan bears out.
 */
export const reasonsOf = (problem: PlanningProblem, plan: Schedule): DeviceReasons[] => {
  const seen = new ExplainedPlan(problem, plan);
  const sunny = problem.sites.flatMap((site, index) => {
    const sun = plan.sites[index]!;
    return sun.pvW.some((powerW, step) => powerW + sun.curtailedW[step]! > 0) ? [{ site, sun }] : [];
  });
  return [
    ...problem.batteries.map((battery, index): DeviceReasons => ({
      kind: 'battery',
      id: battery.id,
      steps: batteryReasons(seen, battery, plan.batteries[index]!),
    })),
    ...problem.generators.map((generator, index): DeviceReasons => ({
      kind: 'generator',
      id: generator.id,
      steps: generatorReasons(seen, generator, plan.generators[index]!),
    })),
    ...sunny.map(({ site, sun }): DeviceReasons => ({ kind: 'sun', id: site.id, steps: sunReasons(seen, site, sun) })),
    ...problem.flexibleLoads.map((load, index): DeviceReasons => ({
      kind: 'load',
      id: load.id,
      steps: loadReasons(seen, load, plan.loads[index]!),
    })),
  ];
};
