import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AdapterError } from '../kernel/errors.js';
import { workerEntry, WorkerPool } from './worker-pool.js';

/** Echoes, and misbehaves when told to. It speaks the pool's own protocol through the compiled `serveJobs`. */
const SOURCE = `
import { threadId } from 'node:worker_threads';
import { serveJobs } from ${JSON.stringify(workerEntry(import.meta.url, './worker-pool.js').href)};
const order = [];
serveJobs(async (request) => {
  if (request === 'throw') throw new Error('no such thing');
  if (request === 'die') process.exit(3);
  if (request === 'hang') await new Promise(() => setInterval(() => undefined, 1_000));
  if (request === 'odd') return () => undefined;
  order.push(request);
  if (request === 'order') return order;
  return { request, threadId };
});
`;

let dir: string;
let entry: URL;
let pool: WorkerPool<string, unknown>;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'worker-pool-'));
  writeFileSync(join(dir, 'echo.worker.mjs'), SOURCE);
  entry = pathToFileURL(join(dir, 'echo.worker.mjs'));
});
afterAll(() => rmSync(dir, { recursive: true }));
afterEach(() => pool.close());

describe('a worker pool', () => {
  it('answers each request with its own reply', async () => {
    pool = new WorkerPool(() => entry, { threads: 2 });
    const replies = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((request) => pool.run(request)));
    expect(replies.map((reply) => (reply as { request: string }).request)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(new Set(replies.map((reply) => (reply as { threadId: number }).threadId)).size).toBe(2);
  });

  it('starts no thread before there is work', async () => {
    let started = 0;
    pool = new WorkerPool(() => {
      started += 1;
      return entry;
    });
    expect(started).toBe(0);
    await pool.run('a');
    await pool.run('b');
    expect(started).toBe(1);
  });

  it('takes what is urgent before what waits', async () => {
    pool = new WorkerPool(() => entry);
    const waiting = [pool.run('first'), pool.run('second'), pool.run('third'), pool.run('urgent', { urgent: true })];
    await Promise.all(waiting);
    expect(await pool.run('order')).toEqual(['first', 'urgent', 'second', 'third', 'order']);
  });

  it('rejects what fails, and goes on', async () => {
    pool = new WorkerPool(() => entry);
    const failed = pool.run('throw');
    const next = pool.run('a');
    await expect(failed).rejects.toThrow(new AdapterError('no such thing', false));
    await expect(next).resolves.toMatchObject({ request: 'a' });
    await expect(pool.run('odd')).rejects.toBeInstanceOf(AdapterError);
    await expect(pool.run('b')).resolves.toMatchObject({ request: 'b' });
  });

  it('starts another thread when one dies, and says that trying again may help', async () => {
    pool = new WorkerPool(() => entry);
    const [died, next] = [pool.run('die'), pool.run('a')];
    await expect(died).rejects.toMatchObject({ message: 'worker ended with code 3', retryable: true });
    await expect(next).resolves.toMatchObject({ request: 'a' });
  });

  it('ends a thread that does not answer in time', async () => {
    pool = new WorkerPool(() => entry, { timeoutMs: 1_500 });
    await expect(pool.run('hang')).rejects.toMatchObject({ message: 'no answer within 1500 ms', retryable: true });
    await expect(pool.run('a')).resolves.toMatchObject({ request: 'a' });
  });

  it('rejects what ran and what waited when it is closed, and all that comes later', async () => {
    pool = new WorkerPool(() => entry);
    const [ran, waited] = [pool.run('hang'), pool.run('a')];
    const outcomes = Promise.allSettled([ran, waited]);
    await pool.close();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(pool.run('b')).rejects.toThrow('closed');
  });

  it('rejects where the worker’s file is not there', async () => {
    pool = new WorkerPool(() => workerEntry(import.meta.url, './nowhere.worker.js'));
    await expect(pool.run('a')).rejects.toThrow('is not built');
  });
});
