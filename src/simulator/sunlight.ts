import { floorTo } from '../kernel/interval.js';
import { DAY_MS, type EpochMs, MINUTE_MS, type Watt } from '../kernel/units.js';
import { seedOf } from '../kernel/random.js';
import { clearSkyShare } from './clouds.js';
import { meanOver, seriesOfMinutes } from './day-series.js';
import type { VirtualSite } from './spec.js';
import { clearSkyW, type PvArray, sunDirection } from '../kernel/sun.js';

/** The geometry changes slowly: it is worked out this often and drawn straight in between. */
const GEOMETRY_STEP_MS = 5 * MINUTE_MS;

/** The seed of the weather over a site. */
export const skySeedOf = (site: Pick<VirtualSite, 'skySeed' | 'latitude' | 'longitude'>): number =>
  site.skySeed ?? seedOf('sky', Math.round(site.latitude), Math.round(site.longitude));

/** Mean AC power that the sun would allow an array, over any stretch of time, clouds included. */
export const sunlight = (site: VirtualSite, array: PvArray): ((startMs: EpochMs, endMs: EpochMs) => Watt) => {
  const skySeed = skySeedOf(site);
  const siteSeed = seedOf('clouds', site.id, site.seed);
  return meanOver((atMs) => {
    const startMs = floorTo(atMs, DAY_MS);
    const nodes = Float64Array.from({ length: DAY_MS / GEOMETRY_STEP_MS + 1 }, (_, i) =>
      clearSkyW(array, sunDirection(startMs + i * GEOMETRY_STEP_MS, site.latitude, site.longitude)),
    );
    const powerAtW = (moment: EpochMs): Watt => {
      const position = (moment - startMs) / GEOMETRY_STEP_MS;
      const i = Math.min(Math.floor(position), nodes.length - 2);
      const clearW = nodes[i]! + (nodes[i + 1]! - nodes[i]!) * (position - i);
      return clearW === 0 ? 0 : clearW * clearSkyShare(skySeed, siteSeed, moment);
    };
    return seriesOfMinutes(powerAtW, startMs, startMs + DAY_MS);
  });
};
