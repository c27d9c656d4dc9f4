import { messageOf } from '../../kernel/errors.js';
import { HistoryRun } from './history-run.js';
import type { HistoryDay } from './history-spec.js';
import type { PastReply, PastRequest } from './past-days.js';

/** The process behind `PastDays`: lives through what it is sent, and ends with the process that sent it. */
let days: readonly HistoryDay[] = [];

const answer = async (request: PastRequest): Promise<PastReply> => {
  if (request.kind === 'day') {
    const day = days[request.index];
    return day ? { kind: 'day', day } : { kind: 'failed', message: `there is no day ${request.index}` };
  }
  const lived = await new HistoryRun(request.spec).run();
  days = lived.days;
  return { kind: 'lived', days: days.length, end: lived.end };
};

process.on('message', (request: PastRequest) => {
  void answer(request)
    .catch((error: unknown): PastReply => ({ kind: 'failed', message: messageOf(error) }))
    .then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; this process ends when the plant that asked for it lets go.
process.on('SIGINT', () => undefined);
