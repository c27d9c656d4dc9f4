import type { Place } from './lenient-problem.js';
import type { FaultList } from './problem-fault.js';

/** Fields that hold one value or one for each step. */
const BY_STEP: ReadonlySet<string> = new Set(
  `loadW pvW pvMinW importLimitW exportLimitW takenLimitW dimmedW importMicroPerKwh exportMicroPerKwh importCo2KgPerKwh reserveFloorWh maxChargeW
  maxDischargeW mustRun available baselineW powerW maxW on`.split(/\s+/),
);

/** Fields by step that have too few or too many values. `listsAlone`: where one value for all steps is none. */
export const lengths = (found: FaultList, of: object, steps: number, { path, part }: Place, listsAlone = false): void => {
  const mend = listsAlone ? `give ${steps}` : `give one value, or ${steps}`;
  for (const [field, value] of Object.entries(of))
    if (BY_STEP.has(field) && Array.isArray(value) && value.length !== steps)
      found.add(`${path}.${field}`, `has ${counted(value.length, 'value')} for ${counted(steps, 'step')}`, mend, part);
};

const counted = (count: number, name: string): string => `${count} ${name}${count === 1 ? '' : 's'}`;
