import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { localTime } from '../kernel/local-day.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { householdLoad } from './household.js';
import { home, JUNE_MORNING_MS } from './sites.fixture.js';

const numbered = (n: number) => home({ id: `home-${n}`, seed: n });
const YEAR_START_MS = Date.UTC(2024, 0, 1);

describe('a made-up household', () => {
  it('draws 300 to 900 W on the mean of a year', () => {
    for (let n = 0; n < 20; n += 1) {
      const meanW = householdLoad(numbered(n));
      let sumW = 0;
      for (let week = 0; week < 52; week += 1) sumW += meanW(YEAR_START_MS + week * 7 * DAY_MS, YEAR_START_MS + (week * 7 + 1) * DAY_MS);
      expect(sumW / 52).toBeGreaterThan(300);
      expect(sumW / 52).toBeLessThan(900);
    }
  });

  it('draws more in the evening than at night, and more in winter than in summer', () => {
    const between = (month: number, fromHour: number, toHour: number): number => {
      let [sumW, count] = [0, 0];
      for (let n = 0; n < 10; n += 1) {
        const meanW = householdLoad(numbered(n));
        for (let day = 1; day <= 28; day += 1) {
          const startMs = Date.UTC(2024, month, day, fromHour);
          sumW += meanW(startMs, startMs + (toHour - fromHour) * HOUR_MS);
          count += 1;
        }
      }
      return sumW / count;
    };
    expect(between(0, 17, 20)).toBeGreaterThan(2 * between(0, 1, 4));
    expect(between(0, 0, 24)).toBeGreaterThan(1.1 * between(6, 0, 24));
  });

  it('comes to the mean it was asked for', () => {
    const meanW = householdLoad(numbered(1), 1_000);
    expect(meanW(Date.UTC(2023, 0, 1), Date.UTC(2024, 0, 1))).toBeGreaterThan(850);
    expect(meanW(Date.UTC(2023, 0, 1), Date.UTC(2024, 0, 1))).toBeLessThan(1_150);
  });

  it('has a long and a short day when the clocks change, and knows every moment of both', () => {
    const meanW = householdLoad(numbered(2));
    for (const date of [Date.UTC(2024, 2, 31), Date.UTC(2024, 9, 27)])
      for (let atMs = date - 3 * HOUR_MS; atMs < date + 27 * HOUR_MS; atMs += 7 * MINUTE_MS)
        expect(meanW(atMs, atMs + MINUTE_MS)).toBeGreaterThan(40);
    expect(localTime('Europe/Berlin', Date.UTC(2024, 9, 27, 22, 59)).date).toBe('2024-10-27');
  });

  const [asked, askedAgain] = [householdLoad(numbered(3)), householdLoad(numbered(3))];
  const momentMs = fc.integer({ min: JUNE_MORNING_MS - 40 * DAY_MS, max: JUNE_MORNING_MS + 40 * DAY_MS });
  const lengthMs = fc.integer({ min: 1_000, max: 2 * DAY_MS });

  test.prop([momentMs, lengthMs, fc.double({ min: 0.01, max: 0.99, noNaN: true })])(
    'is the same in one piece and in two',
    (startMs, length, share) => {
      const middleMs = startMs + Math.max(1, Math.floor(length * share));
      const endMs = startMs + length;
      const parts = asked(startMs, middleMs) * (middleMs - startMs) + (middleMs < endMs ? asked(middleMs, endMs) * (endMs - middleMs) : 0);
      expect(parts / length).toBeCloseTo(askedAgain(startMs, endMs), 6);
    },
  );
});
