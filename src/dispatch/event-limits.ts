import type { Site, SiteId } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';
import type { GridLimits, RunningEvent } from './decision.js';

/** What an event has to stay within. */
export interface EventLimits {
  readonly event: Pick<RunningEvent, 'direction'>;
  /** What each site takes from the grid without the event and with its batteries at rest; absent where nobody knows. */
  readonly restW: ReadonlyMap<SiteId, Watt>;
  readonly sunW: ReadonlyMap<SiteId, Watt>;
  readonly siteLimits: ReadonlyMap<SiteId, GridLimits>;
  readonly fleetLimits: GridLimits;
}

/** What the devices of a site can give to an event, and what its generators give without one, by plan. */
export interface SiteMeans {
  /** What its flexible loads draw. */
  readonly drawnW: Watt;
  readonly batteriesW: Watt;
  readonly loadsW: Watt;
  readonly othersW: Watt;
  readonly generatorsGiveW: Watt;
}

/**
 * What limits leave of what a site can give to an event, in the event's direction. Up: sun that is to be
 * held back is missing against the baseline, so that a site may give less than nothing; batteries and generators have what the sun leaves of a limit on
 * generation; no more leaves the site than its connection and an export limit let out. Down: batteries and loads take no more than a load limit or a dimming leaves them.
 */
export const withinSiteLimits = (limits: EventLimits, site: Site, means: SiteMeans): Watt => {
  const { drawnW, batteriesW, loadsW, othersW, generatorsGiveW } = means;
  const {
    importW = Infinity,
    exportW = Infinity,
    generationW = Infinity,
    sunW: sunLimitW = Infinity,
    loadW = Infinity,
    dimmingW = Infinity,
  } = limits.siteLimits.get(site.id) ?? {};
  const restW = limits.restW.get(site.id);
  if (limits.event.direction === 'up') {
    const outW = restW === undefined ? Infinity : Math.max(0, restW + Math.min(site.exportLimitW, exportW));
    const sunW = limits.sunW.get(site.id) ?? 0;
    const keptSunW = Math.min(sunW, generationW, sunLimitW);
    const givenW = Math.min(batteriesW + othersW, Math.max(0, generationW - keptSunW - generatorsGiveW));
    return Math.min(givenW + loadsW - (sunW - keptSunW), outW);
  }
  // Dimming is of what is drawn from the grid: the site's own sun comes on top.
  const ownW = Math.max(0, drawnW - (restW ?? drawnW));
  const moreW = Math.max(0, Math.min(loadW, dimmingW + ownW) - drawnW);
  const inW = restW === undefined ? Infinity : Math.max(0, Math.min(site.importLimitW, importW) - restW);
  return Math.min(Math.min(batteriesW + loadsW, moreW) + othersW, inW);
};

/** What an operator's limit on the sum of all sites leaves of it. */
export const withinFleetLimits = ({ event, restW, fleetLimits }: EventLimits, givenW: Watt): Watt => {
  const fleetW = sum([...restW.values()]);
  const roomW = event.direction === 'up' ? fleetW + (fleetLimits.exportW ?? Infinity) : (fleetLimits.importW ?? Infinity) - fleetW;
  return Math.min(givenW, Math.max(0, roomW));
};
