import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { forecastCommand } from './forecast.js';

let dir: string;
let printed: string[];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'vpp-'));
});
afterAll(() => rmSync(dir, { recursive: true }));
beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => vi.restoreAllMocks());

const put = (name: string, content: string): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};
const run = (command: Command, ...args: string[]): Promise<unknown> => command.exitOverride().parseAsync(args, { from: 'user' });

describe('vpp forecast backtest', () => {
  const csv = (): string => {
    const rows = Array.from({ length: 24 * 60 }, (_, hour) => {
      const start = new Date(Date.UTC(2024, 0, 1) + hour * 3_600_000).toISOString();
      return `${start},${(500 + 300 * Math.sin((hour / 24) * 2 * Math.PI) + 50 * ((hour * 7_919) % 11)).toFixed(1)}`;
    });
    return put('home.csv', `start_utc,load_w\n${rows.join('\n')}\n`);
  };

  it('scores the mixture and every model on the same days, and draws them', async () => {
    const chart = join(dir, 'home.html');
    await run(forecastCommand(), 'backtest', '--csv', csv(), '--zone', 'UTC', '--test-days', '5', '--chart', chart, '--json');
    interface Scored {
      name: string;
      mae: number;
      coverage: number;
      slots: number;
    }
    const answer = JSON.parse(printed.join('\n')) as {
      testDays: number;
      mixture: Scored;
      models: Scored[];
      weights: Record<string, number>;
    };
    expect(answer.testDays).toBe(5);
    const names = answer.models.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['yesterday', 'last-week', 'mean-7d', 'median-14d', 'ridge', 'brain.js']));
    for (const score of [answer.mixture, ...answer.models]) {
      expect(Object.keys(score)).toEqual(expect.arrayContaining(['name', 'mae', 'rmse', 'mase', 'top2', 'coverage']));
      expect(score.slots).toBe(120);
      expect(score.mae).toBeGreaterThan(0);
    }
    expect(Object.values(answer.weights).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
    expect(readFileSync(chart, 'utf8')).toMatch(/^<!doctype html>[^]*<polygon/);
  });

  it('takes weather as a forecast of it, and prints a table', async () => {
    const rows = Array.from(
      { length: 24 * 60 },
      (_, hour) => `${new Date(Date.UTC(2024, 0, 1) + hour * 3_600_000).toISOString()},${hour % 20}`,
    );
    const weather = put('weather.csv', `start_utc,temperature_c\n${rows.join('\n')}\n`);
    await run(forecastCommand(), 'backtest', '--csv', csv(), '--zone', 'UTC', '--test-days', '3', '--weather', weather);
    expect(printed.join('\n')).toMatch(/model +mae +rmse[^]*mixture[^]*brain\.js/);
  });

  it.each([
    [['--zone', 'Mars/Olympus'], 'is no IANA zone'],
    [['--zone', 'UTC', '--test-days', 'many'], '--test-days must be a whole number'],
    [['--zone', 'UTC', '--test-days', '50'], 'it takes 28'],
    [['--zone', 'UTC', '--chart', 'home.png'], 'end it in .svg or .html'],
    [['--zone', 'UTC', '--column', 'pv_w'], 'there is no column "pv_w"'],
  ])('refuses %j in one line', async (args, says) => {
    await expect(run(forecastCommand(), 'backtest', '--csv', csv(), ...args)).rejects.toThrow(says);
  });

  it('refuses a file that is not there', async () => {
    await expect(run(forecastCommand(), 'backtest', '--csv', join(dir, 'none.csv'), '--zone', 'UTC')).rejects.toBeInstanceOf(BadInput);
  });
});
