import { serveJobs } from '../platform/worker-pool.js';
import { monotonicMs } from '../platform/clock.js';
import { runBrainNet, trainBrainNet } from './adapters/brain-network.js';
import type { ForecastReply, ForecastRequest } from './network.js';
import { fitNetwork, predict } from './network-fit.js';

serveJobs<ForecastRequest, ForecastReply>((request) => {
  if (request.kind === 'predict')
    return { powersW: request.items.map(({ series, zone, network }) => predict(series, zone, network, request, runBrainNet)) };
  const beganMs = monotonicMs();
  const fitted = fitNetwork(request.series, request.zone, request.seed, request.effort, trainBrainNet, runBrainNet);
  return { network: fitted?.network, rowsUsed: fitted?.rowsUsed ?? 0, seconds: (monotonicMs() - beganMs) / 1_000 };
});
