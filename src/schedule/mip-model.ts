import { HOUR_MS } from '../kernel/units.js';
import type { Decisions } from './evaluate.js';
import { costliestMicroPerKwh } from './generator-cost.js';
import { giveBack, type UnitRun } from './give-back.js';
import { type LinearModel, LinearModelBuilder, type Term } from './linear-model.js';
import { type EitherOr, keyOf, type ModelContext, priceOf } from './mip-context.js';
import { type BatteryColumns, batteryColumns } from './mip-battery.js';
import { eventRows, feederRows } from './mip-fleet.js';
import { type LoadColumns, loadColumns } from './mip-load.js';
import { generatorColumns } from './mip-generator.js';
import type { GeneratorColumns } from './mip-generator-columns.js';
import { reserveRows, reservesAt } from './mip-reserve.js';
import { type SiteColumns, siteColumns } from './mip-site.js';
import { atStep, type PlanningProblem, stepsOf } from './problem.js';
import { unitGroups } from './unit-groups.js';

export interface PlanModel {
  readonly linear: LinearModel;
  /** Watts of one unit of power. */
  readonly unitW: number;
  readonly sites: readonly SiteColumns[];
  readonly batteries: readonly BatteryColumns[];
  readonly generators: readonly GeneratorColumns[];
  readonly loads: readonly LoadColumns[];
}

/**
 * The model of a problem, with the either-or rules named tied down by binaries. Without events, reserves and fleet limits its
 * sites do not touch each other.
 */
export const planModel = (problem: PlanningProblem, eitherOr: EitherOr): PlanModel => {
  const steps = stepsOf(problem);
  const model = new LinearModelBuilder();
  const hours = steps.map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);
  const unitW = unitOf(problem);
  const context: ModelContext = { problem, steps, hours, model, unitW, scale: priceOf({ unitW }, dearestMicroPerKwh(problem)) };
  const batteries = problem.batteries.map((battery) => batteryColumns(context, battery));
  const generators = unitGroups(problem.generators, steps).map((members) =>
    generatorColumns(context, members, reservesAt(context, problem.generators[members[0]!]!.siteId)),
  );
  const loads = problem.flexibleLoads.map((load) => loadColumns(context, load));
  const sites = problem.sites.map((_, site) => siteColumns(context, site, { batteries, generators, loads }, eitherOr));
  bothWays(context, batteries, eitherOr);
  feederRows(context, sites);
  eventRows(context, sites);
  reserveRows(context, { sites, batteries, generators });
  return { linear: model.build(), unitW, sites, batteries, generators, loads };
};

/** From here on up a single load or generator is counted in megawatts, so that the model's numbers stay near 1. */
const LARGE_W = 10_000_000;

const unitOf = ({ sites, generators, stepMinutes }: PlanningProblem): number => {
  const largestW = stepMinutes.reduce(
    (most, _, step) => Math.max(most, ...sites.map(({ loadW, pvW }) => Math.max(atStep(loadW, step), atStep(pvW, step)))),
    Math.max(0, ...generators.map(({ maxW }) => maxW)),
  );
  return largestW >= LARGE_W ? 1_000_000 : 1_000;
};

const dearestMicroPerKwh = (problem: PlanningProblem): number => {
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

/** Where a solution does two things at once that exclude each other. */
export const conflictsIn = (
  problem: PlanningProblem,
  plan: PlanModel,
  values: ArrayLike<number>,
): { grid: string[]; battery: string[] } => {
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

/** A solution's decisions, back in watts and for every single unit. */
export const decisionsIn = (problem: PlanningProblem, plan: PlanModel, values: ArrayLike<number>): Decisions => {
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
  return {
    pvW: plan.sites.map(({ sun }) => sun.map(watts)),
    batteryW: plan.batteries.map(({ charge, discharge }) => charge.map((column, step) => watts(discharge[step]) - watts(column))),
    loadW: plan.loads.map((draw) => draw.map(watts)),
    generatorOn: units.map(({ on }) => on),
    generatorW: units.map(({ powerW }) => powerW),
  };
};
