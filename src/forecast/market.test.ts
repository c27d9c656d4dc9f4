import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../kernel/random.js';
import { DAY_MS, HOUR_MS } from '../kernel/units.js';
import { BRAIN_NETS } from './adapters/brain-network.js';
import { clearSlotW, type Roof } from './clear-sky.js';
import { learn } from './learning.js';
import { learningRows } from './learning-rows.js';
import { materialOf, mixedForecasts, opinionsAhead } from './market.js';
import { home, learnt, START_MS, taskOf, ZONE } from './market.fixture.js';
import { slotViews } from './seasonal-models.js';
import type { SeriesModels } from './series-models.js';
import { issueLevel, slotFeatures } from './slot-features.js';
import type { Weather } from './weather.js';

const ROOF: Roof = { latitude: 52, longitude: 13, tiltDeg: 30, azimuthDeg: 180, peakW: 5_000 };
const series = home(50);
const models = learnt(series);
const ahead = (one: typeof series, with_: SeriesModels, issueSlot: number, slots: number, weather?: Weather) => {
  const material = materialOf(one, ZONE, 60, with_, weather);
  const targets = Array.from({ length: slots }, (_, slot) => issueSlot + slot);
  return opinionsAhead(material, with_, issueSlot, targets, BRAIN_NETS);
};

describe('no forecast uses what came after its issue', () => {
  const issues = fc.integer({ min: 29 * 24, max: 47 * 24 });
  const sunModels: SeriesModels = { ...models, quantity: 'pv', roof: ROOF };
  const hours = Array.from({ length: 60 * 24 }, (_, hour) => hour);
  const weather: Weather = {
    startMs: START_MS,
    stepMs: HOUR_MS,
    temperatureC: hours.map((hour) => 15 + (hour % 9)),
    irradianceWm2: hours.map((hour) => 10 + 10 * (hour % 24)),
    cloudPct: hours.map((hour) => hour % 100),
  };

  test.prop([issues, fc.integer({ min: 1, max: 9_999 }), fc.boolean()], { numRuns: 25 })('whatever comes then', (issueSlot, seed, sun) => {
    const random = randomStream(seed);
    const otherFuture = { ...series, values: series.values.map((value, slot) => (slot < issueSlot ? value : 9_000 * random())) };
    const cut = { ...series, values: series.values.slice(0, issueSlot) };
    const said = (one: typeof series) => ahead(one, sun ? sunModels : models, issueSlot, 48, weather);
    const mixed = (one: typeof series) => mixedForecasts(models, said(one));
    // In the dark hour nobody speaks of irradiance.
    expect([...new Set(said(series).flatMap((opinions) => Object.keys(opinions)))]).toEqual(
      expect.arrayContaining(['yesterday', 'ridge', 'brain.js', ...(sun ? ['irradiance'] : [])]),
    );
    expect(said(otherFuture)).toEqual(said(series));
    expect(said(cut)).toEqual(said(series));
    expect(mixed(cut)).toEqual(mixed(series));
  });

  it('nor does a row learn from it', () => {
    const material = materialOf(series, ZONE, 0);
    for (const { issueSlot, targetSlot, inputs } of learningRows(material, series.values.length, 3, 300)) {
      const past = { ...series, values: series.values.slice(0, issueSlot) };
      const task = { series: past, calendar: material.calendar, issueSlot };
      const viewOf = slotViews(task);
      expect(slotFeatures(viewOf(targetSlot), issueLevel(task, viewOf))!.inputs).toEqual(inputs);
    }
  });

  it('nor do models that learn up to a moment', () => {
    const untilSlot = 40 * 24;
    const early = learnt({ ...series, values: series.values.slice(0, untilSlot) });
    expect(early.trainedToMs).toBe(START_MS + untilSlot * HOUR_MS);
    expect(early.scoredToMs).toBeLessThanOrEqual(early.trainedToMs);
  });
});

describe('learning', () => {
  it('is the same for the same seed, also after it was stored', () => {
    expect(learnt(series)).toEqual(models);
    const stored = JSON.parse(JSON.stringify(models)) as SeriesModels;
    expect(ahead(series, stored, series.values.length, 48)).toEqual(ahead(series, models, series.values.length, 48));
    expect(learnt(series, { seed: 8 }).network).not.toEqual(models.network);
  });

  it('goes on from what was learnt before, and scores the days that have come since by models that had not seen them', () => {
    const longer = home(53);
    const later = learn({ ...taskOf(longer), models }, BRAIN_NETS);
    expect(later.mixtures.p50.rounds).toBe(models.mixtures.p50.rounds + 3);
    expect(later.trainedToMs).toBe(START_MS + 53 * DAY_MS);
    expect(later.network).not.toEqual(models.network);
  });

  it('beats every naive model on a home with weekends of its own', () => {
    const truth = home(57);
    const errors = new Map<string, number>();
    let mixture = 0;
    for (let day = 50; day < 57; day += 1) {
      const said = ahead({ ...truth, values: truth.values.slice(0, day * 24) }, models, day * 24, 24);
      const mixed = mixedForecasts(models, said);
      said.forEach((opinions, hour) => {
        const actualW = truth.values[day * 24 + hour]!;
        mixture += Math.abs(mixed[hour]!.p50 - actualW);
        for (const [name, { p50 }] of Object.entries(opinions)) errors.set(name, (errors.get(name) ?? 0) + Math.abs(p50 - actualW));
      });
    }
    for (const naive of ['yesterday', 'last-week', 'mean-7d', 'median-14d']) expect(mixture).toBeLessThan(errors.get(naive)!);
  });

  it('leaves nights dark', () => {
    const sun = { ...series, values: series.values.map((value, slot) => (slot % 24 < 6 || slot % 24 > 20 ? 0 : value)) };
    const mixed = mixedForecasts(models, ahead(sun, learnt(sun, { quantity: 'pv', roof: ROOF }), sun.values.length, 24));
    expect(mixed.slice(0, 5).map((slot) => slot!.p90)).toEqual([0, 0, 0, 0, 0]);
    expect(Math.min(...mixed.map((slot) => slot!.p10))).toBeGreaterThanOrEqual(0);
  });
});

describe('weather', () => {
  it('makes the sun of a changing sky far better known', () => {
    const random = randomStream(11);
    const values: number[] = [];
    const irradianceWm2: number[] = [];
    let share = 0;
    for (let hour = 0; hour < 60 * 24; hour += 1) {
      if (hour % 24 === 0) share = 0.1 + 0.9 * random();
      const startMs = START_MS + hour * HOUR_MS;
      values.push(share * clearSlotW(ROOF, startMs, HOUR_MS));
      irradianceWm2.push(share * (0.9 + 0.2 * random()) * clearSlotW({ ...ROOF, tiltDeg: 0, peakW: 1_163 }, startMs, HOUR_MS));
    }
    const weather = { startMs: START_MS, stepMs: HOUR_MS, irradianceWm2, temperatureC: [], cloudPct: [] };
    const sun = { startMs: START_MS, stepMs: HOUR_MS, values: values.slice(0, 56 * 24) };
    const errorOf = (told?: Weather): number => {
      const taught = learnt(sun, { quantity: 'pv', roof: ROOF, ...(told ? { weather: told } : {}) });
      const mixed = mixedForecasts(taught, ahead(sun, taught, 56 * 24, 24, told));
      return mixed.reduce((sum, slot, hour) => sum + Math.abs(slot!.p50 - values[56 * 24 + hour]!), 0);
    };
    expect(errorOf(weather)).toBeLessThan(0.6 * errorOf());
  });
});
