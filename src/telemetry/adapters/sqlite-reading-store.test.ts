import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prunedStoreContract } from '../../../test/contract/pruned-store.js';
import { type OpenedStore, readingStoreContract } from '../../../test/contract/reading-store.js';
import { AdapterError, BadInput } from '../../kernel/errors.js';
import { SqliteReadingStore } from './sqlite-reading-store.js';

const T0 = Date.UTC(2026, 4, 1);
const MINUTE = 60_000;

const openIn = (folder: string): OpenedStore => {
  const store = SqliteReadingStore.open(join(folder, 'readings.sqlite'));
  return {
    store,
    reopen: async () => {
      await store.close();
      return openIn(folder);
    },
    dispose: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
};

const openFresh = (): Promise<OpenedStore> => Promise.resolve(openIn(mkdtempSync(join(tmpdir(), 'readings-'))));
readingStoreContract('SQLite', openFresh);
prunedStoreContract('SQLite', openFresh);

describe('the file of readings', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'readings-'));
    file = join(folder, 'readings.sqlite');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('answers quarter-hours for good, and a file from before there were any gets them', async () => {
    const at = (i: number) => ({ deviceId: 'pv-1', atMs: T0 + i * 20_000, values: { 'pv.powerW': i % 90 } });
    const before = SqliteReadingStore.open(file);
    for (let i = 0; i < 300; i += 50) await before.append(Array.from({ length: 50 }, (_, k) => at(i + k)));
    await before.append([{ ...at(7), atMs: T0 + 7 * 20_000 + 5, values: { 'pv.powerW': 9_000 } }]);
    const asked = { deviceIds: ['pv-1'], quantities: ['pv.powerW'] as const, fromMs: T0, toMs: T0 + 120 * MINUTE, stepMs: 15 * MINUTE };
    const all = (store: SqliteReadingStore) =>
      Promise.all((['mean', 'min', 'max', 'last'] as const).map((aggregate) => store.range({ ...asked, aggregate })));
    const whole = await all(before);
    expect(whole[2]!.map(({ values }) => values['pv.powerW'])).toEqual([9_000, 89, 44, 89, 44, 89, 29]);
    await before.close();
    const old = new Database(file);
    old.exec('DELETE FROM quarters; PRAGMA user_version = 1');
    old.close();
    const after = SqliteReadingStore.open(file);
    expect(await all(after)).toEqual(whole);
    await after.prune(T0 + 90 * MINUTE, T0 + 90 * MINUTE);
    expect((await all(after)).map((steps) => steps.slice(0, 6))).toEqual(whole.map((steps) => steps.slice(0, 6)));
    await after.close();
  });

  it('takes nothing into a quarter-hour that an older version has forgotten half of', async () => {
    const at = (minute: number) => ({ deviceId: 'pv-1', atMs: T0 + minute * MINUTE, values: { 'pv.powerW': minute } });
    const before = SqliteReadingStore.open(file);
    await before.append(Array.from({ length: 40 }, (_, minute) => at(minute)));
    await before.close();
    const old = new Database(file);
    old.exec(`DELETE FROM readings WHERE ts < ${T0 + 7 * MINUTE}; PRAGMA user_version = 2`);
    old.close();
    const after = SqliteReadingStore.open(file);
    await expect(after.append([{ ...at(8), atMs: T0 + 8 * MINUTE + 1 }])).rejects.toMatchObject({ retryable: false });
    await after.append([{ ...at(16), atMs: T0 + 16 * MINUTE + 1 }]);
    const asked = { deviceIds: ['pv-1'], quantities: ['pv.powerW'] as const, fromMs: T0, toMs: T0 + 45 * MINUTE, stepMs: 15 * MINUTE };
    const means = await after.range({ ...asked, aggregate: 'mean' });
    expect(means.map(({ values }) => values['pv.powerW'])).toEqual([7, 22 - 6 / 16, 34.5]);
    await after.close();
  });

  it('does not commit half a batch, and says that trying again is of no use', async () => {
    const store = SqliteReadingStore.open(file);
    const good = { deviceId: 'pv-1', atMs: T0, values: { 'pv.powerW': 1 } };
    const bad = { deviceId: 'pv-2', atMs: undefined as unknown as number, values: { 'pv.powerW': 1 } };
    const refusal = await store.append([good, bad]).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AdapterError);
    expect((refusal as AdapterError).retryable).toBe(false);
    expect(await store.latest(['pv-1'])).toEqual(new Map());
    await store.append([good]);
    expect(await store.latest(['pv-1'])).toEqual(new Map([['pv-1', good]]));
    await store.close();
  });

  it('syncs every commit', () => {
    const store = SqliteReadingStore.open(file);
    // The setting belongs to the connection, so it is looked at where the store keeps it.
    const database = (store as unknown as { database: Database.Database }).database;
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    return store.close();
  });

  it('refuses a file from a newer version, and one that is no database, in one line', () => {
    const newer = new Database(file);
    newer.pragma('user_version = 99');
    newer.close();
    expect(() => SqliteReadingStore.open(file)).toThrow(BadInput);
    expect(() => SqliteReadingStore.open(file)).toThrow(/newer version/);
    const text = join(folder, 'text.sqlite');
    writeFileSync(text, 'this is not a database, but it is long enough to be looked at closely. '.repeat(40));
    expect(() => SqliteReadingStore.open(text)).toThrow(BadInput);
  });

  it('has every acknowledged reading after kill -9', async () => {
    const compiled = new URL('../../../dist/src/telemetry/adapters/sqlite-reading-store.js', import.meta.url);
    if (!existsSync(compiled)) throw new Error('run `npm run build` first: the child process needs the compiled store');
    const script = `
      const { SqliteReadingStore } = await import(${JSON.stringify(compiled.href)});
      const store = SqliteReadingStore.open(${JSON.stringify(file)});
      for (let i = 0; ; i += 1) {
        const samples = Array.from({ length: 20 }, (_, d) => ({ deviceId: 'd' + d, atMs: ${T0} + i * 1000, values: { 'pv.powerW': i } }));
        await store.append(samples);
        process.stdout.write(i + '\\n');
        await new Promise((resolve) => setImmediate(resolve));
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    let acknowledged = -1;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line);
      if (acknowledged === 150) child.kill('SIGKILL');
    }
    expect((await exit)[1]).toBe('SIGKILL');
    expect(acknowledged).toBeGreaterThanOrEqual(150);

    const store = SqliteReadingStore.open(file);
    const deviceIds = Array.from({ length: 20 }, (_, d) => `d${d}`);
    const kept = await store.samples({ deviceIds, quantities: ['pv.powerW'], fromMs: T0, toMs: T0 + (acknowledged + 1) * 1_000 });
    expect(kept).toHaveLength(20 * (acknowledged + 1));
    // The roll-ups were committed with them.
    const minutes = await store.range({
      deviceIds: ['d7'],
      quantities: ['pv.powerW'],
      fromMs: T0,
      toMs: T0 + 2 * MINUTE,
      stepMs: MINUTE,
      aggregate: 'mean',
    });
    expect(minutes.map(({ values }) => values['pv.powerW'])).toEqual([29.5, 89.5]);
    await store.close();
  });
});
