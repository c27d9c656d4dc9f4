import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AdapterError, BadInput } from '../../src/kernel/errors.js';
import type { Sample } from '../../src/field/sample.js';
import { InfluxReadingStore } from '../../src/telemetry/adapters/influx-reading-store.js';
import { ReadingWriter, type WriterReport } from '../../src/telemetry/reading-writer.js';
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

readingStoreContract('InfluxDB', () => Promise.resolve(openDatabase(`contract_${(databases += 1)}`)));

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
