import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/units.js';
import { InfluxReadingStore } from '../../src/telemetry/adapters/influx-reading-store.js';
import { SqliteReadingStore } from '../../src/telemetry/adapters/sqlite-reading-store.js';
import type { ReadingStore } from '../../src/telemetry/reading-store.port.js';
import { InfluxServer } from '../servers/influx-server.js';
import type { BenchOptions, BenchRow } from './bench-row.js';
import { DEVICES, pollOf } from './store-rows.js';
import type { Slice, SliceDone, WriterTask } from './store-writer.process.js';

const SLICE_MS = 10 * SECOND_MS;
const QUARTER_MS = 15 * MINUTE_MS;

class Writer {
  private readonly child: ChildProcess = fork(new URL('./store-writer.process.js', import.meta.url));
  private readonly done: SliceDone[] = [];

  static async ready(task: WriterTask): Promise<Writer> {
    const writer = new Writer();
    await writer.ask(task);
    return writer;
  }

  async slice(): Promise<void> {
    this.done.push((await this.ask({ forMs: SLICE_MS })) as SliceDone);
  }

  rowsPerSecond(): number {
    return (1_000 * this.done.reduce((sum, { rows }) => sum + rows, 0)) / this.done.reduce((sum, { ms }) => sum + ms, 0);
  }

  /** After the first slice, and at the end. */
  residentMb(): readonly [number, number] {
    return [this.done[0]!.residentMb, this.done.at(-1)!.residentMb];
  }

  end(): void {
    this.child.disconnect();
  }

  private async ask(message: WriterTask | Slice): Promise<unknown> {
    this.child.send(message);
    const settled = new AbortController();
    const { signal } = settled;
    const died = once(this.child, 'exit', { signal }).then(() => Promise.reject(new Error('the writing process died')));
    try {
      const [answer] = (await Promise.race([once(this.child, 'message', { signal }), died])) as [unknown];
      return answer;
    } finally {
      died.catch(() => undefined);
      settled.abort();
    }
  }
}

/** Ours and the bare call in turns, so that both have the machine at its best and at its worst. */
const writing = async (engine: WriterTask['engine'], targets: Record<'ours' | 'bare', string>, minutes: number): Promise<BenchRow[]> => {
  const ours = await Writer.ready({ engine, who: 'ours', target: targets.ours });
  const bare = await Writer.ready({ engine, who: 'bare', target: targets.bare });
  for (let spentMs = 0; spentMs < minutes * MINUTE_MS; spentMs += SLICE_MS) {
    await ours.slice();
    await bare.slice();
  }
  const [before, after] = ours.residentMb();
  const rows = [
    { what: `${engine}: samples a second, ours`, value: ours.rowsPerSecond(), unit: '' },
    { what: `${engine}: samples a second, bare`, value: bare.rowsPerSecond(), unit: '' },
    { what: `${engine}: bare to ours`, value: bare.rowsPerSecond() / ours.rowsPerSecond(), unit: 'times', bound: 1.25 },
    { what: `${engine}: resident memory after ${SLICE_MS / SECOND_MS} s`, value: before, unit: 'MB' },
    { what: `${engine}: resident memory at the end`, value: after, unit: 'MB' },
  ];
  ours.end();
  bare.end();
  return rows;
};

const fill = async (store: ReadingStore, polls: number, stepMs: number, devices: number): Promise<void> => {
  const perBatch = Math.max(1, Math.floor(5_000 / devices));
  for (let poll = 0; poll < polls; poll += perBatch) {
    const count = Math.min(perBatch, polls - poll);
    await store.append(Array.from({ length: count }, (_, i) => pollOf(poll + i, stepMs, devices)).flat());
  }
};

/** The best of five: what the machine does besides is not the store's. */
const bestMs = async (ask: () => Promise<unknown[]>): Promise<number> => {
  let best = Infinity;
  for (let i = 0; i < 5; i += 1) {
    const beganAt = performance.now();
    const answer = await ask();
    if (answer.length === 0) throw new Error('the store answered nothing');
    best = Math.min(best, performance.now() - beganAt);
  }
  return best;
};

const FROM_MS = pollOf(0, 0, 1)[0]!.atMs;
const idsOf = (devices: number): string[] => Array.from({ length: devices }, (_, device) => `pv-${device}`);

const reading = async (name: string, open: (of: string) => ReadingStore): Promise<BenchRow[]> => {
  const year = open('year');
  await fill(year, 365 * 96, QUARTER_MS, 1);
  const yearMs = await bestMs(() =>
    year.range({
      deviceIds: idsOf(1),
      quantities: ['pv.powerW'],
      fromMs: FROM_MS,
      toMs: FROM_MS + 365 * DAY_MS,
      stepMs: QUARTER_MS,
      aggregate: 'mean',
    }),
  );
  await year.close();
  const day = open('day');
  await fill(day, DAY_MS / 5_000, 5_000, 20);
  const dayMs = await bestMs(() =>
    day.samples({ deviceIds: idsOf(20), quantities: ['pv.powerW'], fromMs: FROM_MS, toMs: FROM_MS + DAY_MS }),
  );
  await day.close();
  const fleet = open('fleet');
  await fill(fleet, 1_440, MINUTE_MS, DEVICES);
  const fleetMs = await bestMs(() =>
    fleet.range({
      deviceIds: idsOf(DEVICES),
      quantities: ['pv.powerW'],
      fromMs: FROM_MS,
      toMs: FROM_MS + DAY_MS,
      stepMs: QUARTER_MS,
      aggregate: 'mean',
    }),
  );
  await fleet.close();
  return [
    { what: `${name}: a household's year in quarter-hours`, value: yearMs, unit: 'ms', bound: 50 },
    { what: `${name}: a day of 20 devices, every 5 s`, value: dayMs, unit: 'ms', bound: 300 },
    { what: `${name}: 1,000 devices, 24 h in quarter-hours`, value: fleetMs, unit: 'ms', bound: 500 },
  ];
};

/** Writing beside the same engine without us, for `--minutes` each, and the three questions that pages ask. */
export const storeBench = async ({ minutes }: BenchOptions): Promise<BenchRow[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
  const influx = await InfluxServer.make();
  try {
    return [
      ...(await writing('sqlite', { ours: join(folder, 'ours.sqlite'), bare: join(folder, 'bare.sqlite') }, minutes)),
      ...(await writing('influx', { ours: influx.url('ours'), bare: influx.url('bare') }, minutes)),
      ...(await reading('sqlite', (of) => SqliteReadingStore.open(join(folder, `${of}.sqlite`)))),
      ...(await reading('influx', (of) => InfluxReadingStore.open(influx.url(of)))),
    ];
  } finally {
    await influx.dispose();
    rmSync(folder, { recursive: true });
  }
};
