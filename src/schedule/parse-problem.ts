import { BadInput } from '../kernel/errors.js';
import { batteryFaults } from './battery-problem.js';
import { flexibleLoadFaults } from './flexible-load.js';
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
const LISTS: ReadonlySet<string> = new Set(['targets', 'siteIds', 'budgets', 'startCosts', 'costCurve', 'chargeDemands']);

/** What a schema cannot see: lengths, names that lead nowhere, limits that cross. */
export const faultsOf = (problem: PlanningProblem): string[] => {
  const steps = problem.stepMinutes.length;
  const siteIds = new Set(problem.sites.map(({ id }) => id));
  const faults: string[] = [];
  const { sites, batteries, generators, flexibleLoads, events, reserves, feeders } = problem;
  const all = { sites, batteries, generators, flexibleLoads, events, reserves, feeders };
  for (const [kind, parts] of Object.entries(all)) {
    for (const id of duplicates(parts.map((part) => part.id))) faults.push(`${kind}: "${id}" is there twice`);
    for (const part of parts)
      for (const [field, value] of Object.entries(part) as [string, PerStep<unknown>][])
        if (Array.isArray(value) && !LISTS.has(field) && value.length !== steps)
          faults.push(`${kind}.${part.id}.${field}: has ${value.length} values for ${steps} steps`);
  }
  for (const [field, value] of Object.entries(problem.fleet))
    if (Array.isArray(value) && value.length !== steps) faults.push(`fleet.${field}: has ${value.length} values for ${steps} steps`);
  for (const { id, siteId } of [...batteries, ...generators, ...flexibleLoads])
    if (!siteIds.has(siteId)) faults.push(`${id}: there is no site "${siteId}"`);
  for (const battery of batteries) faults.push(...batteryFaults(battery, steps));
  for (const generator of generators) faults.push(...generatorFaults(generator));
  for (const load of flexibleLoads) faults.push(...flexibleLoadFaults(load));
  for (const { id, siteIds: part } of feeders) faults.push(...strangers(`feeders.${id}`, part, siteIds));
  faults.push(...siteFaults(problem), ...reserveFaults(problem, siteIds));
  for (const { id, startMs, endMs, siteIds: part } of events) {
    if (startMs >= endMs) faults.push(`events.${id}: ends before it starts`);
    faults.push(...strangers(`events.${id}`, part, siteIds));
  }
  return faults;
};

const strangers = (of: string, named: readonly string[] | undefined, siteIds: ReadonlySet<string>): string[] =>
  (named ?? []).filter((siteId) => !siteIds.has(siteId)).map((siteId) => `${of}: there is no site "${siteId}"`);

const siteFaults = ({ sites, stepMinutes }: PlanningProblem): string[] =>
  sites.flatMap(({ id, pvW, pvMinW, inverterLimitW = Infinity }) =>
    stepMinutes.some((_, step) => atStep(pvMinW, step) > Math.min(atStep(pvW, step), inverterLimitW))
      ? [`sites.${id}: pvMinW is above pvW or inverterLimitW`]
      : [],
  );

const reserveFaults = ({ reserves, sites }: PlanningProblem, siteIds: ReadonlySet<string>): string[] => {
  const faults: string[] = [];
  for (const { id, siteIds: part } of reserves) faults.push(...strangers(`reserves.${id}`, part, siteIds));
  for (const direction of ['up', 'down'] as const)
    for (const siteId of duplicates(
      reserves.filter((reserve) => reserve.direction === direction).flatMap((reserve) => reserve.siteIds ?? sites.map(({ id }) => id)),
    ))
      faults.push(`reserves: site "${siteId}" takes part in two reserves ${direction}`);
  return faults;
};
