import { NeuralNetwork } from 'brain.js';
import { randomStream } from '../../kernel/random.js';
import type { NetworkWeights, TrainingEffort } from '../network.js';
import type { NetRunner, NetTrainer, TrainingRow } from '../network-fit.js';

/** The learning rate falls from the first to the second over the epochs. */
const RATES = [0.02, 0.001] as const;

type Net = NeuralNetwork<number[], number[]>;

const newNet = (inputs: number, hidden: number): Net => {
  const net: Net = new NeuralNetwork({ inputSize: inputs, hiddenLayers: [hidden], outputSize: 1, activation: 'tanh' });
  net.initialize();
  return net;
};

/**
 * Trains one brain.js net with one hidden layer of tanh. brain.js draws its first weights and passes over the rows in their
 * order; so that a seed gives the same net, weights and order are drawn here, and rows are passed one by one.
 */
export const trainBrainNet: NetTrainer = (rows: readonly TrainingRow[], effort: TrainingEffort, seed: number): NetworkWeights => {
  const random = randomStream(seed);
  const net = newNet(rows[0]?.inputs.length ?? 1, effort.hidden);
  for (let layer = 1; layer < net.sizes.length; layer += 1) {
    const reach = 1 / Math.sqrt(net.sizes[layer - 1]!);
    for (const weights of net.weights[layer]!) for (let k = 0; k < weights.length; k += 1) weights[k] = (2 * random() - 1) * reach;
    net.biases[layer]!.fill(0);
  }
  const patterns = rows.map(({ inputs, target }) => ({ input: Float32Array.from(inputs), output: Float32Array.of(target) }));
  for (let epoch = 0; epoch < effort.epochs; epoch += 1) {
    const learningRate = RATES[0] * (RATES[1] / RATES[0]) ** (epoch / Math.max(1, effort.epochs - 1));
    net.updateTrainingOptions({ learningRate, momentum: 0.1 });
    shuffle(patterns, random);
    for (const pattern of patterns) net.trainPattern(pattern);
  }
  return {
    weights: net.weights.slice(1).map((layer) => layer.map((weights) => Array.from(weights, compact))),
    biases: net.biases.slice(1).map((biases) => Array.from(biases, compact)),
  };
};

/** Seven digits are what brain.js keeps itself; they keep the stored JSON small. */
const compact = (value: number): number => Number(value.toPrecision(7));

const shuffle = <T>(items: T[], random: () => number): void => {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
};

/** Puts stored weights back into a brain.js net. */
export const runBrainNet: NetRunner = (stored: NetworkWeights) => {
  const net = newNet(stored.weights[0]![0]!.length, stored.weights[0]!.length);
  stored.weights.forEach((layer, index) => {
    layer.forEach((weights, node) => weights.forEach((weight, k) => (net.weights[index + 1]![node]![k] = weight)));
    stored.biases[index]!.forEach((bias, node) => (net.biases[index + 1]![node] = bias));
  });
  return (inputs) => net.runInput(Float32Array.from(inputs))[0]!;
};
