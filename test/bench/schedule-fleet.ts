import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seriesFromCsv } from '../../src/forecast/csv-history.js';
import { solveCharged, solvePlan, solveTogether } from '../../src/schedule/adapters/highs-plan.js';
import { planFleet } from '../../src/schedule/fleet/fleet-plan.js';
import { planFaults } from '../../src/schedule/plan-check.js';
import type { PlanningProblem } from '../../src/schedule/problem.js';
import type { Schedule } from '../../src/schedule/schedule.js';
import type { BenchRow } from './bench-row.js';
import { fleetProblem } from './fleet-problem.js';

const measuredCourses = (folder: string) =>
  Array.from({ length: 8 }, (_, index) => {
    const file = join(folder, `home-0${index + 1}.csv`);
    const text = readFileSync(file, 'utf8');
    const column = (name: string): number[] => seriesFromCsv(text, name, file).values.map((powerW) => powerW ?? 0);
    return { loadW: column('load_w'), pvW: column('pv_w') };
  });

const checked = (problem: PlanningProblem, plan: Schedule): Schedule => {
  const [fault] = planFaults(problem, plan);
  if (fault !== undefined) throw new Error(`the check found a fault: ${fault}`);
  return plan;
};

/** Fleets small enough for one exact model, and what planning them site by site loses against it. */
const EXACT = [
  { homes: 20, cars: 0, generators: 2, steps: 24, feeders: 2 },
  { homes: 100, cars: 0, generators: 0, steps: 96, feeders: 3 },
  { homes: 100, cars: 0, generators: 5, steps: 96, feeders: 3 },
  { homes: 40, cars: 20, generators: 0, steps: 96, feeders: 2 },
];

/** Fleets of a size that one model cannot hold. */
const LARGE = [
  { cars: 0, scenarios: 0 },
  { cars: 0, scenarios: 5 },
  { cars: 300, scenarios: 0 },
  { cars: 300, scenarios: 5 },
];

const carsIn = (cars: number): string => (cars > 0 ? `, ${cars} cars` : '');

/** Measured homes with batteries, some with cars, and generators, on feeders that cannot carry what all would do at once. */
export const fleetRows = async (folder: string): Promise<BenchRow[]> => {
  const courses = measuredCourses(folder);
  const rows: BenchRow[] = [];
  // First, so that the memory is its own.
  for (const { cars, scenarios } of LARGE) {
    const problem = fleetProblem({ homes: 1_000, cars, generators: 20, steps: 192, feeders: 10, courses, scenarios });
    const plan = checked(problem, await solvePlan(problem, { gap: 1e-4, timeLimitS: 55 }));
    const what = `1,000 homes${carsIn(cars)}, 20 generators, 10 feeders, 48 h in quarter-hours${scenarios > 0 ? `, ${scenarios} scenarios` : ''}`;
    rows.push(
      { what: `${what}: time`, value: plan.seconds, unit: 's', bound: 60 },
      // With cars and scenarios there is seldom time to prove anything.
      plan.gap === undefined
        ? { what: `${what}: proven gap`, value: 'none in time', unit: '' }
        : { what: `${what}: proven gap`, value: plan.gap * 100, unit: '%', ...((cars === 0 || scenarios === 0) && { bound: 1 }) },
      {
        what: `${what}: limits bent`,
        value: plan.breaches.length + (plan.scenarios ?? []).reduce((sum, { breaches }) => sum + breaches.length, 0),
        unit: '',
      },
      { what: `${what}: memory at its most`, value: process.resourceUsage().maxRSS / 1e3, unit: 'MB', bound: 2_000 },
    );
  }
  for (const size of EXACT) {
    const small = fleetProblem({ ...size, courses });
    const what = `${size.homes} homes${carsIn(size.cars)}, ${size.generators} generators, ${size.steps} steps`;
    const exact = checked(small, await solveTogether(small, { gap: 1e-5, timeLimitS: 300 }));
    const priced = checked(small, await planFleet(small, { gap: 1e-4, timeLimitS: 60 }, solveCharged));
    rows.push(
      { what: `${what}: dearer than exact`, value: (priced.costMicro / exact.costMicro - 1) * 100, unit: '%', bound: 1 },
      { what: `${what}: time`, value: priced.seconds, unit: 's' },
      { what: `${what}: time of the exact model`, value: exact.seconds, unit: 's' },
    );
  }
  return rows;
};
