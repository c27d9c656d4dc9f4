import { NeuralNetwork } from 'brain.js';
import { randomStream } from '../../kernel/random.js';
import {
  type NetRunner,
  type Nets,
  type NetTrainer,
  type NetworkWeights,
  OUTPUT_LEVELS,
  type TrainingEffort,
  type TrainingRow,
} from '../network.js';

/** The learning rate falls from the first to the second over the epochs; half of the first where weights are gone on with. */
const RATES = [0.02, 0.001] as const;
/** Pinball loss pulls as hard near the truth as far from it; this much of it keeps pace with the squared error of the mean. */
const PINBALL_PULL = 0.25;
/** No one row pulls the mean harder than so. */
const MOST_PULL = 1.2;

type Net = NeuralNetwork<number[], number[]>;

const newNet = (inputs: number, hidden: number): Net => {
  const net: Net = new NeuralNetwork({
    inputSize: inputs,
    hiddenLayers: [hidden],
    outputSize: 1 + OUTPUT_LEVELS.length,
    activation: 'tanh',
  });
  net.initialize();
  return net;
};

const setWeights = (net: Net, { weights, biases }: NetworkWeights): void => {
  weights.forEach((layer, index) => {
    layer.forEach((ofNode, node) => ofNode.forEach((weight, k) => (net.weights[index + 1]![node]![k] = weight)));
    biases[index]!.forEach((bias, node) => (net.biases[index + 1]![node] = bias));
  });
};

const drawWeights = (net: Net, random: () => number): void => {
  for (let layer = 1; layer < net.sizes.length; layer += 1) {
    const reach = 1 / Math.sqrt(net.sizes[layer - 1]!);
    for (const weights of net.weights[layer]!) for (let k = 0; k < weights.length; k += 1) weights[k] = (2 * random() - 1) * reach;
    net.biases[layer]!.fill(0);
  }
};

/**
 * Trains one brain.js net with one hidden layer of tanh and outputs for the mean and the quantiles. brain.js knows squared error
 * alone, whose gradient is target less output: the target is set so that this is the gradient of each output's own loss. It
 * would draw its own weights and keep the rows' order; so that a seed gives the same net, both are drawn here.
 */
const trainBrainNet: NetTrainer = (rows: readonly TrainingRow[], effort: TrainingEffort, seed: number, warm?: NetworkWeights) => {
  const random = randomStream(seed);
  const net = newNet(rows[0]?.inputs.length ?? 1, effort.hidden);
  if (warm) setWeights(net, warm);
  else drawWeights(net, random);
  const epochs = warm ? effort.warmEpochs : effort.epochs;
  const first = warm ? RATES[0] / 2 : RATES[0];
  const order = Uint32Array.from(rows, (_, index) => index);
  const target = new Float32Array(1 + OUTPUT_LEVELS.length);
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    net.updateTrainingOptions({ learningRate: first * (RATES[1] / first) ** (epoch / Math.max(1, epochs - 1)), momentum: 0.1 });
    shuffle(order, random);
    for (const index of order) step(net, rows[index]!, target);
  }
  return {
    weights: net.weights.slice(1).map((layer) => layer.map((weights) => Array.from(weights, compact))),
    biases: net.biases.slice(1).map((biases) => Array.from(biases, compact)),
  };
};

const step = (net: Net, row: TrainingRow, target: Float32Array): void => {
  const outputs = net.runInput(row.inputs);
  target[0] = outputs[0]! + row.weight * Math.max(-MOST_PULL, Math.min(MOST_PULL, row.target - outputs[0]!));
  for (let index = 0; index < OUTPUT_LEVELS.length; index += 1) {
    const level = OUTPUT_LEVELS[index]!;
    const output = outputs[index + 1]!;
    target[index + 1] = output + row.weight * PINBALL_PULL * (row.target > output ? level : level - 1);
  }
  net.calculateDeltas(target);
  net.adjustWeights();
};

/** Seven digits are what brain.js keeps itself; they keep the stored JSON small. */
const compact = (value: number): number => Number(value.toPrecision(7));

const shuffle = (items: Uint32Array, random: () => number): void => {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
};

/** Puts stored weights back into a brain.js net. The outputs are overwritten by the next run. */
const runBrainNet: NetRunner = (stored: NetworkWeights) => {
  const net = newNet(stored.weights[0]![0]!.length, stored.weights[0]!.length);
  setWeights(net, stored);
  return (inputs) => net.runInput(inputs);
};

/** brain.js as the models' trainer and runner. */
export const BRAIN_NETS: Nets = { train: trainBrainNet, run: runBrainNet };
