import { momentOf } from '../kernel/local-day.js';
import { gaussian, randomStream } from '../kernel/random.js';
import { HOUR_MS } from '../kernel/units.js';
import { BRAIN_NETS } from './adapters/brain-network.js';
import type { PowerSeries } from './history.js';
import { learn, type LearningTask } from './learning.js';
import type { SeriesModels } from './series-models.js';

export const ZONE = 'Europe/Berlin';
export const START_MS = momentOf(ZONE, '2024-05-01');
/** A small effort: tests are about what is done, not how well. */
export const EFFORT = { nets: 2, hidden: 8, epochs: 8, warmEpochs: 3, maxRows: 1_500 };

/** Days of a made-up home: nights low, mornings and evenings high, weekends otherwise, noise on top. Hourly unless said otherwise. */
export const home = (days: number, seed = 1, stepMs = HOUR_MS, startMs = START_MS): PowerSeries => {
  const random = randomStream(seed);
  const perDay = 86_400_000 / stepMs;
  const values = Array.from({ length: days * perDay }, (_, slot) => {
    const hour = (slot % perDay) / (perDay / 24);
    const weekend = [3, 4].includes(Math.floor(slot / perDay) % 7);
    const shape = 300 + 900 * Math.exp(-((hour - 7) ** 2) / 2) + 1_800 * Math.exp(-((hour - (weekend ? 13 : 19)) ** 2) / 5);
    return Math.max(0, shape * (1 + 0.2 * gaussian(random)));
  });
  return { startMs, stepMs, values };
};

export const taskOf = (series: PowerSeries, more: Partial<LearningTask> = {}): LearningTask => ({
  quantity: 'load',
  series,
  zone: ZONE,
  seed: 7,
  effort: EFFORT,
  ...more,
});

export const learnt = (series: PowerSeries, more: Partial<LearningTask> = {}): SeriesModels => learn(taskOf(series, more), BRAIN_NETS);
