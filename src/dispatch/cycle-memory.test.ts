import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GeneratorRating, Plant } from '../fleet/plant.js';
import type { PlantImage } from '../telemetry/image.js';
import { CycleMemory } from './cycle-memory.js';
import { device, imageOf, inputOf } from './decide.fixture.js';

const RATING: GeneratorRating = {
  minW: 3_000,
  maxW: 10_000,
  rampWPerS: 1_000,
  warmUpS: 30,
  minUpS: 600,
  minDownS: 120,
  noLoadLitresPerH: 1,
  litresPerKwh: 0.3,
  fuelMicroPerLitre: 1_000_000,
  startMicro: 0,
};
const GENSET = device('works', 'generator', { id: 'genset', generator: RATING });
const [STANDS, WARMS_UP, RUNS] = [0, 1, 2];
const { plant: home } = inputOf([{ id: 'works' }]);
const plant: Plant = { ...home, sites: [{ ...home.sites[0]!, devices: [GENSET] }] };
const at = (atMs: number, state: number): PlantImage => ({
  ...imageOf([]),
  atMs,
  devices: new Map([
    [GENSET.id, { deviceId: GENSET.id, siteId: 'works', health: 'online', readAtMs: atMs, values: { 'generator.state': state } }],
  ]),
});

describe('since when a generator runs or stands', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const startedAt = (nowMs: number): CycleMemory => {
    const memory = new CycleMemory();
    memory.rememberIn(folder, nowMs);
    return memory;
  };
  const looks = (memory: CycleMemory, ...images: PlantImage[]) => {
    for (const image of images) memory.look(plant, image, new Set());
    return memory.generatorsNow().get(GENSET.id);
  };

  it('outlives the plant, and begins when the plant is there again where it changed in the meantime', () => {
    expect(looks(startedAt(0), at(1_000, STANDS), at(2_000, RUNS))).toMatchObject({ running: true, sinceMs: 2_000 });
    expect(looks(startedAt(9_000), at(9_000, RUNS))).toMatchObject({ running: true, sinceMs: 2_000, failedStarts: 0 });
    expect(looks(startedAt(20_000), at(20_000, STANDS))).toMatchObject({ running: false, sinceMs: 20_000 });
  });

  it('is not known where nobody saw it change', () => {
    expect(looks(startedAt(0), at(1_000, RUNS), at(2_000, RUNS))).toMatchObject({ running: true, sinceMs: undefined });
  });

  it('begins with the plant where it lies ahead of its clock, which was set back since', () => {
    looks(startedAt(0), at(1_000, STANDS), at(2_000, RUNS));
    expect(looks(startedAt(1_500), at(1_600, RUNS))).toMatchObject({ running: true, sinceMs: 1_500 });
  });

  it('goes on by what passed when the clock leaps ahead, also for the plant that comes after', () => {
    const memory = startedAt(0);
    looks(memory, at(1_000, STANDS), at(2_000, RUNS));
    memory.look(plant, at(303_000, RUNS), new Set(), 300_000);
    expect(memory.generatorsNow().get(GENSET.id)).toMatchObject({ running: true, sinceMs: 302_000 });
    memory.look(plant, at(304_000, RUNS), new Set(), 300_000);
    expect(looks(startedAt(310_000), at(310_000, RUNS))).toMatchObject({ running: true, sinceMs: 302_000 });
  });

  it('begins with whatever the clock leapt over before', () => {
    const memory = startedAt(0);
    for (const image of [at(1_000, STANDS), at(2_000, RUNS)]) memory.look(plant, image, new Set(), 300_000);
    expect(memory.generatorsNow().get(GENSET.id)).toMatchObject({ running: true, sinceMs: 2_000 });
  });

  it('stays as it is in what was decided on, whatever is seen later', () => {
    const memory = startedAt(0);
    const seen = memory.look(plant, at(1_000, STANDS), new Set());
    looks(memory, at(2_000, RUNS));
    expect(seen.generators.get(GENSET.id)).toMatchObject({ running: false });
  });
});

it('counts no start as failed for a clock that leaps ahead while the engine warms up', () => {
  const memory = new CycleMemory();
  const run = { kind: 'generator', run: true, powerW: 5_000 } as const;
  const lookAndAsk = (image: PlantImage, leaptMs: number): void => {
    memory.look(plant, image, new Set(), leaptMs);
    const asked = { deviceId: GENSET.id, control: 'generator', owner: 'plan', setpoint: run, cuts: [], reason: '' } as const;
    memory.note(plant, image, { atMs: image.atMs, devices: [asked] });
  };
  lookAndAsk(at(0, STANDS), 0);
  lookAndAsk(at(1_000, WARMS_UP), 0);
  lookAndAsk(at(302_000, WARMS_UP), 300_000);
  expect(memory.generatorsNow().get(GENSET.id)).toMatchObject({ failedStarts: 0, askedSinceMs: 301_000, warmingSinceMs: 301_000 });
  lookAndAsk(at(361_001, WARMS_UP), 300_000);
  expect(memory.generatorsNow().get(GENSET.id)).toMatchObject({ failedStarts: 1 });
});
