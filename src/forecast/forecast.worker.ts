import { monotonicMs } from '../platform/clock.js';
import { serveJobs } from '../platform/worker-pool.js';
import { BRAIN_NETS } from './adapters/brain-network.js';
import type { Distribution } from './distribution.js';
import type { PoolingRequest, PredictionRequest } from './forecaster.port.js';
import { learn, type LearningTask } from './learning.js';
import { pooled } from './pooling.js';
import { predictSlots } from './prediction.js';
import { type DayScores, dayScores } from './scoreboard.js';
import type { SeriesModels } from './series-models.js';

export type ForecastRequest =
  | ({ readonly kind: 'learn' } & LearningTask)
  | ({ readonly kind: 'pool' } & PoolingRequest)
  | ({ readonly kind: 'predict' } & PredictionRequest);

export type ForecastReply =
  | { readonly models: SeriesModels | undefined; readonly scores: readonly DayScores[]; readonly seconds: number }
  | { readonly slots: (Distribution[] | undefined)[] };

serveJobs<ForecastRequest, ForecastReply>((request) => {
  if (request.kind === 'predict') return { slots: request.items.map((item) => predictSlots(item, request, BRAIN_NETS.run)) };
  const beganMs = monotonicMs();
  const scores =
    request.kind === 'learn' && request.models ? dayScores(request, request.models, request.models.scoredToMs, BRAIN_NETS) : [];
  const models = request.kind === 'learn' ? learn(request, BRAIN_NETS) : pooled(request.tasks, BRAIN_NETS);
  return { models, scores, seconds: (monotonicMs() - beganMs) / 1_000 };
});
