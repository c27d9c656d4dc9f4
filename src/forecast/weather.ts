import type { DurationMs, EpochMs } from '../kernel/units.js';
import type { Distribution } from './distribution.js';
import { asWideAs, type SlotView } from './seasonal-models.js';

type Values = readonly (number | undefined)[];

/**
 * Weather on even slots from `startMs`: what was forecast, also for slots that have passed, so that a model learns what a weather
 * forecast is worth and not what the weather is. What is not known is absent.
 */
export interface Weather {
  readonly startMs: EpochMs;
  readonly stepMs: DurationMs;
  /** Air at 2 m; °C. */
  readonly temperatureC: Values;
  /** Global horizontal irradiance; W/m². */
  readonly irradianceWm2: Values;
  /** Sky covered; %. */
  readonly cloudPct: Values;
}

type Quantity = 'temperatureC' | 'irradianceWm2' | 'cloudPct';

/** The weather of the stretch that holds a moment. */
export const weatherAt = (weather: Weather, quantity: Quantity, atMs: EpochMs): number | undefined =>
  weather[quantity][Math.floor((atMs - weather.startMs) / weather.stepMs)];

const slotMs = ({ task: { series } }: SlotView, slot: number): EpochMs => series.startMs + (slot + 0.5) * series.stepMs;

/** The weather of the target's time of day on past days, next to what came then; NaN where not known. */
const pastWeather = (view: SlotView, weather: Weather, quantity: Quantity, days: number): Float64Array =>
  Float64Array.from(view.past.slots.slice(0, days), (slot) => (slot < 0 ? NaN : (weatherAt(weather, quantity, slotMs(view, slot)) ?? NaN)));

export const WEATHER_INPUTS = 5;

/** What a learning model is told of the weather of a slot: how it differs from the days the naive blend was made of. 0: as usual. */
export const weatherInputs = (view: SlotView, naiveW: number, scaleW: number, weather: Weather | undefined): number[] => {
  if (!weather) return [0, 0, 0, 0, 0];
  const atMs = slotMs(view, view.targetSlot);
  const temperatureC = weatherAt(weather, 'temperatureC', atMs);
  const cloudPct = weatherAt(weather, 'cloudPct', atMs);
  const difference = (quantity: Quantity, value: number | undefined): number => {
    const usual = pastWeather(view, weather, quantity, 7).filter((one) => one === one);
    return value === undefined || usual.length === 0 ? 0 : value - usual.reduce((a, b) => a + b, 0) / usual.length;
  };
  const sunW = byIrradiance(view, weather, 14);
  return [
    difference('temperatureC', temperatureC) / 5,
    temperatureC === undefined ? 0 : Math.max(0, temperatureC - 22) / 5,
    temperatureC === undefined ? 0 : Math.max(0, 16 - temperatureC) / 10,
    difference('cloudPct', cloudPct) / 50,
    sunW === undefined ? 0 : (sunW - naiveW) / scaleW,
  ];
};

/** Power for the irradiance that is forecast, if each W/m² gives what it gave at this time of day on the last `days`; W. */
const byIrradiance = (view: SlotView, weather: Weather, days: number): number | undefined => {
  const aheadWm2 = weatherAt(weather, 'irradianceWm2', slotMs(view, view.targetSlot));
  if (aheadWm2 === undefined) return undefined;
  const thenWm2 = pastWeather(view, weather, 'irradianceWm2', days);
  let [powerW, sumWm2] = [0, 0];
  for (let day = 0; day < days; day += 1) {
    const value = view.past.values[day]!;
    if (value !== value || Number.isNaN(thenWm2[day]!)) continue;
    powerW += value;
    sumWm2 += thenWm2[day]!;
  }
  return sumWm2 > 1 ? (powerW / sumWm2) * aheadWm2 : undefined;
};

/** The same as a model, as wide as it has missed the last four weeks. For the sun alone. */
export const irradianceModel = (view: SlotView, weather: Weather): Distribution | undefined => {
  const value = byIrradiance(view, weather, 14);
  if (value === undefined) return undefined;
  const then = pastWeather(view, weather, 'irradianceWm2', 28);
  const ahead = weatherAt(weather, 'irradianceWm2', slotMs(view, view.targetSlot))!;
  const misses = then.map((wm2, day) => view.past.values[day]! - (ahead > 1 ? (value / ahead) * wm2 : 0)).filter((miss) => miss === miss);
  return asWideAs(value, misses);
};
