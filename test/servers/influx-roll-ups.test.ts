import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sample } from '../../src/field/sample.js';
import { InfluxReadingStore } from '../../src/telemetry/adapters/influx-reading-store.js';
import type { RangePoint, ReadingStore } from '../../src/telemetry/reading-store.port.js';
import { InfluxServer } from './influx-server.js';

const T0 = Date.UTC(2026, 4, 1);
const SECOND = 1_000;
const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;

const at = (second: number, deviceId = 'pv-1'): Sample => ({
  deviceId,
  atMs: T0 + second * SECOND,
  values: { 'pv.powerW': (second * 7_919) % 997 },
});
/** So many hours of two devices, a reading every 30 s. */
const hours = (count: number): Sample[] => Array.from({ length: count * 120 }, (_, i) => [at(i * 30), at(i * 30 + 1, 'pv-2')]).flat();

const means = (store: ReadingStore, stepMs: number): Promise<RangePoint[]> =>
  store.range({ deviceIds: ['pv-1', 'pv-2'], quantities: ['pv.powerW'], fromMs: T0, toMs: T0 + 24 * HOUR, stepMs, aggregate: 'mean' });

/** To six decimals: a sum of sums is not the same float as one sum. */
const rounded = (points: readonly RangePoint[]): string[] =>
  points.map(({ deviceId, atMs, values }) => `${deviceId} ${(atMs - T0) / MINUTE} ${values['pv.powerW']!.toFixed(6)}`);

describe('roll-ups in InfluxDB', () => {
  let influx: InfluxServer;
  beforeAll(async () => {
    influx = await InfluxServer.make();
  });
  afterAll(() => influx?.dispose());
  afterEach(() => influx.start());

  const open = (database: string): InfluxReadingStore => InfluxReadingStore.open(influx.url(database));
  /** Rows of one column, of every device. */
  const column = async (database: string, measurement: string, field: string): Promise<unknown[]> => {
    const answer = (await influx.query(`SELECT "${field}" FROM ${measurement}`, database)) as {
      results: { series?: { values: unknown[][] }[] }[];
    };
    return answer.results[0]!.series?.[0]?.values.map((row) => row[1]) ?? [];
  };

  it('writes a quarter-hour when it is over, and again when something late came to it, never twice', async () => {
    const store = open('behind');
    for (const sample of hours(1)) await store.append([sample]);
    await store.append([at(3_700)]);
    expect(await column('behind', 'quarters', 'pv.powerW:n')).toEqual(Array.from({ length: 8 }, () => 30));
    expect(await column('behind', 'upkeep', 'due')).toEqual([false, false, false, false, true]);
    await store.append([at(1_000.5)]);
    await store.close();
    expect((await column('behind', 'quarters', 'pv.powerW:n')).map(Number).sort((a, b) => a - b)).toEqual([30, 30, 30, 30, 30, 30, 30, 31]);
    expect(await column('behind', 'upkeep', 'due')).toEqual([false, false, false, false, true]);
    expect(await column('behind', 'minutes', 'pv.powerW:n')).toEqual([]);
  });

  it('sums up from the readings what it was in when it ended', async () => {
    const samples = hours(1);
    const first = open('restart');
    await first.append(samples.slice(0, 100));
    // It ends without a word.
    const second = open('restart');
    await second.append(samples.slice(100));
    await second.append([at(3_700)]);
    await second.close();
    expect(await column('restart', 'quarters', 'pv.powerW:n')).toEqual(Array.from({ length: 8 }, () => 30));
    expect(await column('restart', 'upkeep', 'due')).toEqual([false, false, false, false, true]);
  });

  it('rolls up a database from before there were roll-ups', async () => {
    const samples = hours(2);
    const older = open('older');
    await older.append(samples);
    const whole = [await means(older, QUARTER), await means(older, 5 * MINUTE)].map(rounded);
    await older.close();
    for (const measurement of ['quarters', 'upkeep']) await influx.query(`DROP MEASUREMENT ${measurement}`, 'older');
    const store = open('older');
    expect([await means(store, QUARTER), await means(store, 5 * MINUTE)].map(rounded)).toEqual(whole);
    await store.append([at(10 * 3_600)]);
    await store.close();
    expect(await column('older', 'quarters', 'pv.powerW:n')).toEqual(Array.from({ length: 16 }, () => 30));
    const again = open('older');
    await again.prune(T0 + 2 * HOUR, T0);
    const after = [await means(again, QUARTER), await means(again, 5 * MINUTE)].map(rounded);
    expect(after.map((lines) => lines.filter((line) => !line.startsWith('pv-1 600')))).toEqual(whole);
    await again.close();
  });

  it('loses and doubles nothing when the server is killed while it rolls up and forgets', async () => {
    const store = open('killed');
    const samples = hours(6);
    for (let i = 0; i < samples.length; i += 200) await store.append(samples.slice(i, i + 200));
    const whole = [await means(store, QUARTER), await means(store, MINUTE)].map(rounded);
    for (let kill = 0; kill < 12; kill += 1) {
      const pruned = store.prune(T0 + (1 + (kill % 6)) * HOUR, T0).catch(() => undefined);
      await pause(kill * 4);
      await influx.kill('SIGKILL');
      await pruned;
      await influx.start();
      // A client gives a server that did not answer some time.
      await pause(400);
      const survivor = open('killed');
      expect([await means(survivor, QUARTER), await means(survivor, MINUTE)].map(rounded)).toEqual(whole);
      await survivor.close();
    }
    const last = open('killed');
    await last.prune(T0 + 6 * HOUR, T0);
    expect(await last.firstMs()).toBeUndefined();
    expect([await means(last, QUARTER), await means(last, MINUTE)].map(rounded)).toEqual(whole);
    await last.close();
    await store.close();
  });

  it('keeps its roll-ups right while the server is killed in the middle of batches', async () => {
    const store = open('batches');
    const samples = hours(3);
    for (let i = 0; i < samples.length; i += 40) {
      const batch = samples.slice(i, i + 40);
      const killed = i % 120 === 0 ? pause(i % 5).then(() => influx.kill('SIGKILL')) : Promise.resolve();
      await Promise.all([killed, store.append(batch).catch(() => undefined)]);
      await influx.start();
      while (
        !(await store.append(batch).then(
          () => true,
          () => false,
        ))
      )
        await pause(100);
    }
    await store.close();
    // One that was refused pauses; what it left is due for the next.
    const next = open('batches');
    await next.append([at(11_000)]);
    await next.close();
    const counted = await column('batches', 'quarters', 'pv.powerW:n');
    expect(counted).toEqual(Array.from({ length: 24 }, () => 30));
    expect(await column('batches', 'upkeep', 'due')).toEqual([...Array.from({ length: 12 }, () => false), true]);
  });
});
