import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { type CarVisits, carVisits } from './car-visits.js';
import { allowedW, type ChargerState, chargerStateOf, type ChargerTold, initialCharger, stepCharger, toldCharger } from './charger.js';
import { CHARGER, chargerHome } from './sites.fixture.js';
import type { CarVisit } from './spec.js';

const T0 = Date.UTC(2024, 5, 3, 16);
const LEAST_W = 4_140;
const visit = (fromH: number, toH: number, energyWh: number): CarVisit => ({
  comesMs: T0 + fromH * HOUR_MS,
  goesMs: T0 + toH * HOUR_MS,
  energyWh,
});
const visitsOf = (...car: CarVisit[]): CarVisits => carVisits(chargerHome(), { id: 'charger', car });

/** A charger on its way through an evening. */
class Evening {
  state: ChargerState = initialCharger(0);
  private atMs = T0;

  constructor(private readonly visits: CarVisits) {}

  pass(hours: number, told: ChargerTold = {}): number {
    const durationMs = hours * HOUR_MS;
    const meanW = stepCharger(this.state, CHARGER, this.visits, told, { atMs: this.atMs, durationMs });
    this.atMs += durationMs;
    return meanW;
  }

  get shows(): number {
    return chargerStateOf(this.state, CHARGER);
  }
}

describe('a charger', () => {
  it('waits for the car, fills it, slower at last, and lets it go', () => {
    const evening = new Evening(visitsOf(visit(1, 12, 9_000)));
    expect([evening.pass(1), evening.pass(0.5), evening.shows]).toEqual([0, CHARGER.ratedW, 3]);
    expect(evening.pass(0.25)).toBeLessThan(CHARGER.ratedW);
    evening.pass(2);
    expect([evening.state.drawnWh, evening.shows]).toEqual([expect.closeTo(9_000, 6), 1]);
    evening.pass(10);
    expect(evening.shows).toBe(0);
  });

  it('gives what it was told to at most, and nothing where that is less than a car can take', () => {
    const evening = new Evening(visitsOf(visit(0, 12, 60_000)));
    evening.state = toldCharger(evening.state, { currentMa: 8_000 });
    expect([evening.pass(1), evening.shows]).toEqual([expect.closeTo(5_520, 6), 3]);
    expect([evening.pass(1, { maxW: 4_100 }), evening.pass(1, { maxW: 4_200 })]).toEqual([0, expect.closeTo(4_200, 6)]);
    evening.state = toldCharger(evening.state, { enabled: false });
    expect([evening.pass(1), evening.shows]).toEqual([0, 2]);
    expect(evening.pass(1, { isDeaf: true })).toBeCloseTo(CHARGER.ratedW, 6);
  });

  it('draws no more than its car takes, and less of that near its end', () => {
    const evening = new Evening(visitsOf({ ...visit(0, 12, 9_500), maxW: 8_000 }, visit(13, 14, 60_000)));
    expect([evening.pass(0.5), evening.pass(0.5), evening.pass(0.25, { maxW: 6_000 })]).toEqual([8_000, 8_000, expect.closeTo(LEAST_W, 6)]);
    evening.pass(11.75);
    expect(evening.pass(1)).toBe(CHARGER.ratedW);
  });

  it('has a car on one phase take a third of what it gives', () => {
    const evening = new Evening(visitsOf({ ...visit(0, 12, 60_000), phases: 1 }));
    expect([evening.pass(1), evening.pass(1, { maxW: 6_000 })]).toEqual([expect.closeTo(CHARGER.ratedW / 3, 6), expect.closeTo(2_000, 6)]);
  });

  it('goes over to its failsafe at the moment that it was given, and out of it when it is told again', () => {
    const evening = new Evening(visitsOf(visit(0, 12, 90_000)));
    evening.state = toldCharger(toldCharger(evening.state, { failsafeMa: 32_000, failsafeS: 60 }), { enabled: false });
    expect(evening.pass(59 / 3_600)).toBe(0);
    expect(evening.pass(2 / 3_600)).toBeCloseTo(CHARGER.ratedW / 2, 6);
    expect(evening.state.inFailsafe).toBe(true);
    evening.state = toldCharger(evening.state, { currentMa: 6_000 });
    expect(evening.pass(30 / 3_600)).toBe(0);
    evening.state = toldCharger(toldCharger(evening.state, { failsafeS: 0 }), { enabled: true });
    expect(evening.pass(1)).toBeCloseTo(LEAST_W, 6);
  });

  it('that is stuck stays where it was told to be', () => {
    const evening = new Evening(visitsOf(visit(0, 12, 90_000)));
    evening.state = toldCharger(toldCharger(evening.state, { failsafeMa: 32_000, failsafeS: 60 }), { enabled: false });
    expect(evening.pass(1, { isStuck: true })).toBe(0);
  });

  const story = fc.array(
    fc.record({
      minutes: fc.integer({ min: 1, max: 200 }),
      currentMa: fc.integer({ min: 6_000, max: 40_000 }),
      enabled: fc.boolean(),
      failsafeS: fc.constantFrom(0, 10, 90, 600),
    }),
    { minLength: 1, maxLength: 12 },
  );

  test.prop([story])('draws the same in one step as in many, within what it may and what the car wants', (told) => {
    const [whole, slices] = [
      new Evening(visitsOf(visit(0.3, 4, 20_000), visit(5, 9, 5_000))),
      new Evening(visitsOf(visit(0.3, 4, 20_000), visit(5, 9, 5_000))),
    ];
    for (const { minutes, currentMa, enabled, failsafeS } of told) {
      for (const one of [whole, slices]) one.state = toldCharger(one.state, { currentMa, enabled, failsafeS, failsafeMa: 10_000 });
      const [beforeWh, mayW] = [whole.state.drawnWh, Math.max(allowedW(whole.state, CHARGER), 6_900)];
      const meanW = whole.pass(minutes / 60);
      for (let slice = 0; slice < 10 * minutes; slice += 1) slices.pass((6 * SECOND_MS) / HOUR_MS);
      expect((meanW * minutes * MINUTE_MS) / HOUR_MS).toBeCloseTo(whole.state.drawnWh - beforeWh, 6);
      expect(meanW).toBeLessThanOrEqual(mayW + 1e-6);
      expect(slices.state.drawnWh).toBeCloseTo(whole.state.drawnWh, 4);
    }
    expect(whole.state.drawnWh).toBeLessThanOrEqual(25_000 + 1e-6);
  });
});

describe('a car of habits', () => {
  const site = chargerHome();
  const visits = carVisits(site, site.chargers![0]!);
  const days = Array.from({ length: 60 }, (_, day) => T0 + day * 24 * HOUR_MS);

  it('comes in the evening and goes in the morning, a little otherwise each day, and now and then not at all', () => {
    const nights = days.map((dayMs) => visits.at(dayMs + 8 * HOUR_MS));
    const found = nights.filter((night) => night !== undefined);
    expect(found.length).toBeGreaterThan(45);
    expect(found.length).toBeLessThan(60);
    for (const { comesMs, goesMs, energyWh } of found) {
      expect([comesMs % (24 * HOUR_MS) > 15 * HOUR_MS, comesMs % (24 * HOUR_MS) < 17 * HOUR_MS]).toEqual([true, true]);
      expect((goesMs - comesMs) / HOUR_MS).toBeGreaterThan(11.5);
      expect(energyWh).toBeGreaterThan(5_000);
    }
    expect(new Set(found.map(({ energyWh }) => energyWh)).size).toBeGreaterThan(40);
    expect(days.every((dayMs) => visits.at(dayMs - 5 * HOUR_MS) === undefined)).toBe(true);
  });

  it('comes and goes at the moments that are told ahead, whoever asks', () => {
    for (const dayMs of days) {
      const changeMs = visits.nextChangeMs(dayMs);
      expect(visits.at(changeMs - 1)).toEqual(visits.at(dayMs));
      expect(changeMs - dayMs > 30 * HOUR_MS || visits.at(changeMs)?.comesMs !== visits.at(dayMs)?.comesMs).toBe(true);
      expect(carVisits(site, site.chargers![0]!).at(dayMs + 8 * HOUR_MS)).toEqual(visits.at(dayMs + 8 * HOUR_MS));
    }
  });
});
