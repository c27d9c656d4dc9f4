import type { BatteryProblem, FlexibleLoad, GeneratorProblem } from '../problem.js';
import { atMost, type Lenient, type LenientProblem, type Place, placesOf } from './lenient-problem.js';
import type { FaultList } from './problem-fault.js';

/** What a schema cannot see in batteries, generators and flexible loads. */
export const deviceFaults = (found: FaultList, problem: LenientProblem): void => {
  const steps = problem.stepMinutes?.length;
  for (const { of, path, part } of placesOf('batteries', problem.batteries)) batteryFaults(found, of, { path, part }, steps);
  for (const { of, path, part } of placesOf('generators', problem.generators)) {
    generatorFaults(found, of, { path, part });
    initialFaults(found, of.initial, problem.startMs, { path: `${path}.initial`, part });
  }
  for (const { of, path, part } of placesOf('flexibleLoads', problem.flexibleLoads)) loadFaults(found, of, { path, part });
};

const above = (first: number | undefined, second: number | undefined): boolean =>
  first !== undefined && second !== undefined && first > second;

const batteryFaults = (found: FaultList, battery: Lenient<BatteryProblem>, { path, part }: Place, steps: number | undefined): void => {
  const { minEnergyWh, maxEnergyWh, capacityWh, initialEnergyWh } = battery;
  if (above(minEnergyWh, maxEnergyWh))
    found.add(`${path}.minEnergyWh`, `${minEnergyWh} is above maxEnergyWh ${maxEnergyWh}`, 'give at most maxEnergyWh', part);
  if (above(maxEnergyWh, capacityWh))
    found.add(`${path}.maxEnergyWh`, `${maxEnergyWh} is above capacityWh ${capacityWh}`, 'give at most capacityWh', part);
  if (above(initialEnergyWh, capacityWh))
    found.add(`${path}.initialEnergyWh`, `${initialEnergyWh} is above capacityWh ${capacityWh}`, 'give at most capacityWh', part);
  for (const list of ['targets', 'chargeDemands'] as const) {
    const seen = new Set<number>();
    battery[list]?.forEach((wish, index) => {
      const step = wish?.step;
      if (step === undefined) return;
      const at = `${path}.${list}[${index}].step`;
      if (steps !== undefined && step >= steps) found.add(at, `names step ${step} of ${steps}`, `give 0 to ${steps - 1}`, part);
      if (seen.has(step)) found.add(at, `step ${step} is named twice`, 'state one wish for a step', part);
      seen.add(step);
    });
  }
};

const rises = (values: readonly (number | undefined)[], strictly: boolean): boolean =>
  values.every((value, index) => {
    const before = values[index - 1];
    return before === undefined || value === undefined || (strictly ? value > before : value >= before);
  });

const generatorFaults = (found: FaultList, generator: Lenient<GeneratorProblem>, { path, part }: Place): void => {
  const { minW, maxW, startUpW, shutDownW, startCosts = [], costCurve = [], budgets = [] } = generator;
  const fault = (field: string, what: string, mend: string): void => found.add(`${path}.${field}`, what, mend, part);
  if (above(minW, maxW)) fault('minW', `${minW} is above maxW ${maxW}`, 'give at most maxW');
  if (above(minW, startUpW)) fault('startUpW', `${startUpW} is below minW ${minW}`, 'give minW at least, or leave it out');
  if (above(minW, shutDownW)) fault('shutDownW', `${shutDownW} is below minW ${minW}`, 'give minW at least, or leave it out');
  const offS = startCosts.map((cost) => cost?.offS);
  const micro = startCosts.map((cost) => cost?.micro);
  if (!rises(offS, true)) fault('startCosts', 'offS does not rise', 'order them from hot to cold');
  if (!rises(micro, false)) fault('startCosts', 'a start after a longer rest is cheaper', 'give costs that rise with offS');
  const powers = costCurve.map((point) => point?.powerW);
  if (!rises(powers, true)) fault('costCurve', 'powerW does not rise', 'order its points by power');
  else if (powers.length > 0 && (!near(powers[0], minW) || !near(powers.at(-1), maxW)))
    fault('costCurve', `does not reach from minW ${minW} to maxW ${maxW}`, 'give its first point at minW and its last at maxW');
  budgets.forEach((budget, index) => {
    if (atMost(budget?.endMs, budget?.startMs)) fault(`budgets[${index}].endMs`, 'is not after startMs', 'give the later moment as endMs');
  });
};

/** What a generator cannot have done before the start. */
const initialFaults = (
  found: FaultList,
  initial: Lenient<GeneratorProblem['initial']> | undefined,
  startMs: number | undefined,
  { path, part }: Place,
): void => {
  const { on, sinceMs, powerW } = initial ?? {};
  if (above(sinceMs, startMs))
    found.add(`${path}.sinceMs`, `${sinceMs} is after startMs ${startMs}`, 'give a moment that is past, or leave it out', part);
  if (on === false && above(powerW, 0)) found.add(`${path}.powerW`, `is ${powerW} though it is off`, 'give 0, or say that it is on', part);
};

const near = (powerW: number | undefined, wantedW: number | undefined): boolean =>
  powerW === undefined || wantedW === undefined || Math.abs(powerW - wantedW) <= 0.5;

const loadFaults = (found: FaultList, { minW, maxW, startMs, endMs }: Lenient<FlexibleLoad>, { path, part }: Place): void => {
  if (above(minW, maxW)) found.add(`${path}.minW`, `${minW} is above maxW ${maxW}`, 'give at most maxW', part);
  if (atMost(endMs, startMs)) found.add(`${path}.endMs`, 'is not after startMs', 'give the later moment as endMs', part);
};
