import { expect, it } from 'vitest';
import type { Sample } from '../field/sample.js';
import { AdapterError } from '../kernel/errors.js';
import { SqliteReadingStore } from './adapters/sqlite-reading-store.js';
import type { ReadingStore } from './reading-store.port.js';
import { ReadingWriter, type WriterReport } from './reading-writer.js';

const T0 = Date.UTC(2026, 4, 1);
const sample = (i: number): Sample => ({ deviceId: 'pv-1', atMs: T0 + i * 1_000, values: { 'pv.powerW': i } });
const samples = (from: number, to: number): Sample[] => Array.from({ length: to - from }, (_, i) => sample(from + i));

/** A real store whose next appends can be made to fail, before or after it has stored. */
const unreliable = () => {
  const store = SqliteReadingStore.open(':memory:');
  const append = store.append.bind(store);
  const faults: ('before' | 'after')[] = [];
  const batches: number[] = [];
  store.append = async (batch) => {
    const fault = faults.shift();
    if (fault === 'before') throw new AdapterError('away', true);
    await append(batch);
    batches.push(batch.length);
    if (fault === 'after') throw new AdapterError('the answer was lost', true);
  };
  return { store, faults, batches };
};

const stored = async (store: ReadingStore): Promise<Sample[]> =>
  store.samples({ deviceIds: ['pv-1'], quantities: ['pv.powerW'], fromMs: 0, toMs: T0 * 2 });

it('brings samples in order and in batches', async () => {
  const { store, batches } = unreliable();
  const writer = new ReadingWriter(store, () => undefined, { maxQueued: 100, maxBatch: 4 });
  for (const each of samples(0, 10)) writer.add(each);
  await Promise.all([writer.flush(), writer.flush()]);
  expect(batches).toEqual([4, 4, 2]);
  expect(await stored(store)).toEqual(samples(0, 10));
});

it('loses and doubles nothing when the store fails, whether or not it had stored', async () => {
  const { store, faults } = unreliable();
  const reports: WriterReport[] = [];
  const writer = new ReadingWriter(store, (report) => reports.push(report), { maxQueued: 100, maxBatch: 4 });
  for (const each of samples(0, 10)) writer.add(each);
  faults.push('after');
  await writer.flush();
  faults.push('before');
  await writer.flush();
  expect(writer.queued).toBe(10);
  for (const each of samples(10, 12)) writer.add(each);
  await writer.flush();
  expect(await stored(store)).toEqual(samples(0, 12));
  expect(reports).toEqual([
    { kind: 'failing', queued: 10, lost: 0, oldestMs: T0, message: 'the answer was lost' },
    { kind: 'failing', queued: 10, lost: 0, oldestMs: T0, message: 'away' },
    { kind: 'recovered', lost: 0 },
  ]);
});

it('gives up the oldest when the queue is full, and says how many', async () => {
  const { store, faults } = unreliable();
  const reports: WriterReport[] = [];
  const writer = new ReadingWriter(store, (report) => reports.push(report), { maxQueued: 10, maxBatch: 4 });
  faults.push('before');
  for (const each of samples(0, 25)) writer.add(each);
  await writer.flush();
  expect(reports).toEqual([{ kind: 'failing', queued: 10, lost: 15, oldestMs: T0 + 15_000, message: 'away' }]);
  await writer.flush();
  expect(reports.at(-1)).toEqual({ kind: 'recovered', lost: 15 });
  expect(await stored(store)).toEqual(samples(15, 25));
});

it('keeps one sample that the store can never take from holding up the others', async () => {
  const store = SqliteReadingStore.open(':memory:');
  const reports: WriterReport[] = [];
  const writer = new ReadingWriter(store, (report) => reports.push(report));
  const bad = { deviceId: 'pv-1', atMs: undefined as unknown as number, values: { 'pv.powerW': 1 } };
  for (const each of [...samples(0, 5), bad, ...samples(5, 9)]) writer.add(each);
  await writer.flush();
  expect(reports).toEqual([{ kind: 'unstorable', sample: bad, message: expect.stringContaining('NOT NULL') }]);
  expect(writer.queued).toBe(0);
  expect(await stored(store)).toEqual(samples(0, 9));
});
