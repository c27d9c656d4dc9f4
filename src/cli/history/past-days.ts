import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AdapterError } from '../../kernel/errors.js';
import { workerEntry } from '../../platform/worker-pool.js';
import type { SiteState } from '../../simulator/index.js';
import type { HistoryDay, HistorySpec } from './history-spec.js';

/** What the history's process is asked: to live through a stretch, and then for its days one by one. */
export type PastRequest = { readonly kind: 'live'; readonly spec: HistorySpec } | { readonly kind: 'day'; readonly index: number };
export type PastReply =
  | { readonly kind: 'lived'; readonly days: number; readonly end: readonly SiteState[] }
  | { readonly kind: 'day'; readonly day: HistoryDay }
  | { readonly kind: 'failed'; readonly message: string };

/** A stretch that was lived through: how many days it has, and how the hardware stands at its end. */
export interface Lived {
  readonly days: number;
  readonly end: readonly SiteState[];
}

/**
 * Past days made in a process of their own, and handed over one at a time. A month of readings at once would fill the plant's
 * memory; and what a thread has taken from the system stays with its process, where a process gives it back.
 */
export class PastDays {
  private child: ChildProcess | undefined;

  async live(spec: HistorySpec): Promise<Lived> {
    const reply = await this.ask({ kind: 'live', spec });
    if (reply.kind !== 'lived')
      throw new AdapterError(`history: ${reply.kind === 'failed' ? reply.message : 'an answer to another question'}`, false);
    return reply;
  }

  async day(index: number): Promise<HistoryDay> {
    const reply = await this.ask({ kind: 'day', index });
    if (reply.kind !== 'day')
      throw new AdapterError(`history: ${reply.kind === 'failed' ? reply.message : 'an answer to another question'}`, false);
    return reply.day;
  }

  /** Ends the process; what it is asked then is rejected. */
  close(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  /** One question at a time. */
  private ask(request: PastRequest): Promise<PastReply> {
    const child = (this.child ??= fork(fileURLToPath(workerEntry(import.meta.url, './history.process.js')), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }));
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new AdapterError('the process that makes history ended', true));
      child.once('exit', ended);
      child.once('message', (reply) => {
        child.off('exit', ended);
        resolve(reply as PastReply);
      });
      child.send(request, (error) => {
        if (error) ended();
      });
    });
  }
}
