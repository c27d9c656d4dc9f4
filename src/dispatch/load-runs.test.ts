import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHARGER } from '../fleet/charger.fixture.js';
import type { SampleValues } from '../field/sample.js';
import type { PlantImage } from '../telemetry/image.js';
import { imageOf } from './decide.fixture.js';
import { type LoadRun, LoadRuns, watchRun } from './load-runs.js';

const [NOTHING_THERE, FULL, HELD_BACK, DRAWS] = [0, 1, 2, 3];
const charger = (state: number): SampleValues => ({ 'flexible.state': state, 'flexible.powerW': state === DRAWS ? -7_000 : 0 });
const heatPump = (drawsW: number): SampleValues => ({ 'flexible.powerW': 0 - drawsW });

/** What is known after one look a second. */
const seen = (looks: readonly SampleValues[], isToldToWait = false): LoadRun | undefined =>
  looks.reduce<LoadRun | undefined>((known, values, second) => watchRun(known, values, isToldToWait, second * 1_000), undefined);

describe('a flexible load that is watched', () => {
  it('draws, or waits, from the moment on at which it was seen to begin', () => {
    expect(seen([charger(HELD_BACK), charger(DRAWS), charger(DRAWS)])).toEqual({ running: true, sinceMs: 1_000 });
    expect(seen([charger(DRAWS), charger(DRAWS), charger(HELD_BACK), charger(HELD_BACK)])).toEqual({ running: false, sinceMs: 2_000 });
    expect(seen([charger(DRAWS), charger(DRAWS)])).toEqual({ running: true, sinceMs: undefined });
  });

  it('does not wait where nothing wants to draw any more, nor where the next car comes', () => {
    expect(seen([charger(DRAWS), charger(FULL)])).toEqual({ running: false, sinceMs: undefined });
    const next = [charger(DRAWS), charger(HELD_BACK), charger(NOTHING_THERE), charger(HELD_BACK)];
    expect(seen(next)).toEqual({ running: false, sinceMs: undefined });
  });

  it('is judged by its power and by what it was told where it says no state, and stays as it was while it says nothing', () => {
    expect(seen([heatPump(2_000), heatPump(20)], true)).toEqual({ running: false, sinceMs: 1_000 });
    expect(seen([heatPump(2_000), heatPump(20)], false)).toEqual({ running: false, sinceMs: undefined });
    expect(seen([heatPump(20), heatPump(2_000), {}])).toEqual({ running: true, sinceMs: 1_000 });
  });
});

describe('what is known of flexible loads', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const startedAt = (nowMs: number): LoadRuns => {
    const runs = new LoadRuns();
    runs.rememberIn(folder, nowMs);
    return runs;
  };
  const at = (atMs: number, drawsW: number): PlantImage => ({ ...imageOf([{ id: 'home', charger: { drawsW } }]), atMs });
  const wallbox = { ...CHARGER, id: 'home-flexible-load' };
  const looks = (runs: LoadRuns, ...images: PlantImage[]): LoadRun | undefined => {
    for (const image of images) runs.see([wallbox], image, () => false);
    return runs.now().get(wallbox.id);
  };

  it('outlives the plant', () => {
    looks(startedAt(0), at(1_000, 7_000), at(2_000, 0));
    expect(looks(startedAt(9_000), at(9_000, 0))).toEqual({ running: false, sinceMs: 2_000 });
    expect(looks(startedAt(9_000), at(9_000, 7_000))).toEqual({ running: true, sinceMs: 9_000 });
    expect(looks(startedAt(20_000), at(20_000, 7_000))).toEqual({ running: true, sinceMs: 9_000 });
  });

  it('begins with the plant where it lies ahead of its clock, which was set back since', () => {
    looks(startedAt(0), at(1_000, 7_000), at(2_000, 0));
    expect(looks(startedAt(1_500), at(1_600, 0))).toEqual({ running: false, sinceMs: 1_500 });
  });

  it('goes on by what passed when the clock leaps ahead, also for the plant that comes after', () => {
    const runs = startedAt(0);
    looks(runs, at(1_000, 7_000), at(2_000, 0));
    runs.leap(300_000);
    expect(looks(runs, at(303_000, 0))).toEqual({ running: false, sinceMs: 302_000 });
    expect(looks(startedAt(309_000), at(309_000, 0))).toEqual({ running: false, sinceMs: 302_000 });
  });

  it('is nothing where the file is broken', () => {
    looks(startedAt(0), at(1_000, 7_000), at(2_000, 0));
    writeFileSync(join(folder, 'load-runs.json'), 'half a fi');
    expect(startedAt(9_000).now().size).toBe(0);
  });

  it('is written when it changes, not each second', () => {
    const runs = startedAt(0);
    looks(runs, at(1_000, 7_000), at(2_000, 0));
    writeFileSync(join(folder, 'load-runs.json'), 'as it was');
    looks(runs, at(3_000, 0), at(4_000, 0));
    expect(readFileSync(join(folder, 'load-runs.json'), 'utf8')).toBe('as it was');
  });
});
