import type { EpochMs } from '../kernel/units.js';
import type { Scaling } from './features.js';
import type { PowerSeries } from './history.js';

/** Weights of one small feed-forward network: `weights[layer][node][input]`, `biases[layer][node]`, layer 0 being the first hidden one. */
export interface NetworkWeights {
  readonly weights: readonly (readonly (readonly number[])[])[];
  readonly biases: readonly (readonly number[])[];
}

/** A trained model as it is stored: a few nets whose mean corrects the naive blend. */
export interface StoredNetwork {
  readonly version: 1;
  readonly stepMs: number;
  readonly scaling: Scaling;
  /** Watts that an output of 1 stands for. */
  readonly residualScaleW: number;
  /** How much of the correction is believed, 0–1: what was best on days held back. 0 is the naive blend itself. */
  readonly trust: number;
  readonly nets: readonly NetworkWeights[];
}

export interface TrainingEffort {
  readonly nets: number;
  readonly hidden: number;
  readonly epochs: number;
  readonly maxRows: number;
}

export const DEFAULT_EFFORT: TrainingEffort = { nets: 3, hidden: 10, epochs: 14, maxRows: 3_000 };

export interface TrainingRequest {
  readonly kind: 'train';
  readonly series: PowerSeries;
  readonly zone: string;
  readonly seed: number;
  readonly effort: TrainingEffort;
}

/** Absent network: too little history for one. */
export interface TrainingReply {
  readonly network?: StoredNetwork;
  readonly rowsUsed: number;
  readonly seconds: number;
}

export interface PredictionItem {
  readonly series: PowerSeries;
  readonly zone: string;
  /** Absent: the naive blend alone. */
  readonly network?: StoredNetwork;
}

export interface PredictionRequest {
  readonly kind: 'predict';
  readonly issuedAtMs: EpochMs;
  readonly startMs: EpochMs;
  readonly slots: number;
  readonly items: readonly PredictionItem[];
}

/** Powers ahead, one array an item; absent where there is no past to go by. */
export interface PredictionReply {
  readonly powersW: readonly (readonly number[] | undefined)[];
}

export type ForecastRequest = TrainingRequest | PredictionRequest;
export type ForecastReply = TrainingReply | PredictionReply;
