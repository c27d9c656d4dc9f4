import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { MINUTE_MS } from '../kernel/units.js';
import { workerEntry, WorkerPool } from '../platform/worker-pool.js';
import type { Distribution } from './distribution.js';
import type { ForecastReply, ForecastRequest } from './forecast.worker.js';
import {
  Forecaster,
  type LearningReply,
  type PoolingRequest,
  type PredictionRequest,
  type ScoredLearningReply,
} from './forecaster.port.js';
import type { LearningTask } from './learning.js';

const entry = (): URL => workerEntry(import.meta.url, './forecast.worker.js');

/** A plan waits for predictions: of a large fleet two threads make them side by side. */
export const PREDICTING_THREADS = 2;

/** brain.js in threads of its own: one learns for seconds on end, others answer what a plan waits for. */
@Injectable()
export class WorkerForecaster extends Forecaster implements OnModuleDestroy {
  private readonly learning = new WorkerPool<ForecastRequest, ForecastReply>(entry, {
    threads: 1,
    timeoutMs: 5 * MINUTE_MS,
    idleMs: 2 * MINUTE_MS,
  });
  private readonly predicting = new WorkerPool<ForecastRequest, ForecastReply>(entry, {
    threads: PREDICTING_THREADS,
    timeoutMs: MINUTE_MS,
    idleMs: 20 * MINUTE_MS,
  });

  async learn(task: LearningTask): Promise<ScoredLearningReply> {
    return (await this.learning.run({ kind: 'learn', ...task })) as ScoredLearningReply;
  }

  async pool(request: PoolingRequest): Promise<LearningReply | undefined> {
    const reply = (await this.learning.run({ kind: 'pool', ...request })) as Partial<LearningReply>;
    return reply.models ? (reply as LearningReply) : undefined;
  }

  async predict(request: PredictionRequest): Promise<(Distribution[] | undefined)[]> {
    const reply = (await this.predicting.run({ kind: 'predict', ...request }, { urgent: true })) as {
      slots: (Distribution[] | undefined)[];
    };
    return reply.slots;
  }

  async close(): Promise<void> {
    await Promise.all([this.learning.close(), this.predicting.close()]);
  }

  onModuleDestroy(): Promise<void> {
    return this.close();
  }
}
