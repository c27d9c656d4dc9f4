import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { clearSkyShare, meanClearness } from './clouds.js';
import { ARRAY, home, JUNE_MORNING_MS } from './sites.fixture.js';
import { clearSkyW, sunDirection } from '../kernel/sun.js';
import { sunlight } from './sunlight.js';

const DEGREE = 180 / Math.PI;

describe('where the sun stands', () => {
  it('agrees with the worked example of Reda and Andreas (NREL/TP-560-34302, 2004), refraction aside', () => {
    const sun = sunDirection(Date.UTC(2003, 9, 17, 19, 30, 30), 39.742_476, -105.178_6);
    expect(Math.acos(sun.up) * DEGREE).toBeCloseTo(90 - 39.872_046, 1);
    expect((Math.atan2(sun.east, sun.north) * DEGREE + 360) % 360).toBeCloseTo(194.340_24, 1);
  });

  test.prop([
    fc.date({ min: new Date('1990-01-01'), max: new Date('2049-01-01'), noInvalidDate: true }),
    fc.double({ min: -89, max: 89, noNaN: true }),
    fc.double({ min: -180, max: 180, noNaN: true }),
  ])('is a direction', (date, latitude, longitude) => {
    const { east, north, up } = sunDirection(date.getTime(), latitude, longitude);
    expect(east ** 2 + north ** 2 + up ** 2).toBeCloseTo(1, 9);
  });
});

describe('what it gives an array', () => {
  const at = (atMs: number): number => clearSkyW(ARRAY, sunDirection(atMs, 52.5, 13.4));

  it('is nothing at night, and most of the rating on a clear June noon', () => {
    expect(at(Date.UTC(2024, 5, 20, 23))).toBe(0);
    expect(at(Date.UTC(2024, 5, 20, 11)) / ARRAY.peakW).toBeGreaterThan(0.75);
    expect(at(Date.UTC(2024, 5, 20, 11)) / ARRAY.peakW).toBeLessThan(0.95);
  });

  it('comes to what a roof in Berlin yields in a year: 900 to 1300 kWh per kWp', () => {
    const meanW = sunlight(home(), ARRAY);
    const [startMs, endMs] = [Date.UTC(2024, 0, 1), Date.UTC(2025, 0, 1)];
    let energyWh = 0;
    for (let day = startMs; day < endMs; day += DAY_MS) energyWh += meanW(day, day + DAY_MS) * 24;
    expect(energyWh / ARRAY.peakW).toBeGreaterThan(900);
    expect(energyWh / ARRAY.peakW).toBeLessThan(1_300);
  });

  test.prop([fc.integer(), fc.integer(), fc.integer({ min: 0, max: 4e12 })])(
    'is never more than the clear sky allows',
    (sky, site, atMs) => {
      const share = clearSkyShare(sky, site, atMs);
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(1);
    },
  );

  it('has clear days and grey ones', () => {
    const days = Array.from({ length: 60 }, (_, i) =>
      meanClearness(3, JUNE_MORNING_MS + i * DAY_MS, JUNE_MORNING_MS + i * DAY_MS + 6 * HOUR_MS),
    );
    expect(days.filter((clearness) => clearness > 0.9).length).toBeGreaterThan(10);
    expect(days.filter((clearness) => clearness < 0.6).length).toBeGreaterThan(8);
  });

  it('tells a quarter of an hour as the mean of its seconds, asked for in any order', () => {
    const meanW = sunlight(home(), ARRAY);
    const quarterW = meanW(JUNE_MORNING_MS, JUNE_MORNING_MS + 15 * MINUTE_MS);
    let sumW = 0;
    for (let i = 899; i >= 0; i -= 1) sumW += sunlightAgain(JUNE_MORNING_MS + i * SECOND_MS);
    expect(sumW / 900).toBeCloseTo(quarterW, 6);
  });
  const another = sunlight(home(), ARRAY);
  const sunlightAgain = (atMs: number): number => another(atMs, atMs + SECOND_MS);
});
