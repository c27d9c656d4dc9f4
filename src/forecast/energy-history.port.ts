import type { SiteId } from '../fleet/plant.js';
import type { Interval } from '../kernel/interval.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';

/** Where a site's closed intervals come from: all that end inside `period`, any order. */
export abstract class EnergyHistory {
  abstract intervals(siteId: SiteId, period: Interval): Promise<IntervalEnergy[]>;
}
