import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { loadHomes } from './homes.js';
import { parseReplay, replayed } from './replay.js';

const HEAD = 'start_utc,load_w,pv_w\n';
const T = Date.UTC(2024, 4, 1);
const faultsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (error) {
    if (error instanceof BadInput) return error.faults;
    throw error;
  }
  return [];
};

describe('measured rows', () => {
  it('hold over their step, and stop at a gap', () => {
    const { rows, stepMs, gaps } = parseReplay(
      `${HEAD}2024-05-01T00:00:00Z,400,0\n2024-05-01T00:15:00Z,500.5,0\n2024-05-01T00:30Z,600,1\n2024-05-01 01:00:00,700,2\n`,
      'home.csv',
    );
    expect(stepMs).toBe(15 * MINUTE_MS);
    expect(gaps).toEqual([{ startMs: T + 45 * MINUTE_MS, endMs: T + HOUR_MS }]);
    const at = replayed(rows);
    expect(at(T + 20 * MINUTE_MS, T + 21 * MINUTE_MS)).toEqual({ loadW: 500.5, pvW: 0 });
    expect(at(T, T + 30 * MINUTE_MS)).toEqual({ loadW: 450.25, pvW: 0 });
    expect(at(T + 44 * MINUTE_MS, T + 46 * MINUTE_MS)).toBeUndefined();
    expect(at(T + 50 * MINUTE_MS, T + 51 * MINUTE_MS)).toBeUndefined();
    expect(at(T - MINUTE_MS, T + MINUTE_MS)).toBeUndefined();
    expect(at(T + HOUR_MS, T + 75 * MINUTE_MS)).toEqual({ loadW: 700, pvW: 2 });
    expect(at(T + 75 * MINUTE_MS, T + 76 * MINUTE_MS)).toBeUndefined();
  });

  it('take columns in any order, with more beside them', () => {
    const { rows } = parseReplay('pv_w,note,load_w,start_utc\n1,x,2,2024-05-01T00:00:00Z\n3,y,4,2024-05-01T02:00:00+01:00\n', 'home.csv');
    expect(rows.map(({ startMs, loadW, pvW }) => [startMs, loadW, pvW])).toEqual([
      [T, 2, 1],
      [T + HOUR_MS, 4, 3],
    ]);
  });

  it.each([
    ['a missing column', 'start_utc,load_w\n2024-05-01T00:00:00Z,1\n', /^home.csv:1: no column pv_w/],
    ['no rows', HEAD, /^home.csv: no rows/],
    ['an empty file', '', /^home.csv:1: no column start_utc, load_w, pv_w/],
    ['one row alone', `${HEAD}2024-05-01T00:00:00Z,1,2\n`, /^home.csv: one row alone/],
    ['not a number', `${HEAD}2024-05-01T00:00:00Z,much,2\n2024-05-01T01:00:00Z,1,2\n`, /^home.csv:2: load_w "much"/],
    ['a negative power', `${HEAD}2024-05-01T00:00:00Z,1,2\n2024-05-01T01:00:00Z,1,-2\n`, /^home.csv:3: pv_w "-2"/],
    ['an empty cell', `${HEAD}2024-05-01T00:00:00Z,,2\n2024-05-01T01:00:00Z,1,2\n`, /^home.csv:2: load_w ""/],
    ['not a time', `${HEAD}2024-05-01T00:00:00Z,1,2\nyesterday,1,2\n`, /^home.csv:3: start_utc "yesterday"/],
    ['a time that is none', `${HEAD}2024-05-01T00:00:00Z,1,2\n2024-05-01T27:00:00Z,1,2\n`, /^home.csv:3: start_utc/],
    ['a duplicate', `${HEAD}2024-05-01T00:00:00Z,1,2\n2024-05-01T00:00:00Z,1,2\n`, /^home.csv:3: .* twice/],
    ['an unsorted row', `${HEAD}2024-05-01T01:00:00Z,1,2\n\n2024-05-01T00:00:00Z,1,2\n`, /^home.csv:4: .* earlier/],
    ['a short row', `${HEAD}2024-05-01T01:00:00Z,1\n`, /^home.csv:2: /],
  ])('refuse %s, and say where', (_, text, fault) => {
    expect(faultsOf(() => parseReplay(text, 'home.csv'))).toEqual([expect.stringMatching(fault)]);
  });

  it('name the first faults of many', () => {
    const faults = faultsOf(() => parseReplay(`${HEAD}${'x,1,2\n'.repeat(30)}`, 'home.csv'));
    expect(faults).toHaveLength(11);
    expect(faults.at(-1)).toBe('home.csv: and 20 more');
  });
});

describe('a folder of homes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'homes-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const rows = `${HEAD}2024-05-01T00:00:00Z,1,2\n2024-05-01T01:00:00Z,3,4\n`;

  it('has none in it', () => {
    expect(() => loadHomes(folder)).toThrow(/no homes in/);
    expect(() => loadHomes(join(folder, 'nowhere'))).toThrow(/cannot read the homes in/);
  });

  it('is read in order, with the equipment that stands beside them', () => {
    writeFileSync(join(folder, 'b.csv'), rows);
    writeFileSync(join(folder, 'a.csv'), rows);
    writeFileSync(join(folder, 'prices.csv'), 'start_utc,price\n');
    writeFileSync(join(folder, 'fleet.csv'), 'home,pv_w_peak,battery_wh,battery_w\na,4000,6400,5000\n');
    const homes = loadHomes(folder);
    expect(homes.map(({ name, pvPeakW, batteryWh, batteryW }) => ({ name, pvPeakW, batteryWh, batteryW }))).toEqual([
      { name: 'a', pvPeakW: 4_000, batteryWh: 6_400, batteryW: 5_000 },
      { name: 'b', pvPeakW: undefined, batteryWh: undefined, batteryW: undefined },
    ]);
  });

  it('tells the faults of all its files', () => {
    writeFileSync(join(folder, 'c.csv'), 'x\n');
    writeFileSync(join(folder, 'fleet.csv'), 'home,pv_w_peak,battery_wh,battery_w\na,-1,6400,5000\n');
    expect(faultsOf(() => loadHomes(folder))).toEqual([
      expect.stringMatching(/fleet\.csv:2: pv_w_peak/),
      expect.stringMatching(/c\.csv:1: no column/),
    ]);
  });
});
