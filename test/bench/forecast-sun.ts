import { BRAIN_NETS } from '../../src/forecast/adapters/brain-network.js';
import { backtest, scoreDays, testDays } from '../../src/forecast/backtest.js';
import { clearSlotW, type Roof } from '../../src/forecast/clear-sky.js';
import type { PowerSeries } from '../../src/forecast/history.js';
import { DEFAULT_EFFORT } from '../../src/forecast/network.js';
import type { Weather } from '../../src/forecast/weather.js';
import { gaussian, randomStream } from '../../src/kernel/random.js';
import { HOUR_MS } from '../../src/kernel/units.js';
import type { BenchRow } from './bench-row.js';

const ROOF: Roof = { latitude: 52.5, longitude: 13.4, tiltDeg: 35, azimuthDeg: 200, peakW: 6_000 };
const FLAT: Roof = { ...ROOF, tiltDeg: 0, peakW: 1_163 };
const START_MS = Date.UTC(2023, 6, 1);
const DAYS = 300;
/** Day-ahead forecasts of irradiance miss by about a quarter of it in Central Europe (Lorenz et al., EU PVSEC 2009: 37 % RMSE of the mean). */
const FORECAST_ERROR = 0.3;

/** A roof under a cloudy sky that changes from day to day and hour to hour, and what a weather service said of it. */
const cloudySite = (): { series: PowerSeries; weather: Weather } => {
  const random = randomStream(7);
  const values: number[] = [];
  const irradianceWm2: number[] = [];
  let day = 0;
  let hourly = 0;
  let missed = 0;
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    if (hour % 24 === 0) day = 0.6 * day + 0.8 * gaussian(random);
    hourly = 0.7 * hourly + 0.5 * gaussian(random);
    missed = 0.85 * missed + 0.5 * gaussian(random);
    const clear = (z: number): number => 0.12 + 0.88 / (1 + Math.exp(-1.6 * z));
    const share = clear(day + 0.6 * hourly);
    const told = share * (1 + FORECAST_ERROR * missed) + 0.05 * gaussian(random);
    const startMs = START_MS + hour * HOUR_MS;
    values.push(share * clearSlotW(ROOF, startMs, HOUR_MS));
    irradianceWm2.push(Math.max(0.05, Math.min(1, told)) * clearSlotW(FLAT, startMs, HOUR_MS));
  }
  const even = { startMs: START_MS, stepMs: HOUR_MS };
  return { series: { ...even, values }, weather: { ...even, irradianceWm2, temperatureC: [], cloudPct: [] } };
};

/** What a weather forecast is worth for the sun, on a made-up site whose irradiance is known with realistic error. */
export const syntheticSunRows = (): BenchRow[] => {
  const { series, weather } = cloudySite();
  const zone = 'Europe/Berlin';
  const days = testDays(series, zone, 60);
  const task = { quantity: 'pv', series, zone, seed: 1, effort: DEFAULT_EFFORT } as const;
  const without = backtest(task, days, BRAIN_NETS);
  const maeOf = (ahead: typeof without.mixture): number => scoreDays(series, zone, days, ahead).mae;
  const withoutW = maeOf(without.mixture);
  const medianW = maeOf(without.models.get('median-14d')!);
  const withW = maeOf(backtest({ ...task, weather }, days, BRAIN_NETS).mixture);
  return [
    { what: 'synthetic sun: MAE of the median of 14 days', value: medianW, unit: 'W' },
    { what: 'synthetic sun: MAE without weather', value: withoutW, unit: 'W' },
    { what: 'synthetic sun: MAE with a weather forecast', value: withW, unit: 'W' },
    { what: 'synthetic sun: with weather, as a ratio to the median of 14 days', value: withW / medianW, unit: '' },
  ];
};
