import type { SiteId } from '../fleet/plant.js';
import type { Interval } from '../kernel/interval.js';
import type { EpochMs, Watt } from '../kernel/units.js';

/**
 * Who a forecast is from. `mixture`: the site's own models. `pooled`: those of similar sites, for one that is too young for its own.
 * `seasonal-naive`: where nothing has been learnt. `flat` is all a site without any history can have: its present value held.
 */
export type ForecastModel = 'mixture' | 'pooled' | 'seasonal-naive' | 'flat';

/** What a quantity stays under with 10, 50 and 90 %; W. */
export interface Quantiles {
  readonly p10W: Watt;
  readonly p50W: Watt;
  readonly p90W: Watt;
}

export interface ForecastSlot extends Interval {
  /** Mean power over the slot: what the loads draw, and what the sun gives if nothing is curtailed. Both ≥ 0. */
  readonly loadW: Watt;
  readonly pvW: Watt;
  /** Absent where a forecast says no more than a value. */
  readonly load?: Quantiles;
  readonly pv?: Quantiles;
}

/** One site's demand and sun ahead, in 15-minute slots, and which model said so. */
export interface SiteForecast {
  readonly siteId: SiteId;
  readonly issuedAtMs: EpochMs;
  readonly loadModel: ForecastModel;
  readonly pvModel: ForecastModel;
  readonly slots: readonly ForecastSlot[];
}
