import { setTimeout as pause } from 'node:timers/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { BRAIN_NETS } from '../../src/forecast/adapters/brain-network.js';
import type { Distribution } from '../../src/forecast/distribution.js';
import type { PredictionItem } from '../../src/forecast/forecaster.port.js';
import { learn } from '../../src/forecast/learning.js';
import type { PowerSeries } from '../../src/forecast/history.js';
import { DEFAULT_EFFORT } from '../../src/forecast/network.js';
import type { ForecastQuantity, SeriesModels } from '../../src/forecast/series-models.js';
import { WorkerForecaster } from '../../src/forecast/worker-forecaster.js';
import { SLOT_MS } from '../../src/kernel/interval.js';
import { gaussian, randomStream } from '../../src/kernel/random.js';
import { DAY_MS } from '../../src/kernel/units.js';
import type { BenchRow } from './bench-row.js';

const SITES = 1_000;
const ZONE = 'Europe/Berlin';
const START_MS = Date.UTC(2024, 3, 1);
const PAST_DAYS = 63;

const madeUp = (quantity: ForecastQuantity, seed: number): PowerSeries => {
  const random = randomStream(seed);
  const values = Array.from({ length: (PAST_DAYS * DAY_MS) / SLOT_MS }, (_, slot) => {
    const hour = ((slot * SLOT_MS) % DAY_MS) / 3_600_000;
    const shape =
      quantity === 'pv' ? Math.max(0, 4_000 * Math.sin(((hour - 4) / 15) * Math.PI)) : 300 + 900 * Math.exp(-((hour - 18) ** 2) / 6);
    return Math.max(0, shape * (1 + 0.3 * gaussian(random)));
  });
  return { startMs: START_MS, stepMs: SLOT_MS, values };
};

/** 48 h of load and sun for a thousand sites from trained models, through the worker as the plant does it. */
export const fleetForecastRows = async (): Promise<BenchRow[]> => {
  const taught = new Map<ForecastQuantity, SeriesModels>();
  for (const quantity of ['load', 'pv'] as const) {
    const series = madeUp(quantity, 1);
    taught.set(quantity, learn({ quantity, series, zone: ZONE, seed: 1, effort: { ...DEFAULT_EFFORT, maxRows: 2_000 } }, BRAIN_NETS));
  }
  const histories = Array.from({ length: 8 }, (_, seed) => ({ load: madeUp('load', seed), pv: madeUp('pv', seed) }));
  const items = (site: number): PredictionItem[] =>
    (['load', 'pv'] as const).map((quantity) => ({ series: histories[site % 8]![quantity], zone: ZONE, models: taught.get(quantity)! }));
  const issuedAtMs = START_MS + PAST_DAYS * DAY_MS;
  const ahead = { issuedAtMs, startMs: issuedAtMs, slots: 192 };
  const forecaster = new WorkerForecaster();
  try {
    await Promise.all([forecaster.predict({ ...ahead, items: items(0) }), forecaster.predict({ ...ahead, items: items(1) })]);
    await pause(200);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const beganMs = performance.now();
    let known = 0;
    const four = (site: number): Promise<(Distribution[] | undefined)[]> =>
      forecaster.predict({ ...ahead, items: [0, 1, 2, 3].flatMap((next) => items(site + next)) });
    for (let site = 0; site < SITES; site += 8) {
      const slots = (await Promise.all([four(site), four(site + 4)])).flat();
      known += slots.filter((one): one is Distribution[] => one !== undefined).length;
    }
    const seconds = (performance.now() - beganMs) / 1_000;
    delay.disable();
    return [
      { what: `48 h of load and sun for ${known / 2} sites`, value: seconds, unit: 's', bound: 10 },
      { what: 'longest the event loop was held meanwhile', value: delay.max / 1e6, unit: 'ms', bound: 20 },
    ];
  } finally {
    await forecaster.close();
  }
};
