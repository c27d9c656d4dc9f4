import type { Site } from '../fleet/plant.js';
import { type Interval, overlaps } from '../kernel/interval.js';
import type { Watt } from '../kernel/units.js';
import { FLEET_SCOPE, type LimitKind, type OperatorLimit, safeLimitW } from '../signals/operator-limit.js';
import type { SiteProblem } from './problem.js';

export type PlannedLimit = Pick<OperatorLimit, 'scope' | 'kind' | 'valueW' | 'startMs' | 'endMs'>;

/** The tightest limit that touches a step; what a site owes while none does; `undefined` where it owes nothing. */
export const limitOver = (limits: readonly PlannedLimit[], scope: Site | 'fleet', kind: LimitKind, step: Interval): Watt | undefined => {
  const id = scope === 'fleet' ? FLEET_SCOPE : scope.id;
  const values = limits.filter((limit) => limit.scope === id && limit.kind === kind && overlaps(limit, step)).map(({ valueW }) => valueW);
  if (values.length > 0) return Math.min(...values);
  return scope === 'fleet' ? undefined : safeLimitW(scope.safeLimits, kind);
};

/** Limits on the sum of all sites, step by step; while there is none, the sum of their connections bounds it. */
export const fleetLimits = (sites: readonly Site[], limits: readonly PlannedLimit[], steps: readonly Interval[]) => {
  const bounds = (kind: 'import' | 'export'): Watt[] | undefined => {
    const values = steps.map((step) => limitOver(limits, 'fleet', kind, step));
    const connectionsW = sites.reduce((sum, site) => sum + (kind === 'import' ? site.importLimitW : site.exportLimitW), 0);
    return values.every((valueW) => valueW === undefined) ? undefined : values.map((valueW) => valueW ?? connectionsW);
  };
  return { importLimitW: bounds('import'), exportLimitW: bounds('export') };
};

/** What operators let batteries and flexible loads take together, and of that from the grid; while they say nothing, all that they can. */
export const takenLimits = (
  site: Site,
  limits: readonly PlannedLimit[],
  steps: readonly Interval[],
): Pick<SiteProblem, 'takenLimitW' | 'dimmedW'> => {
  const ratedW = site.devices.reduce((sum, { battery, flexibleLoad, ratedW: powerW }) => (battery || flexibleLoad ? sum + powerW : sum), 0);
  const bounds = (kind: 'load' | 'dimming'): number[] | undefined => {
    const values = steps.map((step) => limitOver(limits, site, kind, step));
    return values.every((valueW) => valueW === undefined) ? undefined : values.map((valueW) => valueW ?? ratedW);
  };
  return { takenLimitW: bounds('load'), dimmedW: bounds('dimming') };
};
