import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../field/sample.js';
import { SqliteReadingStore } from './adapters/sqlite-reading-store.js';
import { pageLengthMs, type PagesQuery, readingPages } from './reading-pages.js';
import type { ReadingStore } from './reading-store.port.js';

const T0 = Date.UTC(2026, 4, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DEVICES = [
  { id: 'b', pollPeriodMs: 1_000 },
  { id: 'a', pollPeriodMs: 1_000 },
];

const everyTenSeconds = (hours: number): Sample[] =>
  Array.from({ length: hours * 360 }, (_, i) => [
    { deviceId: 'a', atMs: T0 + i * 10_000, values: { 'pv.powerW': i } },
    { deviceId: 'b', atMs: T0 + i * 10_000, values: { 'pv.powerW': -i } },
  ]).flat();

const stored = async (samples: readonly Sample[]): Promise<ReadingStore> => {
  const store = SqliteReadingStore.open(':memory:');
  await store.append(samples);
  return store;
};

const all = async (store: ReadingStore, query: PagesQuery): Promise<{ rows: Sample[]; longest: number }> => {
  const rows: Sample[] = [];
  let longest = 0;
  for await (const page of readingPages(store, query)) {
    rows.push(...page);
    longest = Math.max(longest, page.length);
  }
  return { rows, longest };
};

describe('pages of readings', () => {
  const query = { devices: DEVICES, quantities: ['pv.powerW'] as const, startMs: T0, endMs: T0 + 24 * HOUR };

  it('hold every reading once, by time and then by device as asked, and none is long', async () => {
    const samples = everyTenSeconds(5);
    const { rows, longest } = await all(await stored(samples), query);
    expect(rows.map(({ deviceId, atMs }) => `${atMs} ${deviceId}`)).toEqual(
      samples.map(({ atMs }, i) => `${atMs} ${i % 2 === 0 ? 'b' : 'a'}`),
    );
    expect(longest).toBeLessThanOrEqual(2_000);
  });

  it('look for single readings only where there are any', async () => {
    const store = await stored(everyTenSeconds(1));
    let looked = 0;
    const watched = {
      samples: (asked: Parameters<ReadingStore['samples']>[0]) => {
        looked += 1;
        return store.samples(asked);
      },
      range: store.range.bind(store),
      firstMs: () => store.firstMs(),
      oldestMs: () => store.oldestMs(),
      lastMs: () => store.lastMs(),
    };
    let rows = 0;
    for await (const page of readingPages(watched, { ...query, startMs: 0, endMs: T0 + 400 * 24 * HOUR })) rows += page.length;
    expect(rows).toBe(720);
    expect(looked).toBeLessThan(5);
    for await (const page of readingPages(await stored([]), query)) rows += page.length;
    expect(rows).toBe(720);
  });

  it('of long steps are looked for from the first roll-up on, also where single readings are forgotten', async () => {
    const store = await stored(everyTenSeconds(1));
    await store.prune(T0 + HOUR, T0);
    const asked: number[] = [];
    const watched = {
      samples: store.samples.bind(store),
      range: (step: Parameters<ReadingStore['range']>[0]) => {
        asked.push(step.fromMs);
        return store.range(step);
      },
      firstMs: () => store.firstMs(),
      oldestMs: () => store.oldestMs(),
      lastMs: () => store.lastMs(),
    };
    const everyMinute = { ...query, startMs: 0, endMs: T0 + HOUR, step: { stepMs: MINUTE, aggregate: 'mean' as const } };
    let rows = 0;
    for await (const page of readingPages(watched, everyMinute)) rows += page.length;
    expect({ rows, asked }).toEqual({ rows: 120, asked: [T0] });
    for await (const page of readingPages(await stored([]), everyMinute)) rows += page.length;
    expect(rows).toBe(120);
  });

  it('read nothing more once nobody listens', async () => {
    const store = await stored(everyTenSeconds(5));
    const pages = readingPages(store, { ...query, devices: DEVICES.map((device) => ({ ...device, pollPeriodMs: 10 })) });
    await pages.next();
    await store.close();
    expect(await pages.return(undefined)).toEqual({ done: true, value: undefined });
  });

  it('take in as much time as the devices are read densely', () => {
    const of = (pollPeriodMs: number, stepMs?: number) =>
      pageLengthMs({
        devices: [{ id: 'a', pollPeriodMs }],
        quantities: ['pv.powerW'],
        ...(stepMs === undefined ? {} : { step: { stepMs, aggregate: 'mean' as const } }),
      });
    expect(of(1_000)).toBe(2_000_000);
    expect(of(60_000)).toBe(120_000_000);
    expect(of(1_000, MINUTE)).toBe(2_000 * MINUTE);
    expect(of(1_000, 7_000) / 7_000).toBe(1_428);
    expect(of(1, 86_400_000)).toBe(104 * 86_400_000);
  });

  const anyStart = fc.integer({ min: 0, max: 3 * HOUR });
  const anyStep = fc.constantFrom(10_000, 45_000, MINUTE, 7 * MINUTE, 15 * MINUTE, HOUR);
  const samples = everyTenSeconds(4);
  test.prop([anyStart, fc.integer({ min: 1, max: 4 * HOUR }), anyStep, fc.constantFrom('mean', 'min', 'max', 'last')], { numRuns: 40 })(
    'of steps say what one question would, wherever they are cut',
    async (startMs, lengthMs, stepMs, aggregate) => {
      const store = await stored(samples);
      const range = { startMs: T0 + startMs, endMs: T0 + startMs + lengthMs };
      // Devices that claim to be read every millisecond make for short pages.
      const dense = DEVICES.map((device) => ({ ...device, pollPeriodMs: 1 }));
      const { rows } = await all(store, { ...query, ...range, devices: dense, step: { stepMs, aggregate } });
      const deviceIds = ['b', 'a'];
      const asked = { deviceIds, quantities: query.quantities, fromMs: range.startMs, toMs: range.endMs, stepMs, aggregate };
      const whole = await store.range(asked);
      expect(rows).toEqual(whole.sort((a, b) => a.atMs - b.atMs || deviceIds.indexOf(a.deviceId) - deviceIds.indexOf(b.deviceId)));
      await store.close();
    },
  );
});
