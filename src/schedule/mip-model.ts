import { HOUR_MS } from '../kernel/units.js';
import type { Decisions } from './evaluate.js';
import { type LinearModel, LinearModelBuilder, type Term } from './linear-model.js';
import { type EitherOr, keyOf, type ModelContext } from './mip-context.js';
import { type BatteryColumns, batteryColumns } from './mip-battery.js';
import { eventRows, fleetRows } from './mip-fleet.js';
import { type GeneratorColumns, generatorColumns } from './mip-generator.js';
import { type SiteColumns, siteColumns } from './mip-site.js';
import { atStep, type PlanningProblem, stepsOf } from './problem.js';

export interface PlanModel {
  readonly linear: LinearModel;
  readonly sites: readonly SiteColumns[];
  readonly batteries: readonly BatteryColumns[];
  readonly generators: readonly GeneratorColumns[];
}

/**
 * The model of a problem, with the either-or rules named tied down by binaries. Without events and fleet limits its sites
 * do not touch each other.
 */
export const planModel = (problem: PlanningProblem, eitherOr: EitherOr): PlanModel => {
  const steps = stepsOf(problem);
  const model = new LinearModelBuilder();
  const hours = steps.map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);
  const context: ModelContext = { problem, steps, hours, model, scale: scaleOf(problem) };
  const batteries = problem.batteries.map((battery) => batteryColumns(context, battery));
  const generators = problem.generators.map((generator) => generatorColumns(context, generator));
  const sites = problem.sites.map((_, site) => siteColumns(context, site, batteries, generators, eitherOr));
  bothWays(context, batteries, eitherOr);
  fleetRows(context, sites);
  eventRows(context, sites);
  return { linear: model.build(), sites, batteries, generators };
};

const scaleOf = ({ sites, generators, events, stepMinutes }: PlanningProblem): number => {
  let microPerKwh = 10_000;
  const take = (price: number): void => {
    microPerKwh = Math.max(microPerKwh, Math.abs(price));
  };
  stepMinutes.forEach((_, step) => {
    for (const site of sites) {
      take(atStep(site.importMicroPerKwh, step));
      take(atStep(site.exportMicroPerKwh, step));
    }
  });
  for (const { runningMicroPerKwh } of generators) take(runningMicroPerKwh);
  for (const { priceMicroPerKwh, penaltyMicroPerKwh } of events) take(priceMicroPerKwh + penaltyMicroPerKwh);
  return microPerKwh / 1e6;
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

/** Flows below this are rounding; kW. */
const FLOWING_KW = 1e-5;

/** Where a solution does two things at once that exclude each other. */
export const conflictsIn = (
  problem: PlanningProblem,
  plan: PlanModel,
  values: ArrayLike<number>,
): { grid: string[]; battery: string[] } => {
  const flows = (column: number): boolean => values[column]! > FLOWING_KW;
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

const KILO = 1_000;

/** A solution's decisions, back in watts. */
export const decisionsIn = (plan: PlanModel, values: ArrayLike<number>): Decisions => {
  const watts = (column: number | undefined): number => (column === undefined ? 0 : Math.max(0, values[column]!) * KILO);
  return {
    pvW: plan.sites.map(({ sun }) => sun.map(watts)),
    batteryW: plan.batteries.map(({ charge, discharge }) => charge.map((column, step) => watts(discharge[step]) - watts(column))),
    generatorOn: plan.generators.map(({ on }) => on.map((column) => values[column]! > 0.5)),
    generatorW: plan.generators.map(({ power }) => power.map(watts)),
  };
};
