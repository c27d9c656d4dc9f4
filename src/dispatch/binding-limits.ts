import type { Site } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';
import { FLEET_SCOPE, LIMIT_KINDS, type LimitKind, type OperatorLimit } from '../signals/operator-limit.js';
import type { GridLimits } from './decision.js';
import { type CapacityFacts, siteCapacity } from './event-capacity.js';
import { takesPart } from './event-delivery.js';
import { type SiteMeans, withinFleetLimits, withinSiteLimits } from './event-limits.js';

export type BindingLimit = Pick<OperatorLimit, 'scope' | 'kind' | 'valueW'>;

/** The limits without which more of an event of `powerW` (> 0, in its direction) could be given; none where all of it can be. */
export const bindingLimits = (facts: CapacityFacts, powerW: Watt): BindingLimit[] => {
  const sites = facts.plant.sites
    .filter((site) => takesPart(facts.event, site, facts.consents))
    .map((site) => ({ site, means: siteCapacity(facts, site).means }));
  const givenW = Math.max(0, sum(sites.map(({ site, means }) => withinSiteLimits(facts, site, means))));
  const leftW = withinFleetLimits(facts, givenW);
  if (leftW >= powerW) return [];
  const kind = facts.event.direction === 'up' ? 'export' : 'import';
  if (leftW < givenW) return [{ scope: FLEET_SCOPE, kind, valueW: facts.fleetLimits[`${kind}W`]! }];
  return sites.flatMap(({ site, means }) => bindingAt(facts, site, means));
};

/** Where two limits leave the same, neither is what binds alone: then all that would bind without the others do. */
const bindingAt = (facts: CapacityFacts, site: Site, means: SiteMeans): BindingLimit[] => {
  const limits = facts.siteLimits.get(site.id) ?? {};
  const kinds = LIMIT_KINDS.filter((kind) => limits[`${kind}W`] !== undefined);
  const givenUnder = (counted: readonly LimitKind[]): Watt => {
    const only: GridLimits = Object.fromEntries(counted.map((kind) => [`${kind}W`, limits[`${kind}W`]]));
    return withinSiteLimits({ ...facts, siteLimits: new Map([[site.id, only]]) }, site, means);
  };
  const [heldW, freeW] = [givenUnder(kinds), givenUnder([])];
  if (heldW === freeW) return [];
  const decisive = kinds.filter((kind) => givenUnder(kinds.filter((other) => other !== kind)) > heldW);
  const binding = decisive.length > 0 ? decisive : kinds.filter((kind) => givenUnder([kind]) < freeW);
  return binding.map((kind) => ({ scope: site.id, kind, valueW: limits[`${kind}W`]! }));
};

/** In words, for who asked for the event. */
export const saidOf = ({ scope, kind, valueW }: BindingLimit): string =>
  `The ${kind} limit of ${Math.round(valueW)} W on ${scope === FLEET_SCOPE ? 'the fleet' : scope} comes before it.`;
