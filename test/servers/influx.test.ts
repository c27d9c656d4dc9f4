import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AdapterError, BadInput } from '../../src/kernel/errors.js';
import type { Sample } from '../../src/field/sample.js';
import { InfluxReadingStore } from '../../src/telemetry/adapters/influx-reading-store.js';
import { ReadingWriter, type WriterReport } from '../../src/telemetry/reading-writer.js';
import { type OpenedStore, readingStoreContract } from '../contract/reading-store.js';

const INFLUXD = '/usr/bin/influxd';
const T0 = Date.UTC(2026, 4, 1);

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const configuration = (folder: string, httpPort: number, rpcPort: number): string => `
reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${httpPort}"
  log-enabled = false
[monitor]
  store-enabled = false
`;

/** A real InfluxDB 1.x on loopback, with its data in a folder of its own. */
class Influx {
  private process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly httpPort: number,
  ) {}

  static async make(): Promise<Influx> {
    if (!existsSync(INFLUXD)) throw new Error(`${INFLUXD} is missing: install Debian's package "influxdb" to run this test`);
    const folder = mkdtempSync(join(tmpdir(), 'influx-'));
    const influx = new Influx(folder, await freePort());
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'influxdb.conf'), configuration(folder, influx.httpPort, await freePort()));
    await influx.start();
    return influx;
  }

  url(database: string): string {
    return `http://127.0.0.1:${this.httpPort}/${database}`;
  }

  private get running(): boolean {
    return this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Does nothing where it runs already. */
  async start(): Promise<void> {
    if (this.running) return;
    this.process = spawn(INFLUXD, ['-config', join(this.folder, 'influxdb.conf')], { stdio: 'ignore' });
    const { process: server } = this;
    for (let tries = 0; tries < 300; tries += 1) {
      if (server.exitCode !== null) throw new Error(`influxd ended with ${server.exitCode}`);
      const answers = await fetch(`http://127.0.0.1:${this.httpPort}/ping`).then(
        ({ status }) => status === 204,
        () => false,
      );
      if (answers) return;
      await pause(100);
    }
    throw new Error('influxd does not answer');
  }

  async kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { process: server } = this;
    if (!server || !this.running) return;
    const exit = once(server, 'exit');
    server.kill(signal);
    await exit;
  }

  async dispose(): Promise<void> {
    await this.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  async query(query: string): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.httpPort}/query?q=${encodeURIComponent(query)}`, { method: 'POST' });
    // The status comes before the statement has run; only the body says that it has.
    await answer.text();
  }
}

let influx: Influx;
beforeAll(async () => {
  influx = await Influx.make();
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
