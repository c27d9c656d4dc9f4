import Database from 'better-sqlite3';
import { FieldType, InfluxDB } from 'influx';
import { type Quantity, type Sample, STORED_QUANTITIES } from '../../src/field/sample.js';
import { InfluxReadingStore } from '../../src/telemetry/adapters/influx-reading-store.js';
import { ReadingSpool } from '../../src/telemetry/adapters/reading-spool.js';
import { column } from '../../src/telemetry/adapters/sqlite-reading-file.js';
import { SqliteReadingStore } from '../../src/telemetry/adapters/sqlite-reading-store.js';
import { SpoolingReadingStore } from '../../src/telemetry/spooling-store.js';
import { pollOf } from './store-rows.js';

/** A process that writes readings as fast as it can, through our store or with the engine's own bare call. */
export interface WriterTask {
  readonly engine: 'sqlite' | 'influx';
  readonly who: 'ours' | 'bare';
  /** A file, or an address with the database as its path. */
  readonly target: string;
}
export interface Slice {
  readonly forMs: number;
}
export interface SliceDone {
  readonly rows: number;
  readonly ms: number;
  readonly residentMb: number;
}

const STEP_MS = 5_000;
type Append = (samples: readonly Sample[]) => Promise<void>;

/** The same table, the same care for the disk, one prepared statement, and nothing else. */
const bareSqlite = (file: string): Append => {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(`CREATE TABLE readings (device INTEGER NOT NULL, ts INTEGER NOT NULL,
    ${STORED_QUANTITIES.map((quantity) => `${column(quantity)} REAL`).join(', ')}, PRIMARY KEY (device, ts)) WITHOUT ROWID`);
  const insert = database.prepare(`INSERT INTO readings VALUES (?, ?, ${STORED_QUANTITIES.map(() => '?').join(', ')})`);
  const numbers = new Map<string, number>();
  const all = database.transaction((samples: readonly Sample[]) => {
    for (const { deviceId, atMs, values } of samples) {
      const number = numbers.get(deviceId) ?? numbers.size + 1;
      numbers.set(deviceId, number);
      insert.run(number, atMs, ...STORED_QUANTITIES.map((quantity) => values[quantity] ?? null));
    }
  });
  return (samples) => Promise.resolve(all(samples));
};

const bareInflux = async (address: string): Promise<Append> => {
  const { hostname, port, pathname } = new URL(address);
  const database = pathname.slice(1);
  const fields = Object.fromEntries(STORED_QUANTITIES.map((quantity: Quantity) => [quantity, FieldType.FLOAT]));
  const client = new InfluxDB({
    hosts: [{ host: hostname, port: Number(port), protocol: 'http' }],
    database,
    schema: [{ measurement: 'readings', fields, tags: ['device'] }],
  });
  await client.createDatabase(database);
  return (samples) =>
    client.writePoints(
      samples.map(({ deviceId, atMs, values }) => ({
        measurement: 'readings',
        tags: { device: deviceId },
        fields: { ...values },
        timestamp: atMs,
      })),
      { precision: 'ms' },
    );
};

const appendOf = async ({ engine, who, target }: WriterTask): Promise<Append> => {
  if (who === 'bare') return engine === 'sqlite' ? bareSqlite(target) : bareInflux(target);
  const spooled = (address: string): SpoolingReadingStore =>
    new SpoolingReadingStore(InfluxReadingStore.open(address), ReadingSpool.open(':memory:', 100_000_000), (report) => {
      throw new Error(`the store did not keep up: ${report.kind}`);
    });
  const store = engine === 'sqlite' ? SqliteReadingStore.open(target) : spooled(target);
  return (samples) => store.append(samples);
};

let append: Append | undefined;
let poll = 0;

const run = async ({ forMs }: Slice): Promise<SliceDone> => {
  const beganAt = performance.now();
  let rows = 0;
  while (performance.now() - beganAt < forMs) {
    const samples = pollOf(poll, STEP_MS);
    poll += 1;
    await append!(samples);
    rows += samples.length;
  }
  return { rows, ms: performance.now() - beganAt, residentMb: process.memoryUsage().rss / 1e6 };
};

process.on('message', (message: WriterTask | Slice) => {
  const done = 'engine' in message ? appendOf(message).then((made) => void (append = made)) : run(message);
  void done.then((answer) => process.send!(answer ?? 'ready'));
});
