import { HOUR_MS } from '../kernel/units.js';
import { clearSlotW } from './clear-sky.js';
import { certain, type Distribution, FUNCTIONALS, type Functional, LEVEL, orderly } from './distribution.js';
import { calendarOf, minuteOfDay, type PowerSeries } from './history.js';
import type { Material } from './learning-rows.js';
import { learned, type MixtureState, type Weights, weightsOf } from './ml-poly.js';
import { networkForecaster, type Nets, untimed } from './network.js';
import type { ClearSky } from './past-days.js';
import { ridgeForecast } from './ridge.js';
import { CLEAR_SKY_MODELS, SEASONAL_MODELS, slotViews } from './seasonal-models.js';
import type { ForecastTask } from './seasonal-naive.js';
import type { SeriesModels } from './series-models.js';
import { issueLevel, slotFeatures } from './slot-features.js';
import { irradianceModel, type Weather } from './weather.js';

/** What each model says of one slot, by name; those with nothing to go by are absent. */
export type Opinions = Readonly<Record<string, Distribution>>;

/** Calendar and clear sky of a series and of `slotsAhead` after its end. */
export const materialOf = (series: PowerSeries, zone: string, slotsAhead: number, models?: SeriesModels, weather?: Weather): Material => {
  const hour = Math.round(HOUR_MS / series.stepMs);
  const calendar = calendarOf(zone, series.startMs, series.stepMs, series.values.length + slotsAhead + hour + 1);
  const clearW = models && clearSkyOf(series, models);
  return { series, calendar, ...(clearW ? { clearW } : {}), ...(weather ? { weather } : {}) };
};

/** The material of past days of a series, under the roof of whichever models issued then. */
export const materials = (series: PowerSeries, zone: string, weather?: Weather): ((models: SeriesModels) => Material) => {
  const known = new Map<number, Material>();
  return (models) => {
    let material = known.get(models.trainedToMs);
    if (!material) known.set(models.trainedToMs, (material = materialOf(series, zone, 0, models, weather)));
    return material;
  };
};

const clearSkyOf = ({ startMs, stepMs }: PowerSeries, { roof }: SeriesModels): ClearSky | undefined => {
  if (!roof) return undefined;
  const known = new Map<number, number>();
  return (slot) => {
    let powerW = known.get(slot);
    if (powerW === undefined) known.set(slot, (powerW = slot < 0 ? 0 : clearSlotW(roof, startMs + slot * stepMs, stepMs)));
    return powerW;
  };
};

/**
 * What each model says of each target when everything before `issueSlot` is known: the seasonal ones, those under a clear sky and by
 * irradiance (sun), the ridge and brain.js where they have been trained. No power at or after `issueSlot` is looked at.
 */
export const opinionsAhead = (
  material: Material,
  models: SeriesModels,
  issueSlot: number,
  targets: readonly number[],
  { run, timed = untimed }: Pick<Nets, 'run' | 'timed'>,
): Opinions[] => {
  const { series, calendar, clearW, weather } = material;
  const task: ForecastTask = { series, calendar, issueSlot };
  const plainOf = slotViews(task);
  const viewOf = clearW ? slotViews(task, clearW) : plainOf;
  const level = issueLevel(task, viewOf);
  const network = models.network && networkForecaster(models.network, run);
  const night = nightOf(models, clearW !== undefined, weather !== undefined);
  return targets.map((targetSlot) => {
    const plain = plainOf(targetSlot);
    // Four weeks of nothing at this time of day: night, for the sun.
    if (models.quantity === 'pv' && plain.past.summary(28).mean === 0) return night;
    const view = viewOf(targetSlot);
    const said: Record<string, Distribution> = {};
    const ask = (name: string, model: () => Distribution | undefined): void => {
      const opinion = timed(name, model);
      if (opinion) said[name] = orderly(opinion);
    };
    for (const [name, model] of Object.entries(SEASONAL_MODELS)) ask(name, () => model(plain));
    if (clearW) for (const [name, model] of Object.entries(CLEAR_SKY_MODELS)) ask(name, () => model(view));
    if (models.quantity === 'pv' && weather) ask('irradiance', () => irradianceModel(view, weather));
    const features = slotFeatures(view, level, weather);
    if (!features) return said;
    const { ridge } = models;
    if (ridge) ask('ridge', () => ridgeForecast(ridge, Math.floor(minuteOfDay(calendar, targetSlot) / 60), features));
    if (network) ask('brain.js', () => (features.scaleW > 0 ? network(features) : certain(features.naiveW)));
    return said;
  });
};

/** What everybody says of a night. */
const nightOf = ({ ridge, network }: SeriesModels, underClearSky: boolean, withWeather: boolean): Opinions => {
  const names = [
    ...Object.keys(SEASONAL_MODELS),
    ...(underClearSky ? Object.keys(CLEAR_SKY_MODELS) : []),
    ...(withWeather ? ['irradiance'] : []),
    ...(ridge ? ['ridge'] : []),
    ...(network ? ['brain.js'] : []),
  ];
  return Object.fromEntries(names.map((name) => [name, certain(0)]));
};

/** The weights each functional is mixed by, of the models that have something to say. */
export const mixtureWeights = ({ mixtures }: SeriesModels, awake: readonly string[]): Record<Functional, Weights> =>
  Object.fromEntries(FUNCTIONALS.map((functional) => [functional, weightsOf(mixtures[functional], awake)])) as Record<Functional, Weights>;

type Shares = readonly (readonly [Functional, readonly (readonly [name: string, weight: number])[]])[];

/** Weights as lists, without those that count for nothing: a fleet has hundreds of thousands of slots to mix. */
const sharesOf = (models: SeriesModels, names: readonly string[]): Shares => {
  const weights = mixtureWeights(models, names);
  return FUNCTIONALS.map((functional) => [functional, Object.entries(weights[functional]).filter(([, weight]) => weight > 0)]);
};

/** The mixture of opinions, in watts; undefined where nobody has one. */
export const mixedForecasts = (models: SeriesModels, opinions: readonly Opinions[]): (Distribution | undefined)[] => {
  const known = new Map<string, Shares>();
  return opinions.map((said) => {
    const names = Object.keys(said);
    if (names.length === 0) return undefined;
    const key = names.join();
    let shares = known.get(key);
    if (!shares) known.set(key, (shares = sharesOf(models, names)));
    const mixed: Record<Functional, number> = { mean: 0, p10: 0, p50: 0, p90: 0 };
    for (const [functional, some] of shares) {
      for (const [name, weight] of some) mixed[functional] += weight * said[name]![functional];
    }
    return orderly(mixed);
  });
};

/** How strongly errors of the last week and of the last two months count in what is remembered of them, a day. */
const WEEK = 1 / 7;
const USUAL = 1 / 60;

/**
 * What losses are counted in, as a share of the series' own scale. A day's difference between two models is then about 1, as the learning
 * rates of ML-Poly suppose: counted in whole scales, a year would hardly move them.
 */
const LOSS_UNIT = 0.1;

/**
 * One round of each mixture: the day's opinions against what came. A loss is the mean over the day's known slots, linearised at the
 * mixture (see `learned`) and in multiples of `LOSS_UNIT`. Days without a known slot teach nothing.
 */
export const scoredDay = (
  models: SeriesModels,
  opinions: readonly Opinions[],
  actualW: readonly (number | undefined)[],
  endMs: number,
): SeriesModels => {
  const mixed = mixedForecasts(models, opinions);
  const known = actualW.flatMap((powerW, slot) => (powerW === undefined || !mixed[slot] ? [] : [{ powerW, slot }]));
  if (known.length === 0) return { ...models, scoredToMs: endMs };
  const unitW = LOSS_UNIT * models.scaleW;
  const mixtures: Record<Functional, MixtureState> = { ...models.mixtures };
  for (const functional of FUNCTIONALS) {
    const differences: Record<string, number> = {};
    for (const { powerW, slot } of known) {
      const mixtureW = mixed[slot]![functional];
      const slope = slopeOf(functional, (mixtureW - powerW) / models.scaleW);
      for (const [name, said] of Object.entries(opinions[slot]!)) {
        differences[name] = (differences[name] ?? 0) + (slope * (mixtureW - said[functional])) / unitW / known.length;
      }
    }
    mixtures[functional] = learned(mixtures[functional], differences);
  }
  const error = known.reduce((sum, { powerW, slot }) => sum + Math.abs(mixed[slot]!.p50 - powerW), 0) / known.length;
  const { week, usual } = models.errorW;
  const errorW = { week: usual ? week + WEEK * (error - week) : error, usual: usual ? usual + USUAL * (error - usual) : error };
  return { ...models, mixtures, scoredToMs: endMs, errorW };
};

/** The derivative of squared error (mean) or pinball loss (quantiles) by the forecast. */
const slopeOf = (functional: Functional, miss: number): number => {
  if (functional === 'mean') return 2 * miss;
  return (miss > 0 ? 1 : 0) - LEVEL[functional];
};

/** Whether the last day's error is so much more than usual that the models should learn anew before the night. */
export const hasDrifted = ({ errorW: { usual } }: SeriesModels, lastDayErrorW: number): boolean => usual > 0 && lastDayErrorW > 2 * usual;
