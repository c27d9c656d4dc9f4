import { fc, test } from '../../../test/prop.js';
import { describe, expect, it } from 'vitest';

import { localTime } from '../../kernel/local-day.js';
import { dayOf, dayTicks, roundTicks } from './day-axis.js';

const ZONE = 'Europe/Berlin';
const hoursOf = (date: string, hours: number) => dayTicks(ZONE, dayOf(ZONE, date), hours).map((atMs) => localTime(ZONE, atMs).hour);

describe('the axis of a day', () => {
  it('marks the hours on the wall, on days of 23, 24 and 25 hours', () => {
    const usual = [0, 3, 6, 9, 12, 15, 18, 21, 0];
    expect(hoursOf('2026-06-10', 3)).toEqual(usual);
    expect(hoursOf('2026-03-29', 3)).toEqual(usual);
    expect(hoursOf('2026-10-25', 3)).toEqual(usual);
    expect(hoursOf('2026-10-25', 1)).toHaveLength(25);
  });

  it('marks powers at round numbers', () => {
    expect(roundTicks(-23, 61, 4)).toEqual([0, 25, 50]);
    expect(roundTicks(0, 9.7, 5)).toEqual([0, 2, 4, 6, 8]);
    expect(roundTicks(5, 5, 5)).toEqual([5]);
  });
});

test.prop([
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.double({ min: 0.01, max: 1e6, noNaN: true }),
  fc.integer({ min: 1, max: 10 }),
])('marks lie inside the axis and are evenly spaced', (low, span, wanted) => {
  const ticks = roundTicks(low, low + span, wanted);
  expect(ticks.length).toBeLessThanOrEqual(wanted + 1);
  for (const tick of ticks) expect(tick).toBeGreaterThanOrEqual(low - span * 1e-6);
  for (const tick of ticks) expect(tick).toBeLessThanOrEqual(low + span * (1 + 1e-6));
});
