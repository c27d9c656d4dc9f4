import { BadInput } from '../kernel/errors.js';
import { generatorFaults } from './generator-problem.js';
import { atStep, type PerStep, type PlanningProblem, planningProblemSchema } from './problem.js';

/** A problem from outside: its shape, and that its parts fit together. Throws `BadInput` with every fault at once. */
export const parseProblem = (input: unknown): PlanningProblem => {
  const parsed = planningProblemSchema.safeParse(input);
  if (!parsed.success) throw new BadInput(parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'problem'}: ${message}`));
  const faults = faultsOf(parsed.data);
  if (faults.length > 0) throw new BadInput(faults);
  return parsed.data;
};

const duplicates = <T>(ids: readonly T[]): T[] => [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];

/** Fields that are lists of their own, not values by step. */
const LISTS: ReadonlySet<string> = new Set(['targets', 'siteIds', 'budgets', 'startCosts', 'costCurve']);

/** What a schema cannot see: lengths, names that lead nowhere, limits that cross. */
export const faultsOf = (problem: PlanningProblem): string[] => {
  const steps = problem.stepMinutes.length;
  const siteIds = new Set(problem.sites.map(({ id }) => id));
  const faults: string[] = [];
  const all = {
    sites: problem.sites,
    batteries: problem.batteries,
    generators: problem.generators,
    events: problem.events,
    reserves: problem.reserves,
  };
  for (const [kind, parts] of Object.entries(all)) {
    for (const id of duplicates(parts.map((part) => part.id))) faults.push(`${kind}: "${id}" is there twice`);
    for (const part of parts)
      for (const [field, value] of Object.entries(part) as [string, PerStep<unknown>][])
        if (Array.isArray(value) && !LISTS.has(field) && value.length !== steps)
          faults.push(`${kind}.${part.id}.${field}: has ${value.length} values for ${steps} steps`);
  }
  for (const [field, value] of Object.entries(problem.fleet))
    if (Array.isArray(value) && value.length !== steps) faults.push(`fleet.${field}: has ${value.length} values for ${steps} steps`);
  for (const { id, siteId } of [...problem.batteries, ...problem.generators])
    if (!siteIds.has(siteId)) faults.push(`${id}: there is no site "${siteId}"`);
  for (const { id, minEnergyWh, maxEnergyWh, capacityWh, initialEnergyWh, targets } of problem.batteries) {
    if (minEnergyWh > maxEnergyWh) faults.push(`batteries.${id}: minEnergyWh is above maxEnergyWh`);
    if (maxEnergyWh > capacityWh) faults.push(`batteries.${id}: maxEnergyWh is above capacityWh`);
    if (initialEnergyWh > capacityWh) faults.push(`batteries.${id}: initialEnergyWh is above capacityWh`);
    for (const step of duplicates(targets.map((target) => target.step))) faults.push(`batteries.${id}: two targets name step ${step}`);
    for (const { step } of targets) if (step >= steps) faults.push(`batteries.${id}: a target names step ${step} of ${steps}`);
  }
  for (const generator of problem.generators) faults.push(...generatorFaults(generator));
  faults.push(...siteFaults(problem), ...reserveFaults(problem, siteIds));
  for (const { id, startMs, endMs, siteIds: part } of problem.events) {
    if (startMs >= endMs) faults.push(`events.${id}: ends before it starts`);
    for (const siteId of part ?? []) if (!siteIds.has(siteId)) faults.push(`events.${id}: there is no site "${siteId}"`);
  }
  return faults;
};

const siteFaults = ({ sites, stepMinutes }: PlanningProblem): string[] =>
  sites.flatMap(({ id, pvW, pvMinW, inverterLimitW = Infinity }) =>
    stepMinutes.some((_, step) => atStep(pvMinW, step) > Math.min(atStep(pvW, step), inverterLimitW))
      ? [`sites.${id}: pvMinW is above pvW or inverterLimitW`]
      : [],
  );

const reserveFaults = ({ reserves, sites }: PlanningProblem, siteIds: ReadonlySet<string>): string[] => {
  const faults: string[] = [];
  for (const { id, siteIds: part } of reserves)
    for (const siteId of part ?? []) if (!siteIds.has(siteId)) faults.push(`reserves.${id}: there is no site "${siteId}"`);
  for (const direction of ['up', 'down'] as const)
    for (const siteId of duplicates(
      reserves.filter((reserve) => reserve.direction === direction).flatMap((reserve) => reserve.siteIds ?? sites.map(({ id }) => id)),
    ))
      faults.push(`reserves: site "${siteId}" takes part in two reserves ${direction}`);
  return faults;
};
