import { type Quantity, STORED_QUANTITIES } from '../../field/sample.js';
import { BadInput } from '../../kernel/errors.js';

/** One column of a file and what it holds: its numbers times `factor` are the quantity in the house's unit and sign. */
export interface ImportColumn {
  readonly quantity: Quantity;
  readonly name: string;
  readonly factor: number;
}

const UNITS = {
  W: { ending: 'W', factor: 1 },
  kW: { ending: 'W', factor: 1_000 },
  Wh: { ending: 'Wh', factor: 1 },
  kWh: { ending: 'Wh', factor: 1_000 },
};

/**
 * Columns as `grid.powerW=load_w`; a minus before the column's name turns its sign. `units` are those of the file, at most one
 * for powers and one for counters. Throws `BadInput` with every fault.
 */
export const parseColumns = (columns: readonly string[], units: readonly string[]): ImportColumn[] => {
  const faults: string[] = [];
  const factors = factorsOf(units, faults);
  const parsed = columns.flatMap((text): ImportColumn[] => {
    const [, name, minus, column] = /^([^=]+)=(-?)(.+)$/.exec(text) ?? [];
    const quantity = STORED_QUANTITIES.find((known) => known === name);
    if (column === undefined) faults.push(`--column "${text}": give a quantity and a column of the file, as grid.powerW=load_w`);
    else if (!quantity) faults.push(`--column "${text}": there is no quantity "${name}"; there are ${STORED_QUANTITIES.join(', ')}`);
    else return [{ quantity, name: column, factor: (minus === '-' ? -1 : 1) * (factors.get(endingOf(quantity)) ?? 1) }];
    return [];
  });
  for (const { quantity } of parsed.filter((one, i) => parsed.findIndex((other) => other.quantity === one.quantity) < i))
    faults.push(`--column: ${quantity} is named twice; one column is one quantity`);
  if (faults.length > 0) throw new BadInput(faults);
  return parsed;
};

const endingOf = (quantity: Quantity): 'W' | 'Wh' | undefined => {
  if (quantity.endsWith('Wh')) return 'Wh';
  return quantity.endsWith('W') ? 'W' : undefined;
};

const factorsOf = (units: readonly string[], faults: string[]): Map<string | undefined, number> => {
  const factors = new Map<string | undefined, number>();
  for (const unit of units) {
    const known = Object.entries(UNITS).find(([name]) => name === unit)?.[1];
    if (!known) faults.push(`--unit "${unit}": give W or kW for powers, Wh or kWh for counters`);
    else if (factors.has(known.ending))
      faults.push(`--unit "${unit}": a unit for it is given already; one is for powers, one for counters`);
    else factors.set(known.ending, known.factor);
  }
  return factors;
};
