import type { SiteProblem } from '../problem.js';
import { deviceFaults } from './device-faults.js';
import { atMost, type Lenient, type LenientDevice, type LenientProblem, type Part, type Place, placesOf } from './lenient-problem.js';
import { scenarioFaults } from './scenario-faults.js';
import type { FaultList } from './problem-fault.js';
import { lengths } from './step-lengths.js';

const KINDS = ['sites', 'batteries', 'generators', 'flexibleLoads', 'events', 'reserves', 'feeders', 'scenarios'] as const;

/** What a schema cannot see: lengths, names that lead nowhere, limits that cross. */
export const partFaults = (found: FaultList, problem: LenientProblem): void => {
  const steps = problem.stepMinutes?.length;
  for (const kind of KINDS) {
    const places = placesOf<Part>(kind, problem[kind]);
    const first = new Map<string, string>();
    for (const { of, path, part } of places) {
      if (steps !== undefined) lengths(found, of, steps, { path, part });
      for (const hand of ['override', 'pvOverride'] as const) {
        const set = (of as Readonly<Record<typeof hand, object | undefined>>)[hand];
        if (steps !== undefined && set) lengths(found, set, steps, { path: `${path}.${hand}`, part }, true);
      }
      if (of.id === undefined) continue;
      const earlier = first.get(of.id);
      if (earlier === undefined) first.set(of.id, path);
      else found.add(`${path}.id`, `"${of.id}" is there twice, first at ${earlier}`, 'give each a name of its own', part);
    }
  }
  if (steps !== undefined && problem.fleet) lengths(found, problem.fleet, steps, { path: 'fleet', part: undefined });
  timeFaults(found, problem);
  siteNames(found, problem);
  for (const { of, path, part } of placesOf('sites', problem.sites)) sunFaults(found, of, steps ?? 1, { path, part });
  for (const { of, path, part } of placesOf('events', problem.events))
    if (atMost(of.endMs, of.startMs)) found.add(`${path}.endMs`, 'is not after startMs', 'give the later moment as endMs', part);
  deviceFaults(found, problem);
  promiseFaults(found, problem);
  scenarioFaults(found, problem);
  twoReserves(found, problem);
};

/** The last moment a calendar knows; ms. */
const LATEST_MS = 8.64e15;

const timeFaults = (found: FaultList, { startMs, stepMinutes }: LenientProblem): void => {
  if (startMs === undefined) return;
  const lastsMs = (stepMinutes ?? []).reduce<number>((sum, minutes) => sum + (minutes ?? 0) * 60_000, 0);
  if (Math.abs(startMs) > LATEST_MS || startMs + lastsMs > LATEST_MS)
    found.add('startMs', 'leads beyond any calendar', 'give UTC epoch milliseconds, for example 1704067200000 for 2024-01-01');
  if (stepMinutes?.some((minutes) => minutes !== undefined && Math.round(minutes * 60_000) < 1))
    found.add('stepMinutes', 'holds a step shorter than a millisecond', 'give minutes');
};

const siteNames = (
  found: FaultList,
  { sites = [], batteries, generators, flexibleLoads, events, reserves, feeders }: LenientProblem,
): void => {
  const known = sites.flatMap((site) => (site?.id === undefined ? [] : [site.id]));
  const mend =
    known.length > 0 ? `give one of ${known.slice(0, 5).join(', ')}${known.length > 5 ? ', …' : ''}` : 'give a site of that name';
  const look = (siteId: string | undefined, path: string, part: string | undefined): void => {
    if (siteId !== undefined && !known.includes(siteId)) found.add(path, `there is no site "${siteId}"`, mend, part);
  };
  for (const { of, path, part } of [
    ...placesOf('batteries', batteries),
    ...placesOf('generators', generators),
    ...placesOf('flexibleLoads', flexibleLoads),
  ] as (Place & { of: LenientDevice })[])
    look(of.siteId, `${path}.siteId`, part);
  for (const { of, path, part } of [
    ...placesOf('events', events),
    ...placesOf('reserves', reserves),
    ...placesOf('feeders', feeders),
  ] as (Place & { of: { siteIds?: readonly string[] } })[])
    of.siteIds?.forEach((siteId, index) => look(siteId, `${path}.siteIds[${index}]`, part));
  for (const { of, path, part } of [...placesOf('events', events), ...placesOf('reserves', reserves)] as (Place & {
    of: { siteIds?: readonly string[] };
  })[])
    if (of.siteIds?.length === 0) found.add(`${path}.siteIds`, 'is empty', 'name the sites that take part, or leave it out for all', part);
};

const valueAt = (value: number | readonly (number | undefined)[] | undefined, step: number): number | undefined =>
  typeof value === 'object' ? value[step] : value;

const sunFaults = (found: FaultList, { pvW, pvMinW, inverterLimitW }: Lenient<SiteProblem>, steps: number, { path, part }: Place): void => {
  for (let step = 0; step < steps; step += 1) {
    const least = valueAt(pvMinW, step) ?? 0;
    if (least > (valueAt(pvW, step) ?? Infinity)) {
      found.add(`${path}.pvMinW`, `is above pvW at step ${step}`, 'give at most pvW', part);
      return;
    }
    if (least > (inverterLimitW ?? Infinity)) {
      found.add(`${path}.pvMinW`, `is above inverterLimitW at step ${step}`, 'give at most what the inverter passes', part);
      return;
    }
  }
};

const twoReserves = (found: FaultList, { reserves, sites = [] }: LenientProblem): void => {
  for (const direction of ['up', 'down'] as const) {
    const taken = new Map<string, string>();
    for (const { of, path, part } of placesOf('reserves', reserves).filter((place) => place.of.direction === direction)) {
      const named = of.siteIds ?? sites.map((site) => site?.id);
      for (const siteId of new Set(named)) {
        if (siteId === undefined) continue;
        const other = taken.get(siteId);
        if (other === undefined) taken.set(siteId, path);
        else
          found.add(
            `${path}.siteIds`,
            `site "${siteId}" holds reserve ${direction} for ${other} already`,
            'share the sites out, or state one reserve',
            part,
          );
      }
    }
  }
};

const promiseFaults = (found: FaultList, { promises, batteries = [], generators = [], stepMinutes }: LenientProblem): void => {
  const known = { batteries: batteries.map((one) => one?.id), generators: generators.map((one) => one?.id) };
  for (const kind of ['batteries', 'generators'] as const)
    for (const { of, path, part } of placesOf<Part & { powerW?: unknown; on?: unknown }>(`promises.${kind}`, promises?.[kind])) {
      if (stepMinutes) lengths(found, of, stepMinutes.length, { path, part }, true);
      if (of.id !== undefined && !known[kind].includes(of.id))
        found.add(`${path}.id`, `there is nothing of that name in ${kind}`, 'take it out', part);
    }
};
