import type { Distribution } from './distribution.js';
import type { PowerSeries } from './history.js';
import type { LearningTask } from './learning.js';
import type { DayScores } from './scoreboard.js';
import type { Ahead } from './seasonal-naive.js';
import type { SeriesModels } from './series-models.js';
import type { Weather } from './weather.js';

export interface LearningReply {
  readonly models: SeriesModels;
  readonly seconds: number;
}

/** With how the models that had been there before did on the days that have come since. */
export interface ScoredLearningReply extends LearningReply {
  readonly scores: readonly DayScores[];
}

/** Sites of one kind whose histories are learnt from together. */
export interface PoolingRequest {
  readonly tasks: readonly LearningTask[];
}

export interface PredictionItem {
  readonly series: PowerSeries;
  readonly zone: string;
  /** Absent: the naive blend alone. */
  readonly models?: SeriesModels;
  readonly weather?: Weather;
}

export interface PredictionRequest extends Ahead {
  readonly items: readonly PredictionItem[];
}

/** Trains and runs models, off the event loop. Throws `AdapterError`. */
export abstract class Forecaster {
  abstract learn(task: LearningTask): Promise<ScoredLearningReply>;
  /** One set of models from all tasks, which each have their own; undefined where they have too little between them. */
  abstract pool(request: PoolingRequest): Promise<LearningReply | undefined>;
  /** Slots ahead, one array an item; absent where there is no past to go by. Goes before learning that waits. */
  abstract predict(request: PredictionRequest): Promise<(Distribution[] | undefined)[]>;
  abstract close(): Promise<void>;
}
