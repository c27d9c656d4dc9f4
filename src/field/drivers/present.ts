import type { Quantity, SampleValues } from '../sample.js';

/** Values with what is missing left out. */
export const present = (values: Partial<Record<Quantity, number | undefined>>): SampleValues => {
  const told: SampleValues = {};
  for (const quantity in values) {
    const value = values[quantity as Quantity];
    if (value !== undefined) told[quantity as Quantity] = value;
  }
  return told;
};
