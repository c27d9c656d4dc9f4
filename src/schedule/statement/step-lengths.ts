import type { Place } from './lenient-problem.js';
import type { FaultList } from './problem-fault.js';

/** Fields that hold one value or one for each step. */
const BY_STEP: ReadonlySet<string> = new Set(
  `loadW pvW pvMinW importLimitW exportLimitW takenLimitW dimmedW importMicroPerKwh exportMicroPerKwh importCo2KgPerKwh reserveFloorWh maxChargeW
  maxDischargeW mustRun available baselineW powerW maxW on`.split(/\s+/),
);

/** Fields by step that have too few or too many values. */
export const lengths = (found: FaultList, of: object, steps: number, { path, part }: Place): void => {
  for (const [field, value] of Object.entries(of))
    if (BY_STEP.has(field) && Array.isArray(value) && value.length !== steps)
      found.add(`${path}.${field}`, `has ${value.length} values for ${steps} steps`, `give one value, or ${steps}`, part);
};
