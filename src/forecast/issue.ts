import type { SiteId } from '../fleet/plant.js';
import { floorTo, SLOT_MS } from '../kernel/interval.js';
import { type EpochMs, HOUR_MS, type Watt } from '../kernel/units.js';
import { certain, type Distribution } from './distribution.js';
import type { ForecastModel, ForecastSlot, Quantiles, SiteForecast } from './forecast.js';
import type { PowerSeries } from './history.js';
import { HORIZON_HOURS } from './learning-rows.js';

/** The sum of all sites, under the name forecasts of the whole fleet are kept by. */
export const FLEET_ID = 'fleet';

export const HORIZON_SLOTS = (HORIZON_HOURS * HOUR_MS) / SLOT_MS;

/** What forecasts start with: the slot that runs when they are issued. */
export const firstSlotMs = (issuedAtMs: EpochMs): EpochMs => floorTo(issuedAtMs, SLOT_MS);

/** The last value known, held; 0 where nothing ever was. */
const held = (series: PowerSeries): Watt => series.values.findLast((value) => value !== undefined) ?? 0;

export interface Outlook {
  readonly slots: readonly Distribution[];
  readonly model: ForecastModel;
}

/** What a prediction amounts to: the word of the model it is from, else what is now, held. */
export const outlookOf = (
  series: PowerSeries,
  predicted: readonly Distribution[] | undefined,
  model: ForecastModel,
  presentW?: Watt,
): Outlook => {
  if (predicted) return { slots: predicted, model };
  const heldW = presentW ?? held(series);
  return { slots: Array.from({ length: HORIZON_SLOTS }, () => certain(heldW)), model: 'flat' };
};

const quantilesOf = ({ p10, p50, p90 }: Distribution): Quantiles => ({
  p10W: Math.round(p10),
  p50W: Math.round(p50),
  p90W: Math.round(p90),
});

export const siteForecast = (siteId: SiteId, issuedAtMs: EpochMs, load: Outlook, pv: Outlook): SiteForecast => {
  const startMs = firstSlotMs(issuedAtMs);
  const slots = load.slots.map((loadAhead, slot): ForecastSlot => {
    const pvAhead = pv.slots[slot]!;
    return {
      startMs: startMs + slot * SLOT_MS,
      endMs: startMs + (slot + 1) * SLOT_MS,
      loadW: Math.round(loadAhead.mean),
      pvW: Math.round(pvAhead.mean),
      ...(load.model === 'flat' ? {} : { load: quantilesOf(loadAhead) }),
      ...(pv.model === 'flat' ? {} : { pv: quantilesOf(pvAhead) }),
    };
  });
  return { siteId, issuedAtMs, loadModel: load.model, pvModel: pv.model, slots };
};

const RANK: readonly ForecastModel[] = ['flat', 'seasonal-naive', 'pooled', 'mixture'];
const commonest = (models: readonly ForecastModel[]): ForecastModel => {
  const count = (model: ForecastModel): number => models.filter((one) => one === model).length;
  return RANK.toSorted((a, b) => count(b) - count(a))[0]!;
};

/**
 * The sum of the sites' quantiles. Means and medians are summed; how far the others lie from the medians is summed as
 * if the sites were halfway between independent (squares add up) and all alike (distances add up): one sky, many kitchens.
 */
const summedQuantiles = (parts: readonly Quantiles[]): Quantiles => {
  const p50W = parts.reduce((sum, part) => sum + part.p50W, 0);
  const spread = (distance: (part: Quantiles) => number): number =>
    (Math.sqrt(parts.reduce((sum, part) => sum + distance(part) ** 2, 0)) + parts.reduce((sum, part) => sum + distance(part), 0)) / 2;
  const below = spread((part) => part.p50W - part.p10W);
  return {
    p10W: Math.max(0, Math.round(p50W - below)),
    p50W,
    p90W: Math.round(p50W + spread((part) => part.p90W - part.p50W)),
  };
};

const certainQuantiles = (powerW: Watt): Quantiles => ({ p10W: powerW, p50W: powerW, p90W: powerW });

/** The fleet's demand and sun: the sum of its sites. Its model is the one most sites were forecast by. */
export const fleetForecast = (forecasts: readonly SiteForecast[], issuedAtMs: EpochMs): SiteForecast => {
  const startMs = firstSlotMs(issuedAtMs);
  const slots = Array.from({ length: HORIZON_SLOTS }, (_, slot): ForecastSlot => {
    const parts = forecasts.map((forecast) => forecast.slots[slot]!);
    return {
      startMs: startMs + slot * SLOT_MS,
      endMs: startMs + (slot + 1) * SLOT_MS,
      loadW: parts.reduce((sum, { loadW }) => sum + loadW, 0),
      pvW: parts.reduce((sum, { pvW }) => sum + pvW, 0),
      load: summedQuantiles(parts.map(({ load, loadW }) => load ?? certainQuantiles(loadW))),
      pv: summedQuantiles(parts.map(({ pv, pvW }) => pv ?? certainQuantiles(pvW))),
    };
  });
  const loadModel = commonest(forecasts.map((forecast) => forecast.loadModel));
  const pvModel = commonest(forecasts.map((forecast) => forecast.pvModel));
  return { siteId: FLEET_ID, issuedAtMs, loadModel, pvModel, slots };
};
