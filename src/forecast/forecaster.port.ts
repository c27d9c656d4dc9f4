import type { PredictionReply, PredictionRequest, TrainingReply, TrainingRequest } from './network.js';

/** Trains and runs networks, off the event loop. Throws `AdapterError`. */
export abstract class Forecaster {
  abstract train(request: Omit<TrainingRequest, 'kind'>): Promise<TrainingReply>;
  /** Goes before training that waits. */
  abstract predict(request: Omit<PredictionRequest, 'kind'>): Promise<PredictionReply>;
  abstract close(): Promise<void>;
}
