import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../kernel/units.js';
import type { Schedule } from '../schedule/schedule.js';
import { inputOf, NOON_MS } from './decide.fixture.js';
import { plannedNow } from './planned-now.js';

/** A charger that has from 10 to 16 h in UTC, and hourly steps from half past nine on. */
const { plant } = inputOf([{ id: 'home', charger: { drawsW: 0 } }]);
const FIRST_MS = NOON_MS - 2.5 * HOUR_MS;
const planOf = (drawW: readonly number[]): Schedule =>
  ({
    issuedAtMs: NOON_MS,
    steps: drawW.map((_, step) => ({ startMs: FIRST_MS + step * HOUR_MS, endMs: FIRST_MS + (step + 1) * HOUR_MS })),
    sites: [],
    batteries: [],
    generators: [],
    loads: [{ loadId: 'home-flexible-load@2026-06-01', siteId: 'home', drawW }],
  }) as unknown as Schedule;
const at = (hour: number, drawW: readonly number[]) =>
  plannedNow(plant, planOf(drawW), NOON_MS + (hour - 12) * HOUR_MS)?.get('home-flexible-load');

describe('what a plan has a flexible load do', () => {
  it('is its power in the step that runs, and what is still to come', () => {
    expect(at(11, [0, 6_000, 0, 4_200])).toEqual({ kind: 'flexible-load', drawW: 6_000, toComeWh: 3_000 + 4_200 });
  });

  it('is drawn in that part of a step in which it may draw', () => {
    expect(at(10.25, [3_000, 0])).toMatchObject({ drawW: 6_000 });
    expect(at(15.75, [0, 0, 0, 0, 0, 0, 5_000])).toMatchObject({ drawW: 10_000 });
  });

  it('is nothing outside of its time: then it draws as it likes', () => {
    expect(at(9.75, [3_000, 0])).toBeUndefined();
    expect(at(16.25, [0, 0, 0, 0, 0, 0, 5_000])).toBeUndefined();
  });
});
