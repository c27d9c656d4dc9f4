import { atStep, type SiteProblem } from './problem.js';

/** Most that sun may give in a step under an override, what can't be left on the roof aside; W. */
export const sunToldW = ({ pvOverride, pvMinW }: Pick<SiteProblem, 'pvOverride' | 'pvMinW'>, step: number): number =>
  Math.max(pvOverride?.maxW[step] ?? Infinity, atStep(pvMinW, step));

/** What a site's sun may leave over; behind a shared inverter the battery takes its part before anything is held down. */
const surplusW = (site: SiteProblem, step: number): number => {
  const sunW = atStep(site.pvW, step);
  const mayW = site.inverterLimitW === undefined ? Math.min(sunW, sunToldW(site, step)) : sunW;
  return Math.max(0, mayW - atStep(site.loadW, step));
};

/** Most that a site's batteries and flexible loads may take together in a step; W. Infinite without a limit. */
export const takenLimitW = (site: SiteProblem, step: number): number =>
  Math.min(atStep(site.takenLimitW ?? Infinity, step), atStep(site.dimmedW ?? Infinity, step) + surplusW(site, step));
