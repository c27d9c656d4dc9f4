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
const [STANDS, RUNS] = [0, 2];
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

  it('is not known where nobody saw it change, or by a clock that was set back since', () => {
    looks(startedAt(0), at(1_000, STANDS), at(2_000, RUNS));
    expect(looks(startedAt(1_500), at(1_500, RUNS))).toMatchObject({ running: true, sinceMs: undefined });
  });

  it('stays as it is in what was decided on, whatever is seen later', () => {
    const memory = startedAt(0);
    const seen = memory.look(plant, at(1_000, STANDS), new Set());
    looks(memory, at(2_000, RUNS));
    expect(seen.generators.get(GENSET.id)).toMatchObject({ running: false });
  });
});
