import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';
import { AdapterError, messageOf } from '../kernel/errors.js';
import type { DurationMs } from '../kernel/units.js';

export interface WorkerPoolOptions {
  /** Most threads at once. */
  readonly threads?: number;
  /** A job that takes longer is ended with its thread and rejected. */
  readonly timeoutMs?: DurationMs;
  /** A thread without work for so long is ended; the next job starts another. */
  readonly idleMs?: DurationMs;
}

interface RunOptions {
  readonly urgent?: boolean;
  /** Counted from when the job is handed to a thread. */
  readonly timeoutMs?: DurationMs | undefined;
}

interface Job<Request, Reply> {
  readonly request: Request;
  readonly timeoutMs: DurationMs | undefined;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

interface Thread<Request, Reply> {
  readonly worker: Worker;
  job?: Job<Request, Reply>;
  timer?: NodeJS.Timeout;
}

type Answer<Reply> =
  { readonly ok: true; readonly reply: Reply } | { readonly ok: false; readonly message: string; readonly retryable: boolean };

/**
 * A worker's compiled entry file beside the module that names it. Tests run from the TypeScript sources, which a thread
 * cannot load, so they are given the build in `dist`.
 */
export const workerEntry = (moduleUrl: string, file: string): URL => {
  const beside = new URL(file, moduleUrl);
  const path = fileURLToPath(beside);
  if (existsSync(path)) return beside;
  const built = path.replace(/([\\/])src([\\/])(?!.*[\\/]src[\\/])/, '$1dist$1src$2');
  if (!existsSync(built)) throw new Error(`worker ${file} is not built: run "npm run build"`);
  return pathToFileURL(built);
};

/**
 * A few threads that answer typed requests in order. They start when first needed, and do not keep the process alive while
 * idle. Failures reject with `AdapterError`: retryable where the thread died or was too slow.
 */
export class WorkerPool<Request, Reply> {
  private readonly threads: Thread<Request, Reply>[] = [];
  private readonly queue: Job<Request, Reply>[] = [];
  private closed = false;

  constructor(
    private readonly entry: () => URL,
    private readonly options: WorkerPoolOptions = {},
  ) {}

  /** Runs one request, in the pool's time or its own; an urgent one goes before all that wait. */
  run(request: Request, { urgent = false, timeoutMs = this.options.timeoutMs }: RunOptions = {}): Promise<Reply> {
    if (this.closed) return Promise.reject(new AdapterError('the worker pool is closed', false));
    return new Promise((resolve, reject) => {
      const job = { request, timeoutMs, resolve, reject };
      if (urgent) this.queue.unshift(job);
      else this.queue.push(job);
      this.next();
    });
  }

  /** Ends all threads; what still ran or waited is rejected. */
  async close(): Promise<void> {
    this.closed = true;
    const closing = new AdapterError('the worker pool was closed', false);
    for (const job of this.queue.splice(0)) job.reject(closing);
    await Promise.all(this.threads.splice(0).map((thread) => this.end(thread, closing)));
  }

  private next(): void {
    while (this.queue.length > 0) {
      const thread = this.threads.find(({ job }) => job === undefined);
      if (!thread && this.threads.length >= (this.options.threads ?? 1)) return;
      const job = this.queue.shift()!;
      try {
        this.hand(thread ?? this.start(), job);
      } catch (error) {
        job.reject(new AdapterError(messageOf(error), false, { cause: error }));
      }
    }
  }

  private start(): Thread<Request, Reply> {
    const worker = new Worker(this.entry());
    const thread: Thread<Request, Reply> = { worker };
    worker.on('message', (answer: Answer<Reply>) => this.settle(thread, answer));
    worker.on('error', (error) => this.lose(thread, messageOf(error)));
    worker.on('exit', (code) => this.lose(thread, `worker ended with code ${code}`));
    this.threads.push(thread);
    return thread;
  }

  private hand(thread: Thread<Request, Reply>, job: Job<Request, Reply>): void {
    thread.job = job;
    clearTimeout(thread.timer);
    const { timeoutMs } = job;
    if (timeoutMs !== undefined) thread.timer = setTimeout(() => this.lose(thread, `no answer within ${timeoutMs} ms`), timeoutMs);
    thread.worker.ref();
    try {
      thread.worker.postMessage(job.request);
    } catch (error) {
      this.settle(thread, { ok: false, message: messageOf(error), retryable: false });
    }
  }

  private settle(thread: Thread<Request, Reply>, answer: Answer<Reply>): void {
    const { job } = thread;
    if (!job) return;
    delete thread.job;
    clearTimeout(thread.timer);
    thread.worker.unref();
    const { idleMs } = this.options;
    if (idleMs !== undefined) thread.timer = setTimeout(() => this.lose(thread, 'idle'), idleMs).unref();
    if (answer.ok) job.resolve(answer.reply);
    else job.reject(new AdapterError(answer.message, answer.retryable));
    this.next();
  }

  private lose(thread: Thread<Request, Reply>, reason: string): void {
    const index = this.threads.indexOf(thread);
    if (index < 0) return;
    this.threads.splice(index, 1);
    void this.end(thread, new AdapterError(reason, true)).catch(() => undefined);
    this.next();
  }

  private async end(thread: Thread<Request, Reply>, error: Error): Promise<void> {
    clearTimeout(thread.timer);
    thread.job?.reject(error);
    delete thread.job;
    await thread.worker.terminate();
  }
}

/** The other side, called once in a `*.worker.ts`: answers each request with what `answer` makes of it, one at a time. */
export const serveJobs = <Request, Reply>(answer: (request: Request) => Reply | Promise<Reply>): void => {
  const port = parentPort;
  if (!port) throw new Error('serveJobs belongs in a worker thread');
  port.on('message', (request: Request) => {
    void (async () => {
      try {
        port.postMessage({ ok: true, reply: await answer(request) });
      } catch (error) {
        port.postMessage({ ok: false, message: messageOf(error), retryable: error instanceof AdapterError && error.retryable });
      }
    })();
  });
};
