import type { DurationMs, EpochMs } from '../kernel/units.js';
import type { Roof } from './clear-sky.js';
import { FUNCTIONALS, type Functional } from './distribution.js';
import { type MixtureState, NO_ROUNDS } from './ml-poly.js';
import type { StoredNetwork } from './network.js';
import type { RidgeModel } from './ridge.js';

export const QUANTITIES = ['load', 'pv'] as const;
export type ForecastQuantity = (typeof QUANTITIES)[number];

/** All that has been learnt of one series, as it is stored: models, and how well each has done. */
export interface SeriesModels {
  readonly version: 2;
  readonly quantity: ForecastQuantity;
  readonly stepMs: DurationMs;
  /** Of the sun alone. */
  readonly roof?: Roof;
  readonly ridge?: RidgeModel;
  readonly network?: StoredNetwork;
  /** The models have seen nothing later. */
  readonly trainedToMs: EpochMs;
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
  version: 2,
  quantity,
  stepMs,
  trainedToMs: startMs,
  rowsUsed: 0,
  scaleW,
  mixtures: Object.fromEntries(FUNCTIONALS.map((functional) => [functional, NO_ROUNDS])) as Record<Functional, MixtureState>,
  scoredToMs: startMs,
  errorW: { week: 0, usual: 0 },
});
