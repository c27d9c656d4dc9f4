import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '../../test/prop.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sample } from '../field/sample.js';
import { AdapterError, BadInput } from '../kernel/errors.js';
import { ReadingSpool } from './adapters/reading-spool.js';
import { SqliteReadingStore } from './adapters/sqlite-reading-store.js';
import type { ReadingStore } from './reading-store.port.js';
import { SpoolingReadingStore, type SpoolReport } from './spooling-store.js';
import { until } from '../../test/until.js';

const T0 = Date.UTC(2026, 4, 1);
const sample = (i: number): Sample => ({ deviceId: 'pv-1', atMs: T0 + i * 1_000, values: { 'pv.powerW': i } });
const samples = (from: number, to: number): Sample[] => Array.from({ length: to - from }, (_, i) => sample(from + i));
const ROOMY = 10_000_000;
const TIMING = { slowMs: 60, firstRetryMs: 5, longestRetryMs: 20 };
const storedIn = (store: ReadingStore): Promise<Sample[]> =>
  store.samples({ deviceIds: ['pv-1'], quantities: ['pv.powerW'], fromMs: 0, toMs: T0 * 2 });

type Fault = 'before' | 'after' | 'refuses' | 'slow';

/** A real store that fails as it is told: `state` for as long as it is set. */
const unreliable = () => {
  const store = SqliteReadingStore.open(':memory:');
  const append = store.append.bind(store);
  const control: { fault: Fault | undefined; order: number[]; goOn: () => void } = { fault: undefined, order: [], goOn: () => undefined };
  store.append = async (batch) => {
    const { fault } = control;
    if (fault === 'before') throw new AdapterError('away', true);
    if (fault === 'refuses') throw new AdapterError('a bad point', false);
    if (fault === 'slow')
      await new Promise<void>((resolve) => {
        control.goOn = resolve;
      });
    await append(batch);
    control.order.push(...batch.map(({ atMs }) => atMs));
    if (fault === 'after') throw new AdapterError('the answer was lost', true);
  };
  return { store, control };
};

describe('a store behind a spool', () => {
  let folder: string;
  let inner: ReturnType<typeof unreliable>;
  let reports: SpoolReport[];
  let store: SpoolingReadingStore;
  const file = (): string => join(folder, 'spool.sqlite');
  const open = (maxBytes = ROOMY): SpoolingReadingStore =>
    new SpoolingReadingStore(inner.store, ReadingSpool.open(file(), maxBytes), (report) => reports.push(report), TIMING);

  const begin = (): void => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    inner = unreliable();
    reports = [];
    store = open();
  };
  const end = async (): Promise<void> => {
    inner.control.goOn();
    await store.close();
    rmSync(folder, { recursive: true });
  };
  beforeEach(begin);
  afterEach(end);

  it('writes straight through while all is well', async () => {
    await store.append(samples(0, 3));
    expect(await storedIn(store)).toEqual(samples(0, 3));
    expect(reports).toEqual([]);
  });

  it.each(['before', 'after'] as const)('keeps what comes while the store fails %s it has taken it, once and in order', async (fault) => {
    inner.control.fault = fault;
    await store.append(samples(0, 2));
    await store.append(samples(2, 4));
    inner.control.fault = undefined;
    await store.append(samples(4, 6));
    await until(() => expect(reports.at(-1)).toEqual({ kind: 'drained' }));
    await store.append(samples(6, 7));
    expect(await storedIn(store)).toEqual(samples(0, 7));
    expect(inner.control.order.slice(-7)).toEqual(samples(0, 7).map(({ atMs }) => atMs));
    expect(reports[0]).toMatchObject({ kind: 'spooling', message: fault === 'before' ? 'away' : 'the answer was lost' });
  });

  it('waits for no slow store, and asks it nothing else until it has answered', async () => {
    inner.control.fault = 'slow';
    await store.append(samples(0, 2));
    await store.append(samples(2, 4));
    expect(reports).toMatchObject([{ kind: 'spooling', message: 'no answer within 60 ms' }]);
    expect(inner.control.order).toEqual([]);
    inner.control.fault = undefined;
    inner.control.goOn();
    await until(() => expect(reports.at(-1)).toEqual({ kind: 'drained' }));
    expect(await storedIn(store)).toEqual(samples(0, 4));
  });

  it('finds after a crash what it had taken', async () => {
    inner.control.fault = 'before';
    await store.append(samples(0, 5));
    // Nothing is closed: this is what a killed process leaves behind.
    const left = ReadingSpool.open(file(), ROOMY);
    expect([left.samples, left.oldestMs(), left.newestMs()]).toEqual([5, T0, T0 + 4_000]);
    left.close();
    await store.close();
    inner = unreliable();
    store = open();
    await until(() => expect(reports.at(-1)).toEqual({ kind: 'drained' }));
    expect(await storedIn(store)).toEqual(samples(0, 5));
  });

  it('gives up the oldest beyond its bound, and says how many', async () => {
    await store.close();
    inner = unreliable();
    store = open(3_000);
    inner.control.fault = 'before';
    for (let i = 0; i < 100; i += 1) await store.append([sample(i)]);
    const lost = reports.reduce((sum, report) => sum + (report.kind === 'lost' ? report.samples : 0), 0);
    expect(lost).toBeGreaterThan(40);
    inner.control.fault = undefined;
    await until(() => expect(reports.at(-1)).toEqual({ kind: 'drained' }));
    expect(await storedIn(store)).toEqual(samples(lost, 100));
  });

  it('answers no question about what waits: an energy without it would be wrong', async () => {
    await store.append(samples(0, 2));
    inner.control.fault = 'before';
    await store.append(samples(2, 4));
    const upTo = (toMs: number) => store.samples({ deviceIds: ['pv-1'], quantities: ['pv.powerW'], fromMs: 0, toMs });
    expect(await upTo(T0 + 1_500)).toEqual(samples(0, 2));
    await expect(upTo(T0 + 2_500)).rejects.toMatchObject({ retryable: true, message: 'readings of that time wait in the spool' });
    await expect(store.lastAtOrBefore('pv-1', 'pv.powerW', T0 + 9_000, 60_000)).rejects.toThrow('wait in the spool');
    await expect(store.firstAtOrAfter('pv-1', 'pv.powerW', T0, 60_000)).rejects.toThrow('wait in the spool');
    expect(await store.lastMs()).toBe(T0 + 3_000);
  });

  it('does not stand still for one sample that the store can never take', async () => {
    inner.control.fault = 'refuses';
    await store.append([sample(0)]);
    inner.control.fault = undefined;
    await store.append([sample(1)]);
    expect(reports).toEqual([{ kind: 'unstorable', sample: sample(0), message: 'a bad point' }]);
    expect(await storedIn(store)).toEqual([sample(1)]);
  });

  it('forgets nothing from before what waits: the store would not take it any more', async () => {
    inner.control.fault = 'before';
    const hour = 3_600_000;
    await store.append([sample(0)]);
    await store.prune(T0 + 2 * hour, T0 + 2 * hour);
    inner.control.fault = undefined;
    await until(() => expect(reports.at(-1)).toEqual({ kind: 'drained' }));
    expect(reports.filter(({ kind }) => kind === 'unstorable')).toEqual([]);
    expect(await storedIn(inner.store)).toEqual([sample(0)]);
    await store.prune(T0 + 2 * hour, T0 + 2 * hour);
    expect(await storedIn(inner.store)).toEqual([]);
  });

  it('is bad input where its file is none', () => {
    expect(() => ReadingSpool.open(folder, ROOMY)).toThrow(BadInput);
  });

  const steps = fc.array(fc.constantFrom('well', 'before', 'after', 'restart', 'append'), { minLength: 1, maxLength: 25 });
  test.prop([steps], { numRuns: 40 })('has each sample once at last, whatever happened', async (happenings) => {
    await end();
    begin();
    let next = 0;
    for (const happening of happenings) {
      if (happening === 'append') {
        await store.append(samples(next, next + 3));
        next += 3;
      } else if (happening === 'restart') {
        // The store on the other computer lives on.
        const kept = inner.store;
        inner.store.close = () => Promise.resolve();
        await store.close();
        store = new SpoolingReadingStore(kept, ReadingSpool.open(file(), ROOMY), (report) => reports.push(report), TIMING);
      } else inner.control.fault = happening === 'well' ? undefined : happening;
    }
    inner.control.fault = undefined;
    await store.append([sample(next)]);
    await until(async () => expect(await storedIn(store)).toEqual(samples(0, next + 1)));
  });
});
