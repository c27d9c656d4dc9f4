import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Sample } from '../../src/field/sample.js';
import type { ReadingsAnswer } from '../../src/grid/readings-query.js';
import { AdapterError } from '../../src/kernel/errors.js';
import { ManualClock } from '../../src/platform/clock.js';
import { ReadingStore } from '../../src/telemetry/reading-store.port.js';
import { listeningHomes, type ListeningHomes } from './listening-homes.js';
import { until } from '../until.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const SPRING = Date.UTC(2026, 2, 28, 23); // 2026-03-29, 23 hours long in Berlin
const AUTUMN = Date.UTC(2026, 9, 24, 22); // 2026-10-25, 25 hours long
const clock = new ManualClock(Date.UTC(2026, 10, 1));

let homes: ListeningHomes;
let store: ReadingStore;

/** Two devices every minute, and a voltage every other time. */
const minutesOf = (startMs: number, minutes: number): Sample[] =>
  Array.from({ length: minutes }, (_, i): Sample[] => {
    const atMs = startMs + i * MINUTE;
    return [
      { deviceId: 'anna-meter', atMs, values: { 'grid.powerW': i, ...(i % 2 === 0 ? { 'grid.voltageV': 230 } : {}) } },
      { deviceId: 'anna-pv', atMs, values: { 'pv.powerW': 10 * i } },
    ];
  }).flat();

beforeAll(async () => {
  homes = await listeningHomes(clock);
  store = homes.app.get(ReadingStore);
  // From an hour before each of the two days to an hour after.
  await store.append(minutesOf(SPRING - HOUR, 25 * 60));
  await store.append(minutesOf(AUTUMN - HOUR, 27 * 60));
});
afterAll(() => homes?.stop());
afterEach(() => {
  vi.restoreAllMocks();
  // The store's own again, where a test put one in front of it.
  Reflect.deleteProperty(store, 'samples');
});

const query = (parameters: Record<string, string | number>): string =>
  `/api/readings?${new URLSearchParams(Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, String(value)]))).toString()}`;
const asked = { devices: 'anna-pv,anna-meter', quantities: 'grid.powerW,grid.voltageV,pv.powerW' };
const rowsOf = async (answer: Response): Promise<Record<string, number | string>[]> =>
  (await answer.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, number | string>);

describe('readings of several devices', () => {
  it('come as a series each, column by column, with their units', async () => {
    expect(await homes.json<ReadingsAnswer>(query({ ...asked, from: SPRING, to: SPRING + 3 * MINUTE }))).toEqual({
      fromMs: SPRING,
      toMs: SPRING + 3 * MINUTE,
      zone: 'Europe/Berlin',
      units: { 'grid.powerW': 'W', 'grid.voltageV': 'V', 'pv.powerW': 'W' },
      series: [
        {
          deviceId: 'anna-pv',
          siteId: 'anna-home',
          level: 'samples',
          atMs: [0, 1, 2].map((i) => SPRING + i * MINUTE),
          values: { 'pv.powerW': [600, 610, 620] },
        },
        {
          deviceId: 'anna-meter',
          siteId: 'anna-home',
          level: 'samples',
          atMs: [0, 1, 2].map((i) => SPRING + i * MINUTE),
          values: { 'grid.powerW': [60, 61, 62], 'grid.voltageV': [230, null, 230] },
        },
      ],
    });
  });

  it.each(['15m', 'PT15M', '900000'])('come in steps of %s', async (step) => {
    const range = { devices: 'anna-meter', quantities: 'grid.powerW', from: SPRING, to: SPRING + HOUR, step };
    const of = async (aggregate?: string) => {
      const answer = await homes.json<ReadingsAnswer>(query({ ...range, ...(aggregate === undefined ? {} : { aggregate }) }));
      return [answer.stepMs, answer.aggregate, answer.series[0]!.atMs[1]! - SPRING, answer.series[0]!.values['grid.powerW']];
    };
    expect(await of()).toEqual([900_000, 'mean', 900_000, [67, 82, 97, 112]]);
    expect(await of('min')).toEqual([900_000, 'min', 900_000, [60, 75, 90, 105]]);
    expect(await of('max')).toEqual([900_000, 'max', 900_000, [74, 89, 104, 119]]);
    expect(await of('last')).toEqual([900_000, 'last', 900_000, [74, 89, 104, 119]]);
  });

  it.each([
    ['2026-03-29', '2026-03-30', 92],
    ['2026-10-25', '2026-10-26', 100],
    ['2026-10-25T00:00:00+02:00', '2026-10-25T23:59:59.999+01:00', 100],
  ])('of the local day %s to %s have its quarter-hours', async (from, to, slots) => {
    const { series } = await homes.json<ReadingsAnswer>(query({ devices: 'anna-pv', quantities: 'pv.powerW', from, to, step: '15m' }));
    expect(series[0]!.atMs).toHaveLength(slots);
  });

  it('are an empty series where there are none', async () => {
    const { series } = await homes.json<ReadingsAnswer>(query({ ...asked, devices: 'bert-hybrid', from: '2026-03-29', to: '2026-03-30' }));
    expect(series).toEqual([{ deviceId: 'bert-hybrid', siteId: 'bert-home', level: 'samples', atMs: [], values: {} }]);
  });
});

describe('a bad question', () => {
  const good = { ...asked, from: String(SPRING), to: String(SPRING + HOUR) };
  it.each([
    ['an unknown device', { devices: 'anna-pv,carl-pv' }, 404, /^There is no device "carl-pv"\.$/],
    ['an unknown quantity', { quantities: 'grid.powr' }, 400, /^quantities: "grid\.powr" is no quantity; known are grid\.powerW, /],
    ['what is not kept', { quantities: 'grid.currentAA' }, 400, /^quantities: "grid\.currentAA" is of the moment and not kept; kept are /],
    ['no device', { devices: ',' }, 400, /^devices: name at least one$/],
    ['a backwards range', { to: String(SPRING - 1) }, 400, /^to: must be after from$/],
    ['seconds', { from: '1774742400' }, 400, /^from: "1774742400" looks like seconds; write milliseconds$/],
    ['a time without offset', { from: '2026-03-29T02:30' }, 400, /^from: "2026-03-29T02:30" has no offset; write Z or /],
    ['a step too small', { step: '10' }, 400, /^step: "10" is too small; a step is a second at least/],
    ['an aggregate without a step', { aggregate: 'max' }, 400, /^aggregate: needs a step$/],
    [
      'an unknown aggregate',
      { step: '15m', aggregate: 'median' },
      400,
      /^aggregate: is the text "median", and must be one of mean, min, max, last$/,
    ],
    ['a parameter of another route', { fromMs: '5' }, 400, /fromMs/],
  ])('of %s is a problem of one clear line', async (_, change, status, detail) => {
    const answer = await homes.get(query({ ...good, ...change }));
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const problem = (await answer.json()) as { status: number; detail: string };
    expect(problem).toMatchObject({ status, detail: expect.stringMatching(detail) });
    expect(problem.detail).not.toContain('\n');
  });

  it('for a format that there is not says which there are', async () => {
    const answer = await homes.get(query(good), { accept: 'application/xml' });
    expect(answer.status).toBe(406);
    expect(await answer.json()).toMatchObject({ detail: 'This can be had as application/json, application/x-ndjson, text/csv.' });
  });

  it('for too much in one answer proposes a step that fits, or the stream', async () => {
    const dense = Array.from({ length: 50_001 }, (_, i) => ({
      deviceId: 'bert-meter',
      atMs: SPRING + i * 500,
      values: { 'grid.powerW': i },
    }));
    await store.append(dense);
    const much = { devices: 'bert-meter', quantities: 'grid.powerW', from: '2026-03-29', to: '2026-03-30' };
    const refused = await homes.get(query(much));
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      detail:
        'to: more than 50,000 values by 2026-03-29T07:56:40+02:00; ask for a step (step=1m), or for a stream (Accept: application/x-ndjson or text/csv)',
    });
    const { series } = await homes.json<ReadingsAnswer>(query({ ...much, step: '1m' }));
    expect(series[0]!.atMs).toHaveLength(417);
    const rows = await rowsOf(await homes.get(query(much), { accept: 'application/x-ndjson' }));
    expect(rows).toEqual(dense.map(({ deviceId, atMs, values }) => ({ deviceId, atMs, ...values })));
  });
});

describe('who may ask', () => {
  it.each(['application/json', 'application/x-ndjson', 'text/csv'])(
    'for %s: operators, and no household, its own home included',
    async (accept) => {
      const range = { from: '2026-03-29', to: '2026-03-30' };
      for (const path of [
        query({ ...asked, ...range }),
        `/api/readings/live?devices=anna-meter&quantities=grid.powerW`,
        `/api/energy?sites=anna-home&per=day&from=2026-03-29&to=2026-03-30`,
      ]) {
        for (const as of ['anna', 'bert'] as const) expect((await homes.get(path, { as, accept })).status).toBe(403);
        expect((await homes.get(path, { as: undefined, accept })).status).toBe(401);
      }
    },
  );
});

describe('a stream of readings', () => {
  it('is one line a reading, by time, with what was told', async () => {
    const answer = await homes.get(query({ ...asked, from: SPRING, to: SPRING + 2 * MINUTE }), { accept: 'application/x-ndjson' });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(await rowsOf(answer)).toEqual([
      { deviceId: 'anna-pv', atMs: SPRING, 'pv.powerW': 600 },
      { deviceId: 'anna-meter', atMs: SPRING, 'grid.powerW': 60, 'grid.voltageV': 230 },
      { deviceId: 'anna-pv', atMs: SPRING + MINUTE, 'pv.powerW': 610 },
      { deviceId: 'anna-meter', atMs: SPRING + MINUTE, 'grid.powerW': 61 },
    ]);
  });

  it('is a table with local times as CSV', async () => {
    const answer = await homes.get(
      query({ ...asked, devices: 'anna-meter', from: AUTUMN + 3 * HOUR - MINUTE, to: AUTUMN + 3 * HOUR + MINUTE }),
      {
        accept: 'text/csv',
      },
    );
    expect(answer.headers.get('content-type')).toMatch(/^text\/csv/);
    expect((await answer.text()).split('\n')).toEqual([
      'deviceId,atMs,time,grid.powerW,grid.voltageV,pv.powerW',
      `anna-meter,${AUTUMN + 3 * HOUR - MINUTE},2026-10-25T02:59:00+02:00,239,,`,
      `anna-meter,${AUTUMN + 3 * HOUR},2026-10-25T02:00:00+01:00,240,230,`,
      '',
    ]);
  });

  it('says that the store is away as a problem, as long as nothing was sent', async () => {
    vi.spyOn(store, 'samples').mockRejectedValue(new AdapterError('it is away', true));
    const answer = await homes.get(query({ ...asked, from: SPRING, to: SPRING + MINUTE }), { accept: 'application/x-ndjson' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'application/problem+json; charset=utf-8']);
  });
});

/** A year of two readings a second, made as they are asked for: 63 million. Not by a spy, which would hold them all. */
const endlessStore = (breaksAt = Infinity): { reads: () => number } => {
  let reads = 0;
  vi.spyOn(store, 'firstMs').mockResolvedValue(0);
  vi.spyOn(store, 'lastMs').mockResolvedValue(clock.now());
  store.samples = ({ deviceIds, fromMs, toMs }) => {
    reads += 1;
    if (reads === breaksAt) return Promise.reject(new AdapterError('it went away', true));
    const startMs = Math.ceil(fromMs / 500) * 500;
    const count = Math.ceil((toMs - startMs) / 500);
    return Promise.resolve(
      Array.from({ length: count }, (_, i) => ({ deviceId: deviceIds[0]!, atMs: startMs + i * 500, values: { 'grid.powerW': i } })),
    );
  };
  return { reads: () => reads };
};
const year = query({ devices: 'anna-meter', quantities: 'grid.powerW', from: '2025-11-01', to: '2026-11-01' });

describe('a long stream', () => {
  it('is sent in the memory of a few pages, however long it is', async () => {
    endlessStore();
    const gone = new AbortController();
    const answer = await homes.get(year, { accept: 'application/x-ndjson', signal: gone.signal });
    // What is held, and not what waits to be collected.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heldMb = (): number => {
      collect();
      return process.memoryUsage().heapUsed / 1e6;
    };
    const beforeMb = heldMb();
    const growthMb: number[] = [];
    let bytes = 0;
    for await (const piece of answer.body!) {
      bytes += piece.length;
      if (bytes > (growthMb.length + 1) * 20e6) growthMb.push(heldMb() - beforeMb);
      if (growthMb.length === 5) break;
    }
    gone.abort();
    expect(growthMb).toHaveLength(5);
    expect(Math.max(...growthMb)).toBeLessThan(20);
  });

  const raw = (path: string): Socket => {
    const { hostname, port } = new URL(homes.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${homes.tokens.get('olga')}\r\naccept: application/x-ndjson\r\n\r\n`,
    );
    return socket;
  };
  /** Waits until nothing is read any more. */
  const atRest = async (reads: () => number): Promise<number> => {
    for (let before = -1; before !== reads() || before === 0;) {
      before = reads();
      await pause(300);
    }
    return reads();
  };

  it('is read no faster than it is taken, and no further once the reader has gone', async () => {
    const { reads } = endlessStore();
    const socket = raw(year);
    socket.pause();
    const ahead = await atRest(reads);
    expect(ahead).toBeGreaterThan(0);
    // What the sockets hold: some megabytes, of 3 GB.
    expect(ahead).toBeLessThan(200);
    socket.resume();
    await pause(300);
    expect(reads()).toBeGreaterThan(ahead);
    socket.destroy();
    const afterwards = await atRest(reads);
    await pause(300);
    expect(reads()).toBe(afterwards);
  });

  it('as JSON is looked for no further either, once the client has gone', async () => {
    let reads = 0;
    vi.spyOn(store, 'oldestMs').mockResolvedValue(0);
    vi.spyOn(store, 'range').mockImplementation(async () => {
      reads += 1;
      await pause(1);
      return [];
    });
    const gone = new AbortController();
    const everyMinute = query({ ...asked, from: 0, to: clock.now(), step: '1m' });
    const answer = homes.get(everyMinute, { signal: gone.signal });
    await until(() => expect(reads).toBeGreaterThan(3));
    gone.abort();
    await expect(answer).rejects.toThrow(/abort/);
    const afterwards = await atRest(() => reads);
    // Fifty-six years in pages of half a day or so.
    expect(afterwards).toBeLessThan(5_000);
    await pause(300);
    expect(reads).toBe(afterwards);
  });

  it('that the store cannot go on with breaks off, and does not look finished', async () => {
    endlessStore(4);
    const answer = await homes.get(year, { accept: 'application/x-ndjson' });
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow('terminated');
  });
});
