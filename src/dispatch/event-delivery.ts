import type { Consent, DeviceId, Plant, Site, SiteId } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import type { PlantImage } from '../telemetry/image.js';
import type { PlannedDevice, RunningEvent } from './decision.js';
import { groupsOf } from './device-groups.js';

/** What is to be known to tell what an event's sites give now. */
export interface EventFacts {
  readonly plant: Plant;
  readonly image: PlantImage;
  readonly consents: ReadonlyMap<SiteId, Consent>;
  readonly planned?: ReadonlyMap<DeviceId, PlannedDevice>;
}

/** `+1` where the grid wants more of us, `-1` where it wants us to take more: deliveries are positive in the way that is asked for. */
export const signOf = ({ direction }: Pick<RunningEvent, 'direction'>): 1 | -1 => (direction === 'up' ? 1 : -1);

export const takesPart = (event: Pick<RunningEvent, 'optedOut'>, site: Site, consents: EventFacts['consents']): boolean =>
  !event.optedOut.has(site.id) && !consents.get(site.id)?.optedOut;

/**
 * What each site that takes part delivers now, by its grid meter: the distance of its net import from its baseline, below 0 where it goes
 * the other way. A home without a baseline takes no part. A community battery or a generator without one is measured against
 * what it would do by plan, its battery at rest. A site whose meter is silent is absent, and so is one that runs on its own.
 */
export const deliveredBySite = (facts: EventFacts, event: RunningEvent): Map<SiteId, Watt> => {
  const sign = signOf(event);
  const delivered = new Map<SiteId, Watt>();
  for (const site of facts.plant.sites) {
    const now = facts.image.sites.get(site.id);
    if (now?.powersW.grid === undefined || now.islanded || !takesPart(event, site, facts.consents)) continue;
    const { grid: gridW, battery: batteryW = 0, generator: generatorW = 0 } = now.powersW;
    const baselineW = event.baselineW.get(site.id);
    if (baselineW !== undefined) delivered.set(site.id, sign * (baselineW - gridW));
    else if (site.kind !== 'home') delivered.set(site.id, sign * (batteryW + generatorW - plannedGeneratorsW(site, facts.planned)));
  }
  return delivered;
};

const plannedGeneratorsW = ({ devices }: Site, planned: EventFacts['planned']): Watt =>
  groupsOf(devices).generators.reduce((sum, { id }) => {
    const step = planned?.get(id);
    return step?.kind === 'generator' && step.run ? sum + step.powerW : sum;
  }, 0 as Watt);
