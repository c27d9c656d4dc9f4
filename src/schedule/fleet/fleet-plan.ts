import { HOUR_MS } from '../../kernel/units.js';
import { monotonicMs } from '../../platform/clock.js';
import { dearestMicroPerKwh } from '../dearest.js';
import type { SolveLimits } from '../plan-solver.port.js';
import { type PlanningProblem, stepsOf } from '../problem.js';
import { scheduleWithScenarios } from '../scenario-plan.js';
import type { Schedule } from '../schedule.js';
import { Fleet, type FleetSetting } from './fleet.js';
import type { SiteSolver } from './solved-site.js';

/** From so many sites times steps on, one model of them all takes the solver too long. */
const FLEET_SIZE = 3_000;

/** Loads that are off or draw their least at so many sites have one model try all their combinations, most of which cost the same. */
const LOADED_SITES = 3;

const isLoaded = ({ flexibleLoads }: PlanningProblem): boolean =>
  new Set(flexibleLoads.flatMap(({ siteId, minW }) => (minW > 0 ? [siteId] : []))).size >= LOADED_SITES;

/** Whether a problem is planned site by site. Reserves tie sites together in more than their net power. */
export const isFleet = (problem: PlanningProblem): boolean => {
  const { sites, stepMinutes, reserves } = problem;
  const isMuch = sites.length > 1 && (sites.length * stepMinutes.length >= FLEET_SIZE || isLoaded(problem));
  return isMuch && reserves.length === 0;
};

/** So often prices are learnt before a first plan is made of them, and before each further one. */
const FIRST_SWEEPS = 12;
const MORE_SWEEPS = 4;

/** A sweep of which there is no more than so many times the time left is the last of a round: one more, what it proves, and settling. */
const SWEEPS_TO_COME = 4;

/**
 * So near to the best it goes on only while each round still closes so much of the gap: the rest is less than a forecast misses by.
 * Farther off it gives up after so many rounds in a row that hardly closed it.
 */
const NEAR = 1e-3;
const WORTH_A_ROUND = 0.3;
const HARDLY = 0.01;
const FRUITLESS_ROUNDS = 6;

/** What is expected is planned alone for this share of the time at most, where there are scenarios: prices are learnt there sooner. */
const EXPECTED_SHARE = 0.35;

const learntForExpected = async (problem: PlanningProblem, setting: FleetSetting, isTime: () => boolean): Promise<Fleet> => {
  const expected = new Fleet({ ...problem, scenarios: [] }, setting);
  await expected.begin();
  for (let sweep = 0; sweep < FIRST_SWEEPS && isTime(); sweep += 1) await expected.learn();
  return expected;
};

/**
 * A plan for many sites that share limits: each is planned for itself, again and again, at prices for what they share which are learnt
 * from what all of them then do. What the prices prove is the plan's gap. `solve` plans a site that is more than a home.
 */
export const planFleet = async (problem: PlanningProblem, limits: SolveLimits, solve: SiteSolver): Promise<Schedule> => {
  const beganMs = monotonicMs();
  const seconds = (): number => (monotonicMs() - beganMs) / 1_000;
  const hours = stepsOf(problem).map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);
  const setting = { hours, scale: dearestMicroPerKwh(problem) / 1e6, solve, leftS: () => limits.timeLimitS - seconds() };
  const isSure = problem.scenarios.length === 0;
  const fleet = new Fleet(problem, setting);
  await fleet.begin(isSure ? undefined : await learntForExpected(problem, setting, () => seconds() < EXPECTED_SHARE * limits.timeLimitS));
  let best = fleet.standing();
  let bound = isSure ? await fleet.bound() : -Infinity;
  const gapNow = (): number => Math.max(0, (best.cost - bound) / Math.max(Math.abs(best.cost), 1e-6));
  let gap = gapNow();
  let fruitless = 0;
  let roundS = 0;
  for (
    let sweeps = isSure ? FIRST_SWEEPS : MORE_SWEEPS;
    gap > limits.gap && fruitless < FRUITLESS_ROUNDS && seconds() + roundS < limits.timeLimitS;
    sweeps = MORE_SWEEPS
  ) {
    const roundBeganS = seconds();
    let sweepS = 0;
    for (let sweep = 0; sweep < sweeps && (sweep === 0 || seconds() + SWEEPS_TO_COME * sweepS < limits.timeLimitS); sweep += 1) {
      const sweepBeganS = seconds();
      await fleet.learn();
      sweepS = seconds() - sweepBeganS;
    }
    bound = Math.max(bound, await fleet.bound());
    const learnt = fleet.standing();
    await fleet.settle();
    if (fleet.standing().cost < best.cost) best = fleet.standing();
    fleet.resume(learnt);
    const before = gap;
    gap = gapNow();
    if (gap < NEAR && gap > (1 - WORTH_A_ROUND) * before) break;
    fruitless = gap < (1 - HARDLY) * before ? 0 : fruitless + 1;
    roundS = seconds() - roundBeganS;
  }
  fleet.resume(best);
  return scheduleWithScenarios(problem, fleet.decisions(), {
    solver: 'highs',
    status: gap <= limits.gap ? 'optimal' : 'feasible',
    ...(Number.isFinite(gap) && { gap }),
    seconds: seconds(),
  });
};
