import type { GeneratorBudget, GeneratorProblem } from './generator-problem.js';
import type { Term } from './linear-model.js';
import { type ModelContext, PENALTIES } from './mip-context.js';
import type { GeneratorColumns } from './mip-generator-columns.js';
import { shareWithin } from './problem.js';

type Columns = Pick<GeneratorColumns, 'on' | 'started' | 'power'>;

/** What a generator may use up in a stretch of time, softened. */
export const budgetRows = (context: ModelContext, kind: GeneratorProblem, columns: Columns): void => {
  for (const budget of kind.budgets) budgetRow(context, kind, columns, budget);
};

const budgetRow = (context: ModelContext, kind: GeneratorProblem, { on, started, power }: Columns, budget: GeneratorBudget): void => {
  const { model, steps, hours, gravity, unitW } = context;
  const kwhPerUnit = unitW / 1_000;
  const within = steps.map((step, index) => shareWithin(budget, step) * hours[index]!);
  const inside = (coefficient: number, columnsOf: readonly number[]): Term[] =>
    columnsOf.flatMap((column, step): Term[] => (within[step]! > 0 && coefficient !== 0 ? [[column, coefficient * within[step]!]] : []));
  const limit = (most: number | undefined, terms: readonly Term[], energyPerUnit: number): void => {
    if (most === undefined || terms.length === 0) return;
    const over = model.column(0, Infinity, PENALTIES.budget * gravity * energyPerUnit);
    model.row(-Infinity, most, [...terms, [over, -1]]);
  };
  const { energyWh, runS, fuel, starts } = budget;
  const maxEnergy = kind.maxW / unitW;
  limit(energyWh === undefined ? undefined : energyWh / unitW, inside(1, power), 1);
  limit(runS === undefined ? undefined : runS / 3_600, inside(1, on), maxEnergy);
  limit(
    fuel,
    [...inside(kind.fuelPerKwh * kwhPerUnit, power), ...inside(kind.noLoadFuelPerH, on)],
    1 / Math.max(1e-3, kind.fuelPerKwh * kwhPerUnit),
  );
  const startsInside = started.filter((_, step) => steps[step]!.startMs >= budget.startMs && steps[step]!.startMs < budget.endMs);
  limit(
    starts,
    startsInside.map((column): Term => [column, 1]),
    maxEnergy,
  );
};
