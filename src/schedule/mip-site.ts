import type { Term } from './linear-model.js';
import type { BatteryColumns } from './mip-battery.js';
import type { GeneratorColumns } from './mip-generator.js';
import { CALM, type EitherOr, keyOf, type ModelContext, PENALTIES } from './mip-context.js';
import { atStep, type SiteProblem } from './problem.js';

/** Columns of one site by step, kW: import, export, sun taken; and what goes beyond a limit, where it can. */
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

/** Balance of one site: import − export + sun + discharge − charge + generation = load, at every step. */
export const siteColumns = (
  context: ModelContext,
  index: number,
  allBatteries: readonly BatteryColumns[],
  allGenerators: readonly GeneratorColumns[],
  { grid }: EitherOr,
): SiteColumns => {
  const { problem, hours, model } = context;
  const site = problem.sites[index]!;
  const batteries = problem.batteries.flatMap((battery, b): Part[] =>
    battery.siteId === site.id ? [{ ...battery, columns: allBatteries[b]! }] : [],
  );
  const generators = allGenerators.filter((_, g) => problem.generators[g]!.siteId === site.id);
  const found = { imported: [], exported: [], importedOver: [], exportedOver: [], sun: [] } as Record<
    'imported' | 'exported' | 'sun',
    number[]
  > &
    Record<'importedOver' | 'exportedOver', number[][]>;
  hours.forEach((_, step) => {
    const chargeTerms = batteries.map(({ columns }): Term => [columns.charge[step]!, 1]);
    const giveTerms = [...batteries.map(({ columns }) => columns.discharge[step]!), ...generators.map(({ power }) => power[step]!)];
    const most = (columns: readonly number[]): number => columns.reduce((sum, column) => sum + model.upperOf(column), 0);
    const importMostKw = atStep(site.loadW, step) / 1_000 + most(chargeTerms.map(([column]) => column));
    const exportMostKw = atStep(site.pvW, step) / 1_000 + most(giveTerms);
    const taken = gridColumns(context, site, step, importMostKw, exportMostKw);
    const sun = sunColumn(context, site, step);
    const loadKw = atStep(site.loadW, step) / 1_000;
    model.row(loadKw, loadKw, [
      ...[taken.imported, ...taken.importedOver].map((column): Term => [column, 1]),
      ...[taken.exported, ...taken.exportedOver].map((column): Term => [column, -1]),
      [sun, 1],
      ...giveTerms.map((column): Term => [column, 1]),
      ...chargeTerms.map(([column]): Term => [column, -1]),
    ]);
    if (site.inverterLimitW !== undefined) inverterRow(context, site.inverterLimitW, sun, batteries, step);
    if (grid.has(keyOf(index, step))) oneWay(context, taken, batteries, step);
    found.imported.push(taken.imported);
    found.exported.push(taken.exported);
    found.importedOver.push(taken.importedOver);
    found.exportedOver.push(taken.exportedOver);
    found.sun.push(sun);
  });
  return found;
};

interface Taken {
  readonly imported: number;
  readonly exported: number;
  readonly importedOver: number[];
  readonly exportedOver: number[];
}

/** What flows beyond an export limit earns nothing. */
const gridColumns = (
  { model, hours, scale }: ModelContext,
  site: SiteProblem,
  step: number,
  importMostKw: number,
  exportMostKw: number,
): Taken => {
  const hour = hours[step]!;
  const importLimitKw = atStep(site.importLimitW ?? Infinity, step) / 1_000;
  const exportLimitKw = atStep(site.exportLimitW ?? Infinity, step) / 1_000;
  const importCost = (atStep(site.importMicroPerKwh, step) / 1e6) * hour;
  const exportCost = (-atStep(site.exportMicroPerKwh, step) / 1e6) * hour;
  const penalty = PENALTIES.site * scale * hour;
  const over = (mostKw: number, limitKw: number, cost: number): number[] =>
    mostKw > limitKw ? [model.column(0, mostKw - limitKw, cost)] : [];
  return {
    imported: model.column(0, Math.min(importMostKw, importLimitKw), importCost),
    exported: model.column(0, Math.min(exportMostKw, exportLimitKw), exportCost),
    importedOver: over(importMostKw, importLimitKw, importCost + penalty),
    exportedOver: over(exportMostKw, exportLimitKw, penalty),
  };
};

const sunColumn = ({ problem, model, hours, scale }: ModelContext, site: SiteProblem, step: number): number => {
  const sunKw = atStep(site.pvW, step) / 1_000;
  const leftCost = (problem.curtailmentMicroPerKwh / 1e6 + CALM * scale) * hours[step]!;
  model.addOffset(leftCost * sunKw);
  return model.column(0, sunKw, -leftCost);
};

const inverterRow = ({ model }: ModelContext, limitW: number, sun: number, batteries: readonly Part[], step: number): void => {
  model.row(-limitW / 1_000, limitW / 1_000, [
    [sun, 1],
    ...batteries.flatMap(({ columns }): Term[] => [
      [columns.discharge[step]!, 1],
      [columns.charge[step]!, -1],
    ]),
  ]);
};

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
