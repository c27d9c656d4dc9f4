import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Scoreboard } from '../grid/scoreboard-schema.js';
import { forecastCommand } from './forecast.js';

const ROW = { horizon: '6-24h' as const, rmseW: 400, biasW: -10, pinballW: 60, coverage: 0.8, slots: 72 };
const ANSWER: Scoreboard = {
  sinceMs: 0,
  sites: [
    {
      siteId: 'home-01',
      quantities: [
        {
          quantity: 'load',
          rows: [
            { ...ROW, model: 'mixture', maeW: 210, skill: 0.3 },
            { ...ROW, model: 'last-week', maeW: 300, skill: 0 },
          ],
          weights: { 'brain.js': 0.6, yesterday: 0.4 },
        },
        { quantity: 'pv', rows: [], weights: {} },
      ],
    },
  ],
};

let plant: Server;
let asked: string[];
let printed: string[];
beforeAll(async () => {
  plant = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/api/session' ? { token: 'token' } : ANSWER));
  });
  await new Promise<void>((resolve) => plant.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => plant.close(resolve)));
beforeEach(() => {
  [asked, printed] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  vi.stubEnv('VPP_USER', 'operator');
  vi.stubEnv('VPP_PASSWORD', 'a long password');
  return () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  };
});

const run = (...args: string[]): Promise<unknown> => {
  const url = `http://127.0.0.1:${(plant.address() as AddressInfo).port}`;
  return forecastCommand()
    .exitOverride()
    .parseAsync(['scoreboard', '--plant', url, ...args], { from: 'user' });
};

describe('vpp forecast scoreboard', () => {
  it('asks a running plant, and prints a block a site and quantity', async () => {
    await run('--site', 'home-01', '--days', '7');
    expect(asked).toContain('GET /api/forecasts/scoreboard?days=7&siteId=home-01');
    expect(printed[0]).toBe('home-01 load; in the median: brain.js 60 %, yesterday 40 %');
    expect(printed.join('\n')).toMatch(/6-24h +mixture +210 +400 +-10 +60 +80 % +0\.300/);
    expect(printed).toContain('home-01 pv: nothing scored yet');
  });

  it('answers machines, and refuses nonsense in one line', async () => {
    await run('--json');
    expect(JSON.parse(printed.join('\n'))).toEqual(ANSWER);
    await expect(run('--days', 'some')).rejects.toThrow('give a whole number from 1 on');
  });
});
