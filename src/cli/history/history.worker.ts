import { serveJobs } from '../../platform/worker-pool.js';
import { HistoryRun } from './history-run.js';
import type { History, HistorySpec } from './history-spec.js';

serveJobs<HistorySpec, History>((spec) => new HistoryRun(spec).run());
