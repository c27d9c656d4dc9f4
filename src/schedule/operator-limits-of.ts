import type { Device, Site } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
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
    const connectionsW = sum(sites.map((site) => (kind === 'import' ? site.importLimitW : site.exportLimitW)));
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
  const ratedW = sum(site.devices.map(({ battery, flexibleLoad, ratedW: powerW }) => (battery || flexibleLoad ? powerW : 0)));
  const bounds = (kind: 'load' | 'dimming'): number[] | undefined => {
    const values = steps.map((step) => limitOver(limits, site, kind, step));
    return values.every((valueW) => valueW === undefined) ? undefined : values.map((valueW) => valueW ?? ratedW);
  };
  return { takenLimitW: bounds('load'), dimmedW: bounds('dimming') };
};

/**
 * What a limit on generation leaves to engines and batteries beside what is expected of the sun, which comes first; W by step, below 0 where the sun alone
 * is more. It is the same in all courses: where more sun comes than expected, dispatch holds the others to less.
 */
export const besideSun = (
  site: Site,
  pvW: readonly Watt[],
  limits: readonly PlannedLimit[],
  steps: readonly Interval[],
): Watt[] | undefined => {
  const generationW = steps.map((step) => limitOver(limits, site, 'generation', step) ?? Infinity);
  return generationW.every((limitW) => limitW === Infinity) ? undefined : generationW.map((limitW, step) => limitW - pvW[step]!);
};

/** A battery's part of what is left to all that can be told something, as dispatch shares it. */
export const partOf = ({ battery }: Device, able: readonly Device[]): number =>
  battery!.maxDischargeW / sum(able.map((each) => each.battery?.maxDischargeW ?? 0));

/** What engines that can be told something need together up to one of them: in their order dispatch leaves each its least power. */
export const leastUpTo = (device: Device, able: readonly Device[]): Watt =>
  sum(able.slice(0, able.indexOf(device) + 1).map(({ generator }) => generator?.minW ?? 0));
