import type { SiteId } from '../fleet/plant.js';
import type { Interval } from '../kernel/interval.js';
import type { EpochMs, Watt } from '../kernel/units.js';

/** `flat` is all a site without any history can have: its present value held. */
export type ForecastModel = 'brain.js' | 'seasonal-naive' | 'flat';

export interface ForecastSlot extends Interval {
  /** Mean power over the slot: what the loads draw, and what the sun gives if nothing is curtailed. Both ≥ 0. */
  readonly loadW: Watt;
  readonly pvW: Watt;
}

/** One site's demand and sun ahead, in 15-minute slots, and which model said so. */
export interface SiteForecast {
  readonly siteId: SiteId;
  readonly issuedAtMs: EpochMs;
  readonly loadModel: ForecastModel;
  readonly pvModel: ForecastModel;
  readonly slots: readonly ForecastSlot[];
}
