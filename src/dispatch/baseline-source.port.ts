import type { SiteId } from '../fleet/plant.js';
import type { EpochMs, Watt, WattHour } from '../kernel/units.js';
import type { GridEvent } from '../signals/grid-event.js';

/** What each home would have taken from the grid without the event. Settlement fixes it before the event; dispatch steers by it. */
export abstract class BaselineSource {
  /** Mean net import in the slot that holds `atMs`, by site; a site without a baseline is absent. */
  abstract baselineAt(event: GridEvent, atMs: EpochMs): Promise<ReadonlyMap<SiteId, Watt>>;

  /** What each site has delivered to settled events that began before this one in the same billing period, a calendar month of the plant. */
  abstract deliveredBefore(event: GridEvent): Promise<ReadonlyMap<SiteId, WattHour>>;
}
