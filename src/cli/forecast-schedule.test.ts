import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { forecastCommand } from './forecast.js';
import { scheduleCommand } from './schedule.js';

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

describe('vpp schedule solve', () => {
  const problem = {
    version: 1,
    currency: 'EUR',
    startMs: Date.UTC(2024, 0, 1),
    stepMinutes: [60, 60],
    sites: [{ id: 'home', loadW: 1_000, pvW: 0, importLimitW: 800, importMicroPerKwh: [100_000, 500_000], exportMicroPerKwh: 0 }],
  };

  it('prints a plan, its cost and what it had to bend', async () => {
    await run(scheduleCommand(), 'solve', put('problem.json', JSON.stringify(problem)));
    const said = printed.join('\n');
    expect(said).toContain('optimal by highs');
    expect(said).toContain('cost 0.6000 EUR');
    expect(said).toContain('bent: import-limit of home by 200 from 2024-01-01T00:00:00.000Z');
  });

  it('answers machines', async () => {
    await run(scheduleCommand(), 'solve', put('problem.json', JSON.stringify(problem)), '--json');
    const answer = JSON.parse(printed.join('\n')) as Record<string, unknown>;
    expect(answer).toMatchObject({ status: 'optimal', cost: 0.6, gap: 0, faults: [] });
    expect(answer['breaches']).toHaveLength(2);
    expect(Object.keys(answer)).toEqual(expect.arrayContaining(['seconds', 'plan']));
  });

  it('names all that is wrong with a problem at once', async () => {
    const twice = {
      ...problem,
      sites: [{ ...problem.sites[0], loadW: [1, 2, 3] }],
      generators: [{ id: 'g', siteId: 'none', minW: 9, maxW: 5, initial: { on: false } }],
    };
    const file = put('bad.json', JSON.stringify(twice));
    const refused: unknown = await run(scheduleCommand(), 'solve', file).catch((error: unknown) => error);
    expect((refused as BadInput).faults).toEqual([
      `${file}: sites.home.loadW: has 3 values for 2 steps`,
      `${file}: g: there is no site "none"`,
      `${file}: generators.g: minW is above maxW`,
    ]);
  });

  it.each([
    ['{', 'can’t be read'.replace('’', "'")],
    ['{"version":2}', 'version'],
  ])('refuses %j', async (text, says) => {
    await expect(run(scheduleCommand(), 'solve', put('bad.json', text))).rejects.toThrow(says);
  });
});
