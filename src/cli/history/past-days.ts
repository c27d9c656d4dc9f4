import { WorkerPool, workerEntry } from '../../platform/worker-pool.js';
import { MINUTE_MS } from '../../kernel/units.js';
import type { SiteState } from '../../simulator/index.js';
import type { HistoryDay, HistorySpec } from './history-spec.js';

/** What the history's thread is asked: to live through a stretch, and then for its days one by one. */
export type PastRequest = { readonly kind: 'live'; readonly spec: HistorySpec } | { readonly kind: 'day'; readonly index: number };
export type PastReply =
  | { readonly kind: 'lived'; readonly days: number; readonly end: readonly SiteState[] }
  | { readonly kind: 'day'; readonly day: HistoryDay };

/** Past days made in a thread of their own, and handed over one at a time: a month of readings at once would fill the plant's memory. */
export class PastDays {
  private readonly thread = new WorkerPool<PastRequest, PastReply>(() => workerEntry(import.meta.url, './history.worker.js'), {
    threads: 1,
    idleMs: 10 * MINUTE_MS,
  });

  async live(spec: HistorySpec): Promise<{ days: number; end: readonly SiteState[] }> {
    const reply = await this.thread.run({ kind: 'live', spec });
    if (reply.kind !== 'lived') throw new Error('the history thread answered something else');
    return reply;
  }

  async day(index: number): Promise<HistoryDay> {
    const reply = await this.thread.run({ kind: 'day', index });
    if (reply.kind !== 'day') throw new Error('the history thread answered something else');
    return reply.day;
  }

  /** Ends the thread, and whatever it is asked then is rejected. */
  close(): Promise<void> {
    return this.thread.close();
  }
}
