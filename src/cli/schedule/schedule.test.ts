import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadInput } from '../../kernel/errors.js';
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

const problem = {
  version: 1,
  currency: 'EUR',
  startMs: Date.UTC(2024, 0, 1),
  stepMinutes: [60, 60],
  sites: [{ id: 'home', loadW: 1_000, pvW: 0, importLimitW: 800, importMicroPerKwh: [100_000, 500_000], exportMicroPerKwh: 0 }],
};

describe('vpp schedule solve', () => {
  it('says in one line that a file is no JSON', async () => {
    const file = put('words.json', 'vm\nand more\n');
    const refused = await run(scheduleCommand(), 'solve', file).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BadInput);
    expect((refused as BadInput).faults).toEqual([expect.stringMatching(/^.*words\.json: can't be read: [^\n]*give JSON$/)]);
  });

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
      `${file}: sites[0].loadW (home): has 3 values for 2 steps; give one value, or 2`,
      `${file}: generators[0].siteId (g): there is no site "none"; give one of home`,
      `${file}: generators[0].minW (g): 9 is above maxW 5; give at most maxW`,
    ]);
  });

  it.each([
    ['{', 'can’t be read'.replace('’', "'")],
    ['{"version":2}', 'version'],
  ])('refuses %j', async (text, says) => {
    await expect(run(scheduleCommand(), 'solve', put('bad.json', text))).rejects.toThrow(says);
  });
});

describe('vpp schedule solve --chart', () => {
  it('writes a page beside the answer', async () => {
    const chart = join(dir, 'plan.html');
    await run(scheduleCommand(), 'solve', put('problem.json', JSON.stringify(problem)), '--chart', chart);
    expect(readFileSync(chart, 'utf8')).toMatch(/^<!doctype html>[^]*problem\.json/);
  });

  it.each(['plan.png', '/nowhere/plan.html'])('refuses %s', async (chart) => {
    await expect(run(scheduleCommand(), 'solve', put('problem.json', JSON.stringify(problem)), '--chart', chart)).rejects.toBeInstanceOf(
      BadInput,
    );
  });
});

describe('vpp schedule validate', () => {
  afterEach(() => void (process.exitCode = undefined));

  it('says what a file without faults holds', async () => {
    await run(scheduleCommand(), 'validate', 'docs/schedule-sample.json');
    expect(printed).toEqual([
      'docs/schedule-sample.json: no faults. 24 steps from 2024-06-01 00:00 to 2024-06-02 00:00 UTC, 2 sites, 1 battery, 1 generator, 1 flexible load, 1 event.',
    ]);
  });

  it('lists the faults for machines, and ends with 2', async () => {
    await run(scheduleCommand(), 'validate', put('bad.json', JSON.stringify({ ...problem, stepMinutes: [0] })), '--json');
    const answer = JSON.parse(printed.join('\n')) as { valid: boolean; faults: object[] };
    expect(answer.valid).toBe(false);
    expect(answer.faults[0]).toEqual({ path: 'stepMinutes[0]', what: 'is 0', mend: 'give a number above 0 in min' });
    expect(process.exitCode).toBe(2);
  });

  it('lists them for people, each with the way to mend it, and counts them', async () => {
    const file = put('bad.json', JSON.stringify({ ...problem, currency: '', version: '1' }));
    const refused: unknown = await run(scheduleCommand(), 'validate', file).catch((error: unknown) => error);
    expect((refused as BadInput).faults).toEqual([
      `${file}: version: is "1"; give 1`,
      `${file}: currency: is ""; give a text that is not empty`,
      `${file}: 2 faults`,
    ]);
  });

  it('knows pglib-uc by its own names', async () => {
    const pglib = {
      time_periods: 2,
      demand: [1],
      reserves: [0, 0],
      thermal_generators: {},
      renewable_generators: { sun: { power_output_minimum: [1, 2], power_output_maximum: [1, 1] } },
    };
    await expect(run(scheduleCommand(), 'validate', put('bad.json', JSON.stringify(pglib)))).rejects.toThrow(
      /demand: has 1 values for 2 periods; give 2\n.*sun\.power_output_minimum: is above power_output_maximum/,
    );
  });
});

describe('vpp schedule validate, of what pglib-uc does not know', () => {
  it('says what stands there and what belongs there', async () => {
    const pglib = { time_periods: 0, demand: ['much', -1], thermal_generators: { coal: { must_run: 'yes' } } };
    const refused: unknown = await run(scheduleCommand(), 'validate', put('bad.json', JSON.stringify(pglib))).catch(
      (error: unknown) => error,
    );
    expect((refused as BadInput).faults.map((line) => line.replace(/^.*bad\.json: /, ''))).toEqual(
      expect.arrayContaining([
        'time_periods: is 0; give at least 1',
        'demand[0]: is the text "much"; give a number',
        'demand[1]: is -1; give at least 0',
        'reserves: is missing; give a list',
        'thermal_generators.coal.must_run: is the text "yes"; give true or false or a number',
        'thermal_generators.coal.startup: is missing; give a list',
      ]),
    );
  });

  it('also of what is out of order', async () => {
    const pglib = JSON.parse(readFileSync('../shared/data/commitment/kazarlis-10.json', 'utf8')) as {
      thermal_generators: Record<string, { startup: object[]; piecewise_production: object[] }>;
    };
    const { g1_1: unit } = pglib.thermal_generators;
    unit!.startup.reverse();
    unit!.piecewise_production.reverse();
    const refused: unknown = await run(scheduleCommand(), 'validate', put('bad.json', JSON.stringify(pglib))).catch(
      (error: unknown) => error,
    );
    expect((refused as BadInput).faults.slice(0, -1).map((line) => line.replace(/^.*bad\.json: thermal_generators\.g1_1\./, ''))).toEqual([
      'piecewise_production: mw does not rise; order its points by power',
      'startup: lag does not rise; order them from hot to cold',
      'startup: a start after a longer rest is cheaper; give costs that rise with lag',
      'piecewise_production: does not reach from minimum to maximum; give both its ends',
    ]);
  });
});

describe('vpp schedule solve, in a table', () => {
  it('shows what flexible loads draw, so that each row adds up', async () => {
    await run(scheduleCommand(), 'solve', 'docs/schedule-sample.json');
    const [head, ...rows] = printed.slice(printed.findIndex((line) => line.includes('kW, from')));
    expect(head!.trim().split(/\s+/)).toEqual(['kW,', 'from', 'load', 'flexible', 'sun', 'battery', 'generator', 'grid', 'kWh']);
    for (const row of rows.filter((line) => / h /.test(line))) {
      const [load, flexible, sun, battery, generator, grid] = row.split(' h')[1]!.trim().split(/\s+/).map(Number);
      expect(sun! + battery! + generator! + grid!).toBeCloseTo(load! + flexible!, 1);
    }
  });

  it('reads a file that an editor began with a mark', async () => {
    await run(scheduleCommand(), 'validate', put('marked.json', `\uFEFF${JSON.stringify(problem)}`));
    expect(printed.join()).toContain('no faults');
  });
});

describe('vpp schedule schema', () => {
  it.each(['problem', 'answer'])('prints that of %s', async (which) => {
    await run(scheduleCommand(), 'schema', which);
    expect(JSON.parse(printed.join('\n'))).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' });
  });
});

describe('vpp schedule explain', () => {
  it('says why, one line for each stretch of one reason', async () => {
    await run(scheduleCommand(), 'explain', 'docs/schedule-sample.json', '--device', 'home-battery');
    expect(printed[0]).toBe('home-battery');
    expect(printed).toContainEqual(expect.stringMatching(/^  2024-06-01 18:00-20:00  discharges 2\.50 kW: it serves event evening-relief/));
    expect(printed.slice(1).every((line) => /^  2024-06-01 \d\d:00-\d\d:00  (?:charges|discharges|rests)/.test(line))).toBe(true);
  });

  it('answers machines for one device at one moment', async () => {
    const at = ['--device', 'yard-genset', '--at', '2024-06-01T10:30+02:00', '--json'];
    await run(scheduleCommand(), 'explain', 'docs/schedule-sample.json', ...at);
    expect(JSON.parse(printed.join('\n'))).toEqual([
      expect.objectContaining({
        id: 'yard-genset',
        does: 'runs',
        code: 'import-limit',
        startMs: Date.UTC(2024, 5, 1, 8),
        endMs: Date.UTC(2024, 5, 1, 9),
      }),
    ]);
  });

  it.each([
    [['--device', 'nobody'], 'there are home-battery, yard-genset, home-car, home, yard'],
    [['--at', 'noon'], '--at must be a time with its offset'],
    [['--at', '2030-01-01T00:00Z'], 'is outside the plan, which reaches from 2024-06-01 00:00'],
  ])('refuses %j', async (args, says) => {
    await expect(run(scheduleCommand(), 'explain', 'docs/schedule-sample.json', ...args)).rejects.toThrow(says);
  });
});
