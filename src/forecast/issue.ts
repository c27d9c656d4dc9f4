import type { SiteId } from '../fleet/plant.js';
import { floorTo, SLOT_MS } from '../kernel/interval.js';
import { type EpochMs, HOUR_MS, type Watt } from '../kernel/units.js';
import type { ForecastModel, ForecastSlot, SiteForecast } from './forecast.js';
import type { PowerSeries } from './history.js';
import { HORIZON_HOURS } from './network-fit.js';

/** The sum of all sites, under the name forecasts of the whole fleet are kept by. */
export const FLEET_ID = 'fleet';

export const HORIZON_SLOTS = (HORIZON_HOURS * HOUR_MS) / SLOT_MS;

/** With fewer days of history than this a network is not trusted, nor trained. */
export const DAYS_FOR_NETWORK = 14;

/** What forecasts start with: the slot that runs when they are issued. */
export const firstSlotMs = (issuedAtMs: EpochMs): EpochMs => floorTo(issuedAtMs, SLOT_MS);

/** The last value known, held; 0 where nothing ever was. */
export const held = (series: PowerSeries): Watt => series.values.findLast((value) => value !== undefined) ?? 0;

export interface Outlook {
  readonly powersW: readonly Watt[];
  readonly model: ForecastModel;
}

/** What a prediction amounts to: the network's word, the naive blend's where there is no network, else what is now, held. */
export const outlookOf = (series: PowerSeries, predictedW: readonly Watt[] | undefined, networked: boolean, presentW?: Watt): Outlook => {
  if (predictedW) return { powersW: predictedW, model: networked ? 'brain.js' : 'seasonal-naive' };
  return { powersW: Array.from({ length: HORIZON_SLOTS }, () => presentW ?? held(series)), model: 'flat' };
};

export const siteForecast = (siteId: SiteId, issuedAtMs: EpochMs, load: Outlook, pv: Outlook): SiteForecast => {
  const startMs = firstSlotMs(issuedAtMs);
  const slots: ForecastSlot[] = load.powersW.map((loadW, slot) => ({
    startMs: startMs + slot * SLOT_MS,
    endMs: startMs + (slot + 1) * SLOT_MS,
    loadW: Math.round(loadW),
    pvW: Math.round(pv.powersW[slot]!),
  }));
  return { siteId, issuedAtMs, loadModel: load.model, pvModel: pv.model, slots };
};

const RANK: readonly ForecastModel[] = ['flat', 'seasonal-naive', 'brain.js'];
const commonest = (models: readonly ForecastModel[]): ForecastModel => {
  const count = (model: ForecastModel): number => models.filter((one) => one === model).length;
  return RANK.toSorted((a, b) => count(b) - count(a))[0]!;
};

/** The fleet's demand and sun: the sum of its sites. Its model is the one most sites were forecast by. */
export const fleetForecast = (forecasts: readonly SiteForecast[], issuedAtMs: EpochMs): SiteForecast => {
  const startMs = firstSlotMs(issuedAtMs);
  const slots = Array.from({ length: HORIZON_SLOTS }, (_, slot) => ({
    startMs: startMs + slot * SLOT_MS,
    endMs: startMs + (slot + 1) * SLOT_MS,
    loadW: forecasts.reduce((sum, forecast) => sum + forecast.slots[slot]!.loadW, 0),
    pvW: forecasts.reduce((sum, forecast) => sum + forecast.slots[slot]!.pvW, 0),
  }));
  const loadModel = commonest(forecasts.map((forecast) => forecast.loadModel));
  const pvModel = commonest(forecasts.map((forecast) => forecast.pvModel));
  return { siteId: FLEET_ID, issuedAtMs, loadModel, pvModel, slots };
};
