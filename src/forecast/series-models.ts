import { type DurationMs, type EpochMs, HOUR_MS } from '../kernel/units.js';
import type { Roof } from './clear-sky.js';
import { FUNCTIONALS, type Functional } from './distribution.js';
import { type MixtureState, NO_ROUNDS } from './ml-poly.js';
import type { StoredNetwork } from './network.js';
import type { RidgeModel } from './ridge.js';

export const QUANTITIES = ['load', 'pv'] as const;
export type ForecastQuantity = (typeof QUANTITIES)[number];

/** What one training has made. */
interface Generation {
  /** Of the sun alone. */
  readonly roof?: Roof;
  readonly ridge?: RidgeModel;
  readonly network?: StoredNetwork;
  /** The models have seen nothing later. */
  readonly trainedToMs: EpochMs;
}

/** All that has been learnt of one series, as it is stored: models, and how well each has done. */
export interface SeriesModels extends Generation {
  readonly version: 3;
  readonly quantity: ForecastQuantity;
  readonly stepMs: DurationMs;
  /** Those that issued before these were trained, newest first: what they said of days that are not over is scored once they are. */
  readonly earlier: readonly Generation[];
  readonly rowsUsed: number;
  /** What differences of losses are measured in: how much the series differs from its mean. Fixed when first known; W. */
  readonly scaleW: number;
  readonly mixtures: Readonly<Record<Functional, MixtureState>>;
  /** Issues before this have been scored. */
  readonly scoredToMs: EpochMs;
  /** Mean absolute error of the mixture's median on scored days, newest and usual, by which drift is noticed; W. */
  readonly errorW: { readonly week: number; readonly usual: number };
}

export const untaught = (quantity: ForecastQuantity, stepMs: DurationMs, startMs: EpochMs, scaleW: number): SeriesModels => ({
  version: 3,
  quantity,
  stepMs,
  trainedToMs: startMs,
  earlier: [],
  rowsUsed: 0,
  scaleW,
  mixtures: Object.fromEntries(FUNCTIONALS.map((functional) => [functional, NO_ROUNDS])) as Record<Functional, MixtureState>,
  scoredToMs: startMs,
  errorW: { week: 0, usual: 0 },
});

/** Issues look two days ahead, and training is a night's work. */
const GENERATIONS_KEPT = 2;
/** Trainings that follow each other faster, as on drift, are one generation. */
const GENERATION_MS: DurationMs = 20 * HOUR_MS;

const generationOf = ({ roof, ridge, network, trainedToMs }: SeriesModels): Generation => ({
  trainedToMs,
  ...(roof ? { roof } : {}),
  ...(ridge ? { ridge } : {}),
  ...(network ? { network } : {}),
});

/** What has to be kept of models that are about to be trained anew. */
export const generationsOf = (models: SeriesModels): readonly Generation[] => {
  const { earlier, trainedToMs } = models;
  const isNext = !earlier[0] || trainedToMs - earlier[0].trainedToMs >= GENERATION_MS;
  return isNext ? [generationOf(models), ...earlier].slice(0, GENERATIONS_KEPT) : earlier;
};

/** The models as they issued at a moment: of the newest training that had seen nothing later. Absent where none of those is kept. */
export const modelsAt = (models: SeriesModels, atMs: EpochMs): SeriesModels | undefined => {
  if (models.trainedToMs <= atMs) return models;
  const generation = models.earlier.find(({ trainedToMs }) => trainedToMs <= atMs);
  if (!generation) return undefined;
  const { roof: _roof, ridge: _ridge, network: _network, ...lasting } = models;
  return { ...lasting, earlier: [], ...generation };
};
