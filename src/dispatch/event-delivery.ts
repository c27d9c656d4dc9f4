import type { Consent, DeviceId, Plant, Site, SiteId } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import type { PlantImage, SiteNow } from '../telemetry/image.js';
import type { PlannedDevice, RunningEvent } from './decision.js';

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
 * What a site that takes part delivers now, by its grid meter: the distance of its net import from its baseline, below 0 where it goes
 * the other way. A home without a baseline takes no part. A community battery or a generator without one is measured against
 * what it would do by plan, its battery at rest; so is one whose meter is silent: an engine that runs for the grid is not stopped for that.
 * Its battery and generators have to speak for themselves then, or one that is silent would count as if it stood. `undefined` of a home whose
 * meter is silent, and where it runs on its own.
 */
export const deliveredAt = (
  { consents, planned }: Pick<EventFacts, 'consents' | 'planned'>,
  event: RunningEvent,
  site: Site,
  now: SiteNow | undefined,
): Watt | undefined => {
  if (!now || now.islanded || !takesPart(event, site, consents)) return undefined;
  const sign = signOf(event);
  const { grid: gridW, battery: batteryW = 0, generator: generatorW = 0 } = now.powersW;
  const baselineW = event.baselineW.get(site.id);
  if (gridW !== undefined && baselineW !== undefined) return sign * (baselineW - gridW);
  if (site.kind === 'home' || !speaksForItself(now)) return undefined;
  return sign * (batteryW + generatorW - plannedGeneratorsW(site, planned));
};

/** What each site delivers; those of which that is not known are absent. */
export const deliveredBySite = (facts: EventFacts, event: RunningEvent): Map<SiteId, Watt> => {
  const delivered = new Map<SiteId, Watt>();
  for (const site of facts.plant.sites) {
    const siteW = deliveredAt(facts, event, site, facts.image.sites.get(site.id));
    if (siteW !== undefined) delivered.set(site.id, siteW);
  }
  return delivered;
};

const speaksForItself = ({ silentFlows = [] }: SiteNow): boolean => !silentFlows.includes('battery') && !silentFlows.includes('generator');

const plannedGeneratorsW = ({ devices }: Site, planned: EventFacts['planned']): Watt =>
  devices.reduce((sum, { id, generator }) => {
    const step = generator && planned?.get(id);
    return step?.kind === 'generator' && step.run ? sum + step.powerW : sum;
  }, 0 as Watt);
