import { HOUR_MS } from '../kernel/units.js';
import type { Decisions } from './evaluate.js';
import { dearestMicroPerKwh, gravestMicroPerKwh } from './dearest.js';
import { giveBack, type UnitRun } from './give-back.js';
import { type LinearModel, LinearModelBuilder, type Term } from './linear-model.js';
import { type EitherOr, keyOf, type ModelContext, priceOf } from './mip-context.js';
import { type BatteryColumns, batteryColumns } from './mip-battery.js';
import { chargeRows, eventRows, feederRows } from './mip-fleet.js';
import { type LoadColumns, loadColumns } from './mip-load.js';
import { generatorColumns } from './mip-generator.js';
import type { GeneratorColumns } from './mip-generator-columns.js';
import { promiseRows } from './mip-promise.js';
import { reserveRows, reservesAt } from './mip-reserve.js';
import { type SiteColumns, siteColumns } from './mip-site.js';
import { atStep, type PlanningProblem, stepsOf } from './problem.js';
import { expectedProbability, problemIn } from './scenario-course.js';
import type { SiteCharge } from './site-charge.js';
import { unitGroups } from './unit-groups.js';

export interface PlanModel {
  readonly linear: LinearModel;
  /** How often costs of all courses together count. */
  readonly totalWeight: number;
  /** Watts of one unit of power. */
  readonly unitW: number;
  readonly generators: readonly GeneratorColumns[];
  readonly loads: readonly LoadColumns[];
  /** The expected course first, then each scenario's. */
  readonly courses: readonly CourseColumns[];
}

/** What may differ from one course of loads and sun to another. */
export interface CourseColumns {
  readonly problem: PlanningProblem;
  readonly sites: readonly SiteColumns[];
  readonly batteries: readonly BatteryColumns[];
}

/**
 * The model of a problem, with the either-or rules named for each course tied down by binaries. Without events, reserves and fleet limits
 * its sites do not touch each other. With scenarios it is the deterministic equivalent of a two-stage program (Birge and Louveaux,
 * Introduction to Stochastic Programming, ch. 2): generators, flexible loads and the batteries' shared steps are its first stage. `charges`:
 * by course, what the only site of a problem is charged beside its tariff.
 */
export const planModel = (
  problem: PlanningProblem,
  eitherOr: readonly EitherOr[],
  charges: readonly (readonly SiteCharge[])[] = [],
): PlanModel => {
  const steps = stepsOf(problem);
  const model = new LinearModelBuilder();
  const hours = steps.map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);
  const unitW = unitOf(problem);
  const [scale, gravity] = [dearestMicroPerKwh, gravestMicroPerKwh].map((price) => priceOf({ unitW }, price(problem))) as [number, number];
  const context: ModelContext = { problem, steps, hours, model, unitW, scale, gravity };
  const courses = coursesOf(problem);
  const totalWeight = courses.reduce((sum, { weight }) => sum + weight, 0);
  model.weigh(totalWeight);
  const generators = unitGroups(problem.generators, steps).map((members) =>
    generatorColumns(context, members, reservesAt(context, problem.generators[members[0]!]!.siteId)),
  );
  const loads = problem.flexibleLoads.map((load) => loadColumns(context, load));
  const excuses: ReadonlyMap<string, number>[] = [];
  const planned = courses.map((course, index) => {
    model.weigh(course.weight);
    const excused = index > 0 ? excusedColumns(context) : new Map<string, number>();
    excuses.push(excused);
    const columns = courseColumns({ ...context, problem: course.problem, excused }, { generators, loads }, eitherOr[index]!);
    chargeRows(context, columns.sites[0]!, charges[index] ?? []);
    return columns;
  });
  model.weigh(totalWeight);
  promiseRows(context, { batteries: planned[0]!.batteries, generators, expectedShare: courses[0]!.weight / totalWeight });
  chanceRows(context, excuses.slice(1));
  for (const course of planned.slice(1)) sharedRows(context, planned[0]!, course);
  return { linear: model.build(), totalWeight, unitW, generators, loads, courses: planned };
};

export interface Course {
  readonly problem: PlanningProblem;
  /** How often its costs count. */
  readonly weight: number;
}

/** However sure the scenarios are, the expected course counts for this share, or nothing would choose among its plans. */
const EXPECTED_SHARE = 0.02;

/** Weights are probabilities times the number of scenarios, so that each cost stays as large as without any. */
export const coursesOf = (problem: PlanningProblem): Course[] => {
  const { scenarios } = problem;
  if (scenarios.length === 0) return [{ problem, weight: 1 }];
  const share = Math.max(EXPECTED_SHARE, expectedProbability(problem));
  return [
    { problem, weight: share * scenarios.length },
    ...scenarios.map((scenario) => ({ problem: problemIn(problem, scenario), weight: scenario.probability * scenarios.length })),
  ];
};

const courseColumns = (context: ModelContext, shared: Pick<PlanModel, 'generators' | 'loads'>, eitherOr: EitherOr): CourseColumns => {
  const { problem } = context;
  const batteries = problem.batteries.map((battery) => batteryColumns(context, battery));
  const sites = problem.sites.map((_, site) => siteColumns(context, site, { ...shared, batteries }, eitherOr));
  bothWays(context, batteries, eitherOr);
  feederRows(context, sites);
  eventRows(context, sites);
  reserveRows(context, { sites, batteries, generators: shared.generators });
  return { problem, sites, batteries };
};

/** Whether a scenario is one of those in which a site's limits need not be held. */
const excusedColumns = ({ model, problem }: ModelContext): Map<string, number> =>
  new Map(problem.sites.filter(({ limitConfidence }) => limitConfidence < 1).map(({ id }) => [id, model.binary()]));

/** Limits are held in the share of scenarios that is asked for (Luedtke, Ahmed and Nemhauser, Mathematical Programming 122, 2010). */
const chanceRows = ({ model, problem }: ModelContext, excuses: readonly ReadonlyMap<string, number>[]): void => {
  for (const { id, limitConfidence } of problem.sites) {
    const terms = excuses.flatMap((excused, index): Term[] => {
      const column = excused.get(id);
      return column === undefined ? [] : [[column, problem.scenarios[index]!.probability]];
    });
    if (terms.length > 0) model.row(-Infinity, 1 - limitConfidence + ROUNDING, terms);
  }
};

/** Probabilities are sums of fractions. */
const ROUNDING = 1e-9;

/** What is decided now is decided for every course. */
const sharedRows = ({ model, problem }: ModelContext, expected: CourseColumns, course: CourseColumns): void =>
  course.batteries.forEach(({ charge, discharge }, b) => {
    const now = expected.batteries[b]!;
    for (let step = 0; step < problem.sharedSteps; step += 1) {
      for (const [one, other] of [
        [charge[step]!, now.charge[step]!],
        [discharge[step]!, now.discharge[step]!],
      ] as const)
        model.row(0, 0, [
          [one, 1],
          [other, -1],
        ]);
    }
  });

/** From here on up a single load or generator is counted in megawatts, so that the model's numbers stay near 1. */
const LARGE_W = 10_000_000;

const unitOf = ({ sites, generators, stepMinutes }: PlanningProblem): number => {
  const largestW = stepMinutes.reduce(
    (most, _, step) => Math.max(most, ...sites.map(({ loadW, pvW }) => Math.max(atStep(loadW, step), atStep(pvW, step)))),
    Math.max(0, ...generators.map(({ maxW }) => maxW)),
  );
  return largestW >= LARGE_W ? 1_000_000 : 1_000;
};

const bothWays = ({ problem, model }: ModelContext, batteries: readonly BatteryColumns[], { battery }: EitherOr): void => {
  problem.batteries.forEach((_, index) => {
    const { charge, discharge } = batteries[index]!;
    charge.forEach((column, step) => {
      if (!battery.has(keyOf(index, step))) return;
      const charging = model.binary();
      model.row(-Infinity, 0, [[column, 1] as Term, [charging, -model.upperOf(column)]]);
      model.row(-Infinity, model.upperOf(discharge[step]!), [
        [discharge[step]!, 1],
        [charging, model.upperOf(discharge[step]!)],
      ]);
    });
  });
};

/** Flows below this are rounding; in the model's unit. */
const FLOWING = 1e-5;

/** Where a course of a solution does two things at once that exclude each other. */
export const conflictsIn = ({ problem, ...plan }: CourseColumns, values: ArrayLike<number>): { grid: string[]; battery: string[] } => {
  const flows = (column: number): boolean => values[column]! > FLOWING;
  const grid: string[] = [];
  const battery: string[] = [];
  plan.sites.forEach((site, s) => {
    const here = problem.batteries.flatMap((one, b) => (one.siteId === problem.sites[s]!.id ? [{ one, columns: plan.batteries[b]! }] : []));
    site.imported.forEach((column, step) => {
      const imports = flows(column) || site.importedOver[step]?.some(flows) === true;
      const exports = flows(site.exported[step]!) || site.exportedOver[step]?.some(flows) === true;
      const breaksRule = here.some(
        ({ one, columns }) =>
          (imports && !one.chargeFromGrid && flows(columns.charge[step]!)) ||
          (exports && !one.dischargeToGrid && flows(columns.discharge[step]!)),
      );
      if ((imports && exports) || breaksRule) grid.push(keyOf(s, step));
    });
  });
  plan.batteries.forEach(({ charge, discharge }, b) =>
    charge.forEach((column, step) => {
      if (flows(column) && flows(discharge[step]!)) battery.push(keyOf(b, step));
    }),
  );
  return { grid, battery };
};

/** A solution's decisions for each course, back in watts and for every single unit. */
export const decisionsIn = (problem: PlanningProblem, plan: PlanModel, values: ArrayLike<number>): Decisions[] => {
  const watts = (column: number | undefined): number => (column === undefined ? 0 : Math.max(0, values[column]!) * plan.unitW);
  const units = problem.generators.map((): UnitRun => ({ on: [], powerW: [] }));
  for (const { members, on, power } of plan.generators) {
    const counts = on.map((column) => Math.round(values[column]!));
    const runs = giveBack(
      members.map((index) => problem.generators[index]!),
      stepsOf(problem),
      { counts, powerW: power.map(watts) },
    );
    members.forEach((index, at) => (units[index] = runs[at]!));
  }
  const shared = {
    loadW: plan.loads.map((draw) => draw.map(watts)),
    generatorOn: units.map(({ on }) => on),
    generatorW: units.map(({ powerW }) => powerW),
  };
  return plan.courses.map(({ sites, batteries }) => ({
    ...shared,
    pvW: sites.map(({ sun }) => sun.map(watts)),
    batteryW: batteries.map(({ charge, discharge }) => charge.map((column, step) => watts(discharge[step]) - watts(column))),
  }));
};
