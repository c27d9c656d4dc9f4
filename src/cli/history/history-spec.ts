import type { Sample } from '../../field/sample.js';
import type { Consent, Plant, SiteId } from '../../fleet/plant.js';
import type { SiteForecast } from '../../forecast/forecast.js';
import type { Interval } from '../../kernel/interval.js';
import type { DurationMs, EpochMs } from '../../kernel/units.js';
import type { EventDirection } from '../../signals/grid-event.js';
import type { Tariff } from '../../signals/tariff.js';
import type { SiteState, VirtualSite } from '../../simulator/index.js';
import type { LeaseSpan } from '../../telemetry/device-energies.js';

/** A grid event of the made-up past. */
export interface PastEvent extends Interval {
  readonly direction: EventDirection;
  readonly powerW: number;
  readonly priceMicroPerKwh: number;
}

/** A stretch of the demo's past to be lived through on virtual time, in 15-minute steps. Plain data: it goes to a thread. */
export interface HistorySpec {
  readonly plant: Plant;
  readonly sites: readonly VirtualSite[];
  readonly tariff: Tariff;
  readonly consents: readonly (readonly [SiteId, Consent])[];
  /** On quarter-hours. */
  readonly period: Interval;
  readonly replanEveryMs: DurationMs;
  readonly events: readonly PastEvent[];
  /** The moment a later stretch began as new: batteries arrive as they stood then, and counters are reckoned back from there. */
  readonly arriveAt?: EpochMs;
}

/** One lived-through day or a part of one. */
export interface HistoryDay extends Interval {
  /** In order of time; the first period's first day begins with the readings at its very start. */
  readonly samples: readonly Sample[];
  /** When our setpoints were in force. */
  readonly spans: readonly LeaseSpan[];
  readonly forecasts: readonly SiteForecast[];
}

export interface History {
  readonly days: readonly HistoryDay[];
  readonly end: readonly SiteState[];
}
