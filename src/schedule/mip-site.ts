import type { Term } from './linear-model.js';
import type { BatteryColumns } from './mip-battery.js';
import type { LoadColumns } from './mip-load.js';
import type { GeneratorColumns } from './mip-generator-columns.js';
import { CALM, type EitherOr, keyOf, type ModelContext, OWN_FIRST, PENALTIES, priceOf } from './mip-context.js';
import { sunToldW, takenLimitW } from './site-limits.js';
import { atStep, type SiteProblem } from './problem.js';

/** Columns of one site by step: import, export, sun taken; and what goes beyond a limit, where it can. */
export interface SiteColumns {
  readonly imported: readonly number[];
  readonly exported: readonly number[];
  readonly importedOver: readonly (readonly number[])[];
  readonly exportedOver: readonly (readonly number[])[];
  readonly sun: readonly number[];
}

interface Part {
  readonly columns: BatteryColumns;
  readonly chargeFromGrid: boolean;
  readonly dischargeToGrid: boolean;
}

export interface DeviceColumns {
  readonly batteries: readonly BatteryColumns[];
  readonly generators: readonly GeneratorColumns[];
  readonly loads: readonly LoadColumns[];
}

/** Balance of one site: import − export + sun + discharge − charge + generation = load + flexible load, at every step. */
export const siteColumns = (context: ModelContext, index: number, devices: DeviceColumns, { grid }: EitherOr): SiteColumns => {
  const { problem, hours, model, unitW } = context;
  const site = problem.sites[index]!;
  const batteries = problem.batteries.flatMap((battery, b): Part[] =>
    battery.siteId === site.id ? [{ ...battery, columns: devices.batteries[b]! }] : [],
  );
  const generators = devices.generators.filter(({ members }) => problem.generators[members[0]!]!.siteId === site.id);
  const found = { imported: [], exported: [], importedOver: [], exportedOver: [], sun: [] } as Record<
    'imported' | 'exported' | 'sun',
    number[]
  > &
    Record<'importedOver' | 'exportedOver', number[][]>;
  hours.forEach((_, step) => {
    const draws = devices.loads.flatMap((draw, l) => (problem.flexibleLoads[l]!.siteId === site.id ? (draw[step] ?? []) : []));
    const takers = [...batteries.map(({ columns }) => columns.charge[step]!), ...draws];
    const giveTerms = [...batteries.map(({ columns }) => columns.discharge[step]!), ...generators.map(({ power }) => power[step]!)];
    const most = (columns: readonly number[]): number => columns.reduce((sum, column) => sum + model.upperOf(column), 0);
    const importMost = atStep(site.loadW, step) / unitW + most(takers);
    const exportMost = atStep(site.pvW, step) / unitW + most(giveTerms);
    const taken = gridColumns(context, site, step, importMost, exportMost);
    const sun = sunColumn(context, site, step);
    const load = atStep(site.loadW, step) / unitW;
    model.row(load, load, [
      ...[taken.imported, ...taken.importedOver].map((column): Term => [column, 1]),
      ...[taken.exported, ...taken.exportedOver].map((column): Term => [column, -1]),
      [sun, 1],
      ...giveTerms.map((column): Term => [column, 1]),
      ...takers.map((column): Term => [column, -1]),
    ]);
    const takenLimit = takenLimitW(site, step) / unitW;
    if (most(takers) > takenLimit)
      model.row(
        -Infinity,
        takenLimit,
        takers.map((column): Term => [column, 1]),
      );
    if (site.inverterLimitW !== undefined) inverterRow(context, site, sun, batteries, step);
    if (grid.has(keyOf(index, step))) oneWay(context, taken, batteries, step);
    found.imported.push(taken.imported);
    found.exported.push(taken.exported);
    found.importedOver.push(taken.importedOver);
    found.exportedOver.push(taken.exportedOver);
    found.sun.push(sun);
  });
  if (site.demandCharge) peakRows(context, site.demandCharge, found);
  return found;
};

/** The highest import of all steps, as far as it is beyond what is paid for. */
const peakRows = (
  { model, unitW }: ModelContext,
  { microPerKw, peakW }: NonNullable<SiteProblem['demandCharge']>,
  { imported, importedOver }: Pick<SiteColumns, 'imported' | 'importedOver'>,
): void => {
  const peak = model.column(0, Infinity, ((microPerKw / 1e6) * unitW) / 1_000);
  imported.forEach((column, step) =>
    model.row(-Infinity, peakW / unitW, [[column, 1], ...importedOver[step]!.map((over): Term => [over, 1]), [peak, -1]]),
  );
};

interface Taken {
  readonly imported: number;
  readonly exported: number;
  readonly importedOver: number[];
  readonly exportedOver: number[];
}

/** What flows beyond an export limit earns nothing. */
const gridColumns = (context: ModelContext, site: SiteProblem, step: number, importMost: number, exportMost: number): Taken => {
  const { model, hours, scale, gravity, unitW, problem } = context;
  const hour = hours[step]!;
  const importLimit = atStep(site.importLimitW ?? Infinity, step) / unitW;
  const exportLimit = atStep(site.exportLimitW ?? Infinity, step) / unitW;
  const co2Micro = atStep(site.importCo2KgPerKwh, step) * problem.co2MicroPerKg;
  const exchange = step < problem.sharedSteps ? OWN_FIRST * scale : 0;
  const importCost = (priceOf(context, atStep(site.importMicroPerKwh, step) + co2Micro) + exchange) * hour;
  const exportCost = (exchange - priceOf(context, atStep(site.exportMicroPerKwh, step))) * hour;
  const penalty = PENALTIES.site * gravity * hour;
  const excuse = context.excused?.get(site.id);
  const over = (most: number, limit: number, cost: number): number[] => {
    if (most <= limit) return [];
    const bent = model.column(0, most - limit, cost + penalty);
    if (excuse === undefined) return [bent];
    const excused = model.column(0, most - limit, cost);
    model.row(-Infinity, 0, [
      [excused, 1],
      [excuse, limit - most],
    ]);
    return [bent, excused];
  };
  return {
    imported: model.column(0, Math.min(importMost, importLimit), importCost),
    exported: model.column(0, Math.min(exportMost, exportLimit), exportCost),
    importedOver: over(importMost, importLimit, importCost),
    exportedOver: over(exportMost, exportLimit, 0),
  };
};

const sunColumn = (context: ModelContext, site: SiteProblem, step: number): number => {
  const { problem, model, hours, scale, unitW } = context;
  const sun = atStep(site.pvW, step) / unitW;
  const leftCost = (priceOf(context, problem.curtailmentMicroPerKwh) + CALM * scale) * hours[step]!;
  model.addOffset(leftCost * sun);
  // Behind a shared inverter what it may give is held at its terminal, where the battery takes its part of the sun.
  const toldW = site.inverterLimitW === undefined ? sunToldW(site, step) : Infinity;
  return model.column(atStep(site.pvMinW, step) / unitW, Math.min(sun, toldW / unitW), -leftCost);
};

const inverterRow = ({ model, unitW }: ModelContext, site: SiteProblem, sun: number, batteries: readonly Part[], step: number): void => {
  const limitW = site.inverterLimitW!;
  model.row(-limitW / unitW, Math.min(limitW, sunToldW(site, step)) / unitW, [
    [sun, 1],
    ...batteries.flatMap(({ columns }): Term[] => [
      [columns.discharge[step]!, 1],
      [columns.charge[step]!, -1],
    ]),
  ]);
};

/** What sites take from the grid together, less what they give. */
export const netTerms = (sites: readonly SiteColumns[], step: number): Term[] =>
  sites.flatMap(({ imported, exported, importedOver, exportedOver }) => [
    ...[imported[step]!, ...importedOver[step]!].map((column): Term => [column, 1]),
    ...[exported[step]!, ...exportedOver[step]!].map((column): Term => [column, -1]),
  ]);

/** Import or export, not both; and with import no charging, with export no discharging, where a battery's rules forbid it. */
const oneWay = (
  { model }: ModelContext,
  { imported, exported, importedOver, exportedOver }: Taken,
  batteries: readonly Part[],
  step: number,
): void => {
  const importing = model.binary();
  const whileImporting = [
    imported,
    ...importedOver,
    ...batteries.flatMap((part) => (part.dischargeToGrid ? [] : [part.columns.discharge[step]!])),
  ];
  const whileExporting = [
    exported,
    ...exportedOver,
    ...batteries.flatMap((part) => (part.chargeFromGrid ? [] : [part.columns.charge[step]!])),
  ];
  for (const column of whileImporting)
    model.row(-Infinity, 0, [
      [column, 1],
      [importing, -model.upperOf(column)],
    ]);
  for (const column of whileExporting)
    model.row(-Infinity, model.upperOf(column), [
      [column, 1],
      [importing, model.upperOf(column)],
    ]);
};
