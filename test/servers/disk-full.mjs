// Fills its disk up, goes on appending, makes room again, and says what became of the readings.
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ReadingSpool } from '../../dist/src/telemetry/adapters/reading-spool.js';
import { SqliteReadingStore } from '../../dist/src/telemetry/adapters/sqlite-reading-store.js';
import { AdapterError } from '../../dist/src/kernel/errors.js';
import { ReadingWriter } from '../../dist/src/telemetry/reading-writer.js';
import { SpoolingReadingStore } from '../../dist/src/telemetry/spooling-store.js';

const [, , folder, kind] = process.argv;
const T0 = Date.UTC(2026, 4, 1);
const file = join(folder, 'readings.sqlite');
const ballast = join(folder, 'ballast');

const fill = () => {
  const handle = openSync(ballast, 'w');
  try {
    for (let kilobytes = 64; kilobytes >= 1;) {
      try {
        while (writeSync(handle, Buffer.alloc(kilobytes * 1_024)) === kilobytes * 1_024);
      } catch {
        // Smaller pieces still fit.
      }
      kilobytes /= 2;
    }
  } finally {
    closeSync(handle);
  }
};

/** A store that is away, so that everything goes to the spool on the full disk. */
class Away {
  away = true;
  stored = new Map();
  append(samples) {
    if (this.away) return Promise.reject(new AdapterError('away', true));
    for (const sample of samples) this.stored.set(`${sample.deviceId} ${sample.atMs}`, sample);
    return Promise.resolve();
  }
  close() {
    return Promise.resolve();
  }
}

let noteDrained;
const drained = new Promise((resolve) => (noteDrained = resolve));
const away = new Away();
const store =
  kind === 'sqlite'
    ? SqliteReadingStore.open(file)
    : new SpoolingReadingStore(away, ReadingSpool.open(file, 100_000_000), (report) => report.kind === 'drained' && noteDrained());
const reports = [];
const writer = new ReadingWriter(store, (report) => reports.push({ kind: report.kind, message: report.message, lost: report.lost }));
let next = 0;
const poll = async (batches) => {
  for (let i = 0; i < batches; i += 1) {
    for (let n = 0; n < 100; n += 1, next += 1) {
      writer.add({ deviceId: 'pv-1', atMs: T0 + next * 1_000, values: { 'pv.powerW': next, 'pv.toBusCounterWh': next } });
    }
    await writer.flush();
  }
};

await poll(50);
fill();
await poll(150);
const full = { reports: reports.length, first: reports[0], queued: writer.queued };
unlinkSync(ballast);
away.away = false;
await poll(10);
while (writer.queued > 0) await writer.flush();
if (kind === 'spool') await drained;
const last = reports.at(-1);
await store.close();
const database = new Database(file, { readonly: true });
const integrity = database.pragma('integrity_check', { simple: true });
const kept = kind === 'sqlite' ? database.prepare('SELECT count(*) AS n, max(ts) AS last FROM readings').get() : { n: away.stored.size };
database.close();
writeSync(1, JSON.stringify({ told: next, full, last, kept: kept.n, queued: writer.queued, integrity }));
