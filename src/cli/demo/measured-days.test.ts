import { describe, expect, it } from 'vitest';
import { BadInput } from '../../kernel/errors.js';
import { DAY_MS, HOUR_MS } from '../../kernel/units.js';
import type { MeasuredHome } from '../../simulator/index.js';
import { gapNote, sunnyMeasuredMorning, zoneOfSun } from './measured-days.js';

const T0 = Date.UTC(2026, 0, 1);

/** Hourly rows of some days, brighter on one of them, without the hours of the gaps. */
const home = (days: number, brightDay: number, gapHours: readonly number[] = [], fromDay = 0): MeasuredHome => {
  const gaps = gapHours.map((hour) => ({ startMs: T0 + hour * HOUR_MS, endMs: T0 + (hour + 1) * HOUR_MS }));
  const rows = Array.from({ length: days * 24 }, (_, i) => {
    const startMs = T0 + fromDay * DAY_MS + i * HOUR_MS;
    const bright = Math.floor((startMs - T0) / DAY_MS) === brightDay;
    const sun = i % 24 >= 9 && i % 24 < 15 ? (bright ? 3_000 : 2_000) : 0;
    return { startMs, endMs: startMs + HOUR_MS, loadW: 300, pvW: sun };
  }).filter(({ startMs }) => !gaps.some((gap) => gap.startMs === startMs));
  return { name: 'home-01', file: 'home-01.csv', rows, stepMs: HOUR_MS, gaps };
};
const morningOf = (day: number): number => T0 + day * DAY_MS + 10.5 * HOUR_MS;
const faultsOf = (homes: readonly MeasuredHome[]): readonly string[] => {
  try {
    sunnyMeasuredMorning('UTC', homes);
  } catch (error) {
    if (error instanceof BadInput) return error.faults;
    throw error;
  }
  return [];
};

describe('the measured morning the demo begins on', () => {
  // The 1st of January 2026 is a Thursday, so its 43rd day is a Thursday as well.
  it('is the sunniest of a working day with a month before it', () => {
    expect(sunnyMeasuredMorning('UTC', [home(60, 42)])).toBe(morningOf(42));
    expect(sunnyMeasuredMorning('UTC', [home(60, 10)])).toBeGreaterThanOrEqual(morningOf(30));
    const onSunday = sunnyMeasuredMorning('UTC', [home(60, 45)]);
    expect(new Date(onSunday).getUTCDay()).not.toBe(0);
  });

  it('has no gap around it in any home', () => {
    const startMs = sunnyMeasuredMorning('UTC', [home(120, 42), home(120, 0, [40 * 24])]);
    expect(startMs).not.toBe(morningOf(42));
    const gapMs = T0 + 40 * DAY_MS;
    expect(startMs - 30 * DAY_MS > gapMs || startMs + DAY_MS <= gapMs).toBe(true);
    expect(gapNote([home(120, 42), home(120, 0, [40 * 24])])).toBe(
      '1 of 2 measured homes have gaps (home-01: 2026-02-10T00:00:00Z to 2026-02-10T01:00:00Z); what is replayed has none.',
    );
    expect(gapNote([home(40, 1)])).toBeUndefined();
  });

  it('is told to be none, with what is in the way', () => {
    expect(faultsOf([home(20, 1)])).toEqual([expect.stringMatching(/^home-01\.csv: holds too little; the demo needs 32 days/)]);
    expect(faultsOf([home(60, 42), home(60, 1, [30 * 24])])).toEqual([
      expect.stringMatching(/^home-01\.csv: no rows from 2026-01-31T00:00:00Z to 2026-01-31T01:00:00Z; the demo needs 32 days/),
    ]);
    const many = faultsOf([
      home(
        45,
        1,
        Array.from({ length: 40 }, (_, i) => i * 24 + 5),
      ),
    ]);
    expect(many).toHaveLength(6);
    expect(many.at(-1)).toBe('home-01.csv: and 35 more gaps');
    expect(faultsOf([home(40, 1), home(40, 41, [], 20)])).toEqual([
      expect.stringMatching(/^the measured homes have too few days in common/),
    ]);
  });

  it('is told in the zone of its sun', () => {
    expect(zoneOfSun(home(10, 1))).toBe('Etc/GMT');
  });
});
