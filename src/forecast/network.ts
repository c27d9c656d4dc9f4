import { type Distribution, LEVEL } from './distribution.js';
import type { LearningRow } from './ridge.js';
import { type Scaling, scalingOf, standardise } from './scaling.js';
import type { SlotFeatures } from './slot-features.js';

/** Weights of one small feed-forward network: `weights[layer][node][input]`, `biases[layer][node]`, layer 0 being the first hidden one. */
export interface NetworkWeights {
  readonly weights: readonly (readonly (readonly number[])[])[];
  readonly biases: readonly (readonly number[])[];
}

/** A trained ensemble as it is stored: a few nets whose mean corrects the naive blend. */
export interface StoredNetwork {
  readonly scaling: Scaling;
  readonly nets: readonly NetworkWeights[];
}

export interface TrainingEffort {
  readonly nets: number;
  readonly hidden: number;
  /** Passes over the rows from scratch, and when weights of an earlier training are gone on with. */
  readonly epochs: number;
  readonly warmEpochs: number;
  readonly maxRows: number;
}

export const DEFAULT_EFFORT: TrainingEffort = { nets: 3, hidden: 12, epochs: 16, warmEpochs: 5, maxRows: 8_000 };

/** Standardised inputs; what the naive blend missed, in multiples of `OUTPUT_SCALE` of the row's own scale; how much the row counts. */
export interface TrainingRow {
  readonly inputs: Float32Array;
  readonly target: number;
  readonly weight: number;
}

/** Levels of a net's outputs after the first, which is the mean. */
export const OUTPUT_LEVELS = [LEVEL.p10, LEVEL.p50, LEVEL.p90] as const;

/** Trains one net with outputs mean, P10, P50, P90, from `warm` weights where given; the same seed gives the same weights. */
export type NetTrainer = (rows: readonly TrainingRow[], effort: TrainingEffort, seed: number, warm?: NetworkWeights) => NetworkWeights;
/** The outputs of one net: mean, P10, P50, P90. */
export type NetRunner = (net: NetworkWeights) => (inputs: Float32Array) => ArrayLike<number>;

/** Does what it is given, and notes how long a model takes for it. */
export type Stopwatch = <T>(model: string, act: () => T) => T;
export const untimed: Stopwatch = (_model, act) => act();

/** Trains and runs single nets; `timed` is told of the work of every model, where anybody asks. */
export interface Nets {
  readonly train: NetTrainer;
  readonly run: NetRunner;
  readonly timed?: Stopwatch;
}

/** Multiples of a row's scale that an output of 1 stands for: a spike six times the usual spread is still told apart. */
const OUTPUT_SCALE = 6;
const MOST_WEIGHT = 3;

/**
 * An ensemble on what the naive blend missed. Trained on the raw level nets do worse than naive; on the residual, with standardised
 * inputs, shuffled rows, tanh, a falling rate and the mean of a few small ones, better. A row counts as much as its time of day
 * usually differs, so that what is least is the error in watts.
 */
export const fitNetwork = (
  rows: readonly LearningRow[],
  effort: TrainingEffort,
  seed: number,
  trainer: NetTrainer,
  warm?: StoredNetwork,
): StoredNetwork | undefined => {
  const useful = rows.filter(({ scaleW }) => scaleW > 0);
  if (useful.length < 200) return undefined;
  const goingOn = warm?.scaling.mean.length === useful[0]!.inputs.length && warm.nets.length === effort.nets ? warm : undefined;
  const scaling = goingOn?.scaling ?? scalingOf(useful.map(({ inputs }) => inputs));
  const meanScale = useful.reduce((sum, { scaleW }) => sum + scaleW, 0) / useful.length;
  const training = useful.map(({ inputs, actualW, naiveW, scaleW }) => ({
    inputs: standardise(inputs, scaling),
    target: (actualW - naiveW) / scaleW / OUTPUT_SCALE,
    weight: Math.min(MOST_WEIGHT, scaleW / meanScale),
  }));
  const nets = Array.from({ length: effort.nets }, (_, net) => trainer(training, effort, seed + 1_000 * net, goingOn?.nets[net]));
  return { scaling, nets };
};

/** What a stored ensemble says of slots: the mean of its nets' outputs on top of the naive blend. */
export const networkForecaster = (network: StoredNetwork, runner: NetRunner): ((features: SlotFeatures) => Distribution) => {
  const runs = network.nets.map(runner);
  return ({ inputs, naiveW, scaleW }) => {
    const sums = [0, 0, 0, 0];
    const standard = standardise(inputs, network.scaling);
    for (const run of runs) {
      const outputs = run(standard);
      for (let index = 0; index < 4; index += 1) sums[index]! += outputs[index]! / runs.length;
    }
    const [mean, p10, p50, p90] = sums.map((sum) => naiveW + scaleW * OUTPUT_SCALE * sum) as [number, number, number, number];
    return { mean, p10, p50, p90 };
  };
};
