import { type LenientProblem, placesOf } from './lenient-problem.js';
import type { FaultList } from './problem-fault.js';
import { lengths } from './step-lengths.js';

/** Probabilities may miss 1 by rounding. */
const ROUNDING = 1e-6;

/** What a schema cannot see in scenarios. */
export const scenarioFaults = (found: FaultList, { scenarios, sharedSteps, sites = [], stepMinutes }: LenientProblem): void => {
  const steps = stepMinutes?.length;
  const sum = (scenarios ?? []).reduce((total, scenario) => total + (scenario?.probability ?? 0), 0);
  if (sum > 1 + ROUNDING)
    found.add('scenarios', `their probabilities add up to ${Number(sum.toPrecision(6))}`, 'give probabilities of at most 1 together');
  if (steps !== undefined && sharedSteps !== undefined && sharedSteps > Math.max(1, steps))
    found.add('sharedSteps', `is ${sharedSteps} of ${steps} steps`, `give 1 to ${steps}`);
  const known = new Set(sites.map((site) => site?.id));
  for (const { of, path, part } of placesOf('scenarios', scenarios)) {
    const seen = new Set<string>();
    of.sites?.forEach((course, index) => {
      const at = `${path}.sites[${index}]`;
      if (course && steps !== undefined) lengths(found, course, steps, { path: at, part });
      const siteId = course?.siteId;
      if (siteId === undefined) return;
      if (!known.has(siteId)) found.add(`${at}.siteId`, `there is no site "${siteId}"`, 'give the id of a site', part);
      if (seen.has(siteId)) found.add(`${at}.siteId`, `"${siteId}" is there twice`, 'state one course for a site', part);
      seen.add(siteId);
    });
  }
};
