import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { MINUTE_MS } from '../kernel/units.js';
import { workerEntry, WorkerPool } from '../platform/worker-pool.js';
import { Forecaster } from './forecaster.port.js';
import type { ForecastReply, ForecastRequest, PredictionReply, PredictionRequest, TrainingReply, TrainingRequest } from './network.js';

/** brain.js in one thread of its own: it takes 0.4 s to load and trains for seconds. */
@Injectable()
export class WorkerForecaster extends Forecaster implements OnModuleDestroy {
  private readonly pool = new WorkerPool<ForecastRequest, ForecastReply>(() => workerEntry(import.meta.url, './forecast.worker.js'), {
    threads: 1,
    timeoutMs: 2 * MINUTE_MS,
    idleMs: 2 * MINUTE_MS,
  });

  async train(request: Omit<TrainingRequest, 'kind'>): Promise<TrainingReply> {
    return (await this.pool.run({ kind: 'train', ...request })) as TrainingReply;
  }

  async predict(request: Omit<PredictionRequest, 'kind'>): Promise<PredictionReply> {
    return (await this.pool.run({ kind: 'predict', ...request }, { urgent: true })) as PredictionReply;
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  onModuleDestroy(): Promise<void> {
    return this.close();
  }
}
