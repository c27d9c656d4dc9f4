import type { Decisions } from '../evaluate.js';
import type { PlanningProblem } from '../problem.js';
import type { HomePlan } from './home-plan.js';
import type { LoadedPlan } from './loaded-home.js';
import type { SolvedPlan } from './solved-site.js';

export type SitePlan = HomePlan | LoadedPlan | SolvedPlan;

/** What all devices do by the plans of their sites, by course. */
export const fleetDecisions = (problem: PlanningProblem, plans: readonly SitePlan[], courses: number): Decisions[] => {
  const planAt = new Map(problem.sites.map(({ id }, index) => [id, plans[index]!]));
  const runOf = ({ id, siteId }: { readonly id: string; readonly siteId: string }) =>
    (planAt.get(siteId) as SolvedPlan).schedule.generators.find(({ generatorId }) => generatorId === id)!;
  const shared = {
    loadW: problem.flexibleLoads.map(({ id, siteId }) => drawsW(planAt.get(siteId)!, id)),
    generatorOn: problem.generators.map((unit) => runOf(unit).on),
    generatorW: problem.generators.map((unit) => runOf(unit).powerW),
  };
  return Array.from({ length: courses }, (_, course): Decisions => {
    const coursed = ({ schedule }: SolvedPlan) => (course === 0 ? schedule : (schedule.scenarios?.[course - 1] ?? schedule));
    return {
      ...shared,
      pvW: plans.map((plan) => ('schedule' in plan ? coursed(plan).sites[0]!.pvW : watts(plan.courses[course]!.sunKw))),
      batteryW: problem.batteries.map(({ id, siteId }) => {
        const plan = planAt.get(siteId)!;
        return 'schedule' in plan
          ? coursed(plan).batteries.find(({ batteryId }) => batteryId === id)!.powerW
          : watts(plan.courses[course]!.batteryKw);
      }),
    };
  });
};

const drawsW = (plan: SitePlan, id: string): readonly number[] =>
  'schedule' in plan ? plan.schedule.loads.find(({ loadId }) => loadId === id)!.drawW : watts((plan as LoadedPlan).draws.get(id)!);

const watts = (kw: readonly number[]): number[] => kw.map((each) => each * 1_000);
