import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AdapterError, BadInput } from '../../src/kernel/errors.js';
import type { Sample } from '../../src/field/sample.js';
import { InfluxReadingStore } from '../../src/telemetry/adapters/influx-reading-store.js';
import { ReadingSpool } from '../../src/telemetry/adapters/reading-spool.js';
import type { ReadingStore } from '../../src/telemetry/reading-store.port.js';
import { SpoolingReadingStore, type SpoolReport } from '../../src/telemetry/spooling-store.js';
import { ReadingWriter, type WriterReport } from '../../src/telemetry/reading-writer.js';
import { prunedStoreContract } from '../contract/pruned-store.js';
import { measuredMonthContract } from '../contract/measured-month.js';
import { type OpenedStore, readingStoreContract } from '../contract/reading-store.js';
import { InfluxServer } from './influx-server.js';

const T0 = Date.UTC(2026, 4, 1);

let influx: InfluxServer;
beforeAll(async () => {
  influx = await InfluxServer.make();
});
afterAll(() => influx?.dispose());

let databases = 0;
const openDatabase = (database: string): OpenedStore => {
  const store = InfluxReadingStore.open(influx.url(database));
  return {
    store,
    reopen: async () => {
      await store.close();
      return openDatabase(database);
    },
    dispose: async () => {
      await store.close();
      await influx.query(`DROP DATABASE "${database}"`);
    },
  };
};

const openFresh = (): Promise<OpenedStore> => Promise.resolve(openDatabase(`contract_${(databases += 1)}`));
readingStoreContract('InfluxDB', openFresh);
prunedStoreContract('InfluxDB', openFresh);

const spooled = (database: string, folder: string, report: (report: SpoolReport) => void = () => undefined): SpoolingReadingStore =>
  new SpoolingReadingStore(
    InfluxReadingStore.open(influx.url(database)),
    ReadingSpool.open(join(folder, 'spool.sqlite'), 100_000_000),
    report,
  );

const openSpooled = (): Promise<OpenedStore> => {
  const database = `spooled_${(databases += 1)}`;
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
  const opened = (store: ReadingStore): OpenedStore => ({
    store,
    reopen: async () => {
      await store.close();
      return opened(spooled(database, folder));
    },
    dispose: async () => {
      await store.close();
      await influx.query(`DROP DATABASE "${database}"`);
      rmSync(folder, { recursive: true });
    },
  });
  return Promise.resolve(opened(spooled(database, folder)));
};
readingStoreContract('InfluxDB behind its spool', openSpooled);
prunedStoreContract('InfluxDB behind its spool', openSpooled);

describe('readings while InfluxDB comes and goes', () => {
  // Whatever a test left, the next one finds a server.
  afterEach(() => influx.start());

  it('keeps what it acknowledged through kill -9, queues what comes meanwhile, and stores all of it once', async () => {
    const store = InfluxReadingStore.open(influx.url('outage'));
    const reports: WriterReport[] = [];
    const writer = new ReadingWriter(store, (report) => reports.push(report));
    const at = (i: number): Sample => ({ deviceId: 'pv-1', atMs: T0 + i * 1_000, values: { 'pv.powerW': i } });
    for (let i = 0; i < 100; i += 1) writer.add(at(i));
    await writer.flush();
    expect(writer.queued).toBe(0);

    await influx.kill('SIGKILL');
    for (let i = 100; i < 200; i += 1) writer.add(at(i));
    await writer.flush();
    expect(writer.queued).toBe(100);
    expect(reports.at(-1)).toMatchObject({ kind: 'failing', queued: 100, lost: 0 });
    const refusal = await store.latest(['pv-1']).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AdapterError);
    expect((refusal as AdapterError).retryable).toBe(true);

    await influx.start();
    for (let tries = 0; tries < 100 && writer.queued > 0; tries += 1) {
      await writer.flush();
      await pause(200);
    }
    expect(reports.at(-1)).toEqual({ kind: 'recovered', lost: 0 });
    const stored = await store.samples({ deviceIds: ['pv-1'], quantities: ['pv.powerW'], fromMs: T0, toMs: T0 + 3_600_000 });
    expect(stored).toEqual(Array.from({ length: 200 }, (_, i) => at(i)));
  });

  it('loses and doubles nothing while it is killed 20 times in the middle of batches', { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    const reports: SpoolReport[] = [];
    const store = spooled('killed', folder, (report) => reports.push(report));
    const [devices, perBatch] = [20, 50];
    let batches = 0;
    const killed = new Set<number>();
    const killing = (async () => {
      for (let kill = 0; kill < 20; kill += 1) {
        await pause(100 + ((kill * 137) % 400));
        await influx.kill('SIGKILL');
        await influx.start();
        killed.add(kill);
      }
    })();
    while (killed.size < 20) {
      const atMs = T0 + batches * perBatch * 1_000;
      const batch = Array.from({ length: devices * perBatch }, (_, i): Sample => {
        const second = Math.floor(i / devices);
        return { deviceId: `pv-${i % devices}`, atMs: atMs + second * 1_000, values: { 'pv.powerW': batches + second / 100 } };
      });
      await store.append(batch);
      batches += 1;
      // As fast as a large fleet speaks; a loop that never waits would let nothing else happen.
      await pause(20);
    }
    await killing;
    await vi.waitFor(() => expect(reports.at(-1)).toEqual({ kind: 'drained' }), { timeout: 60_000, interval: 200 });
    expect(reports.filter(({ kind }) => kind === 'lost' || kind === 'unstorable')).toEqual([]);
    const deviceIds = Array.from({ length: devices }, (_, i) => `pv-${i}`);
    for (const deviceId of deviceIds) {
      const toMs = T0 + batches * perBatch * 1_000;
      const found = await store.samples({ deviceIds: [deviceId], quantities: ['pv.powerW'], fromMs: T0, toMs });
      expect(found).toHaveLength(batches * perBatch);
      expect(
        found.every(
          ({ atMs, values }, i) => atMs === T0 + i * 1_000 && values['pv.powerW'] === Math.floor(i / perBatch) + (i % perBatch) / 100,
        ),
      ).toBe(true);
    }
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('makes its database again when somebody dropped it', async () => {
    const store = InfluxReadingStore.open(influx.url('dropped'));
    const reports: WriterReport[] = [];
    const writer = new ReadingWriter(store, (report) => reports.push(report));
    const one = (i: number): Sample => ({ deviceId: 'pv-1', atMs: T0 + i, values: { 'pv.powerW': i } });
    writer.add(one(0));
    await writer.flush();
    await influx.query('DROP DATABASE dropped');
    writer.add(one(1));
    await writer.flush();
    expect(reports.at(-1)).toMatchObject({ kind: 'failing', queued: 1 });
    await writer.flush();
    expect(reports.at(-1)).toEqual({ kind: 'recovered', lost: 0 });
    expect(await store.latest(['pv-1'])).toEqual(new Map([['pv-1', one(1)]]));
  });
});

it('refuses an address that is none', () => {
  expect(() => InfluxReadingStore.open('127.0.0.1:8086')).toThrow(BadInput);
  expect(() => InfluxReadingStore.open('ftp://127.0.0.1/readings')).toThrow(BadInput);
});

measuredMonthContract('InfluxDB', () => Promise.resolve(openDatabase(`month_${(databases += 1)}`)), '2017-03', 2);
