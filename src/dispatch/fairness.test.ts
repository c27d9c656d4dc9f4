import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import { inputOf, NOON_MS } from './decide.fixture.js';
import { eventCycles, fairWeights, jainIndex } from './fairness.js';

const HOMES = ['a', 'b', 'c'].map((id) => ({ id, gridW: 0, socPct: 70 }));
const CONSENT = { reserveFloorPct: 20, optedOut: false };

describe('how much a home has been used', () => {
  it('is told in full cycles of what its household puts at disposal', () => {
    const [site] = inputOf(HOMES).plant.sites;
    expect(eventCycles(site!, CONSENT, 16_000)).toBe(2);
    expect(eventCycles(site!, { ...CONSENT, reserveFloorPct: 100 }, 16_000)).toBe(0);
  });

  it('makes an index of 1 where all were used alike, and of 1/n where one was alone', () => {
    expect([jainIndex([2, 2, 2]), jainIndex([3, 0, 0]), jainIndex([0, 0])]).toEqual([1, 1 / 3, 1]);
  });
});

it('a home that has given more this month is asked for less, and the event is delivered whole', () => {
  const event = {
    id: 'EV-0009',
    direction: 'up' as const,
    powerW: 3_000,
    endMs: NOON_MS + 3_600_000,
    baselineW: new Map(HOMES.map(({ id }) => [id, 0])),
    optedOut: new Set<string>(),
  };
  const asked = (deliveredBeforeWh: ReadonlyMap<string, number>) =>
    decide(inputOf(HOMES, { event: { ...event, deliveredBeforeWh } })).devices.flatMap(({ setpoint }) =>
      setpoint?.kind === 'battery-power' ? [setpoint.powerW] : [],
    );
  expect(asked(new Map())).toEqual([1_000, 1_000, 1_000]);
  expect(asked(new Map([['a', 24_000]]))).toEqual([333, 1_334, 1_333]);
});

test.prop([fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 2, maxLength: 10 })])(
  'a month of events brings homes that were used unevenly nearer to each other',
  (before) => {
    const cycles = [...before];
    for (let event = 0; event < 60; event += 1) {
      const weights = fairWeights(cycles);
      const sum = weights.reduce((a, b) => a + b, 0);
      weights.forEach((weight, index) => (cycles[index]! += (0.2 * cycles.length * weight) / sum));
    }
    const gap = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
    expect(gap(cycles)).toBeLessThanOrEqual(Math.max(0.6 * gap(before), 1e-9));
    expect(jainIndex(cycles)).toBeGreaterThanOrEqual(jainIndex(before) - 1e-9);
  },
);
