import type { Term } from './linear-model.js';
import type { BatteryColumns } from './mip-battery.js';
import { type ModelContext, priceOf } from './mip-context.js';
import type { GeneratorColumns } from './mip-generator-columns.js';

interface Promising {
  readonly batteries: readonly BatteryColumns[];
  readonly generators: readonly GeneratorColumns[];
  /** What the expected course's costs count, as a share of all costs: after the shared steps its batteries gain no more than that. */
  readonly expectedShare: number;
}

/** What differs from an earlier plan costs its threshold; of like units it counts how many of them run. */
export const promiseRows = (context: ModelContext, { batteries, generators, expectedShare }: Promising): void => {
  const { problem, hours, unitW } = context;
  const { promises } = problem;
  if (!promises || promises.changeMicroPerKwh === 0) return;
  const price = priceOf(context, promises.changeMicroPerKwh);
  for (const { id, powerW } of promises.batteries) {
    const columns = batteries[problem.batteries.findIndex((battery) => battery.id === id)];
    powerW.forEach((promised, step) => {
      if (promised === null || !columns) return;
      const power: Term[] = [
        [columns.discharge[step]!, 1],
        [columns.charge[step]!, -1],
      ];
      const share = step < problem.sharedSteps ? 1 : expectedShare;
      differs(context, power, promised / unitW, share * price * hours[step]!);
    });
  }
  for (const { members, on } of generators) {
    const promised = members.map((index) => promises.generators.find(({ id }) => id === problem.generators[index]!.id)?.on);
    const most = problem.generators[members[0]!]!.maxW / unitW;
    on.forEach((column, step) => {
      const told = promised.map((values) => values?.[step] ?? null);
      if (told.includes(null)) return;
      differs(context, [[column, 1]], told.filter(Boolean).length, price * hours[step]! * most);
    });
  }
};

const differs = ({ model }: ModelContext, terms: readonly Term[], promised: number, cost: number): void => {
  const by = model.column(0, Infinity, cost);
  model.row(-Infinity, promised, [...terms, [by, -1]]);
  model.row(promised, Infinity, [...terms, [by, 1]]);
};
