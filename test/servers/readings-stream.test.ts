import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReadingsAnswer } from '../../src/grid/readings-query.js';
import { ManualClock } from '../../src/platform/clock.js';
import { ReadingStore } from '../../src/telemetry/reading-store.port.js';
import { listeningHomes, type ListeningHomes } from '../contract/listening-homes.js';
import { InfluxServer } from './influx-server.js';

const T0 = Date.UTC(2026, 4, 1);
const HOUR = 3_600_000;
/** Two devices, every half second for seven hours. */
const READS = 7 * 7_200;
const clock = new ManualClock(T0 + 24 * HOUR);
const PATH = '/api/readings?devices=anna-pv,anna-meter&quantities=grid.powerW,pv.powerW&from=2026-04-01&to=2026-06-01';
let influx: InfluxServer;
let homes: ListeningHomes;

beforeAll(async () => {
  influx = await InfluxServer.make();
  homes = await listeningHomes(clock, { INFLUX_URL: influx.url('plant') });
  const store = homes.app.get(ReadingStore);
  for (let at = 0; at < READS; at += 5_000) {
    const samples = Array.from({ length: Math.min(5_000, READS - at) }, (_, i) => {
      const atMs = T0 + (at + i) * 500;
      return [
        { deviceId: 'anna-meter', atMs, values: { 'grid.powerW': at + i } },
        { deviceId: 'anna-pv', atMs: atMs + 100, values: { 'pv.powerW': -(at + i) } },
      ];
    }).flat();
    await store.append(samples);
  }
}, 120_000);
afterAll(async () => {
  await homes?.stop();
  await influx?.dispose();
});

describe('readings out of InfluxDB', () => {
  it('are streamed whole and in order, though they are more than one answer may hold', async () => {
    const refused = await homes.get(PATH);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('Accept: application/x-ndjson') });
    const answer = await homes.get(PATH, { accept: 'application/x-ndjson' });
    const lines = (await answer.text()).trimEnd().split('\n');
    expect(lines).toHaveLength(2 * READS);
    const wrong = lines.filter((line, i) => {
      const n = i >> 1;
      const [deviceId, atMs, quantity, value] =
        i % 2 === 0 ? ['anna-meter', T0 + n * 500, 'grid.powerW', n] : ['anna-pv', T0 + n * 500 + 100, 'pv.powerW', n === 0 ? 0 : -n];
      return line !== JSON.stringify({ deviceId, atMs, [quantity]: value });
    });
    expect(wrong).toEqual([]);
  }, 60_000);

  it('come in steps as one answer', async () => {
    const { series } = await homes.json<ReadingsAnswer>(`${PATH}&step=15m&aggregate=max`);
    expect(series.map(({ deviceId, atMs }) => [deviceId, atMs.length])).toEqual([
      ['anna-pv', 28],
      ['anna-meter', 28],
    ]);
    expect(series[1]!.values['grid.powerW']!.slice(0, 3)).toEqual([1_799, 3_599, 5_399]);
  }, 60_000);
});
