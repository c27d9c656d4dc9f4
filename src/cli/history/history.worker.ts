import { serveJobs } from '../../platform/worker-pool.js';
import { HistoryRun } from './history-run.js';
import type { HistoryDay } from './history-spec.js';
import type { PastReply, PastRequest } from './past-days.js';

let days: readonly HistoryDay[] = [];

serveJobs<PastRequest, PastReply>(async (request) => {
  if (request.kind === 'day') return { kind: 'day', day: days[request.index]! };
  const lived = await new HistoryRun(request.spec).run();
  days = lived.days;
  return { kind: 'lived', days: days.length, end: lived.end };
});
