import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { OpenMeteo } from './adapters/open-meteo.js';
import { WeatherFile } from './adapters/weather-file.js';
import { weatherAt } from './weather.js';
import { NoWeather } from './weather-source.port.js';

const START_MS = Date.UTC(2024, 5, 1);
const HOME = { id: 'home', location: { latitude: 52.52, longitude: 13.41 } };
const ANSWER = {
  hourly: {
    time: [0, 1, 2].map((hour) => START_MS / 1_000 + hour * 3_600),
    temperature_2m: [12, 13.5, null],
    shortwave_radiation: [0, 40, 120],
    cloud_cover: [100, 50, 0],
  },
};

let service: Server;
let asked: URLSearchParams[];
let faults: string[];
let answer: { status: number; body: string };
beforeAll(async () => {
  service = createServer((request, response) => {
    asked.push(new URL(request.url!, 'http://x').searchParams);
    response.statusCode = answer.status;
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => service.close(resolve)));
beforeEach(() => {
  asked = [];
  faults = [];
  answer = { status: 200, body: JSON.stringify(ANSWER) };
});
const source = (): OpenMeteo =>
  new OpenMeteo(`http://127.0.0.1:${(service.address() as AddressInfo).port}/v1/forecast`, (reason) => faults.push(reason));

describe('weather from a service', () => {
  it('is asked for by place, and told by the hour that begins', async () => {
    const weather = (await source().forecast(HOME, START_MS))!;
    expect(asked[0]!.get('latitude')).toBe('52.5');
    expect(asked[0]!.get('hourly')).toBe('temperature_2m,shortwave_radiation,cloud_cover');
    expect(weatherAt(weather, 'temperatureC', START_MS + HOUR_MS)).toBe(13.5);
    // The mean from 0 to 1 h is told at 1 h.
    expect(weatherAt(weather, 'irradianceWm2', START_MS + HOUR_MS / 2)).toBe(40);
    expect(weatherAt(weather, 'temperatureC', START_MS + 2 * HOUR_MS)).toBeUndefined();
    expect(weatherAt(weather, 'cloudPct', START_MS + 9 * HOUR_MS)).toBeUndefined();
  });

  it('is asked for once an hour for all sites of a place, also when they ask at once', async () => {
    const weather = source();
    await Promise.all([HOME, { ...HOME, id: 'next door' }].map((site) => weather.forecast(site, START_MS)));
    await weather.forecast(HOME, START_MS + 59 * MINUTE_MS);
    expect(asked).toHaveLength(1);
    await weather.forecast(HOME, START_MS + HOUR_MS);
    expect(asked).toHaveLength(2);
    expect(await weather.forecast({ id: 'nowhere' }, START_MS)).toBeUndefined();
  });

  it('backs off from a service that fails, longer each time, and uses what it knew for a day', async () => {
    const weather = source();
    const before = await weather.forecast(HOME, START_MS);
    answer = { status: 503, body: '' };
    const later = START_MS + 2 * HOUR_MS;
    expect(await weather.forecast(HOME, later)).toBe(before);
    await weather.forecast(HOME, later + 30_000);
    expect(asked).toHaveLength(2);
    await weather.forecast(HOME, later + MINUTE_MS);
    await weather.forecast(HOME, later + 2 * MINUTE_MS);
    expect(asked).toHaveLength(3);
    expect(faults).toEqual([expect.stringContaining('answers 503'), expect.stringContaining('answers 503')]);
    expect(await weather.forecast(HOME, START_MS + 25 * HOUR_MS)).toBeUndefined();
    answer = { status: 200, body: '{"hourly":{}}' };
    expect(await source().forecast(HOME, START_MS)).toBeUndefined();
    expect(faults.at(-1)).toContain('does not answer as Open-Meteo does');
  });
});

describe('weather from a file', () => {
  it('is read again when the file has changed, and kept while it is broken', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'weather-'));
    const file = join(dir, 'weather.csv');
    const put = (temperature: string, second: number): void => {
      writeFileSync(file, `start_utc,temperature_c\n2024-06-01T00:00:00Z,${temperature}\n2024-06-01T01:00:00Z,9\n`);
      utimesSync(file, second, second);
    };
    try {
      put('-4', 1);
      const weather = new WeatherFile(file, (reason) => faults.push(reason));
      const first = await weather.forecast();
      expect(first!.temperatureC).toEqual([-4, 9]);
      expect(await weather.forecast()).toBe(first);
      put('cold', 2);
      expect(await weather.forecast()).toBe(first);
      expect(await weather.forecast()).toBe(first);
      expect(faults).toHaveLength(1);
      put('5', 3);
      expect((await weather.forecast())!.temperatureC).toEqual([5, 9]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

it('is not needed', async () => {
  expect(await new NoWeather().forecast()).toBeUndefined();
});
