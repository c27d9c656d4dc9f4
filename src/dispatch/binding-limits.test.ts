import { describe, expect, it } from 'vitest';
import { bindingLimits, saidOf } from './binding-limits.js';
import { imageOf, inputOf } from './decide.fixture.js';
import type { GridLimits } from './decision.js';
import type { CapacityFacts } from './event-capacity.js';

const HOMES = ['a', 'b'].map((id) => ({ id, socPct: 80 }));

/** Two homes of 5 kW that take 500 W at rest. */
const facts = (direction: 'up' | 'down', a: GridLimits, fleetLimits: GridLimits = {}): CapacityFacts => ({
  ...inputOf(HOMES),
  image: imageOf(HOMES),
  event: { direction, optedOut: new Set() },
  sunW: new Map([['a', 3_000]]),
  restW: new Map(HOMES.map(({ id }) => [id, 500])),
  siteLimits: new Map([['a', a]]),
  fleetLimits,
});
const said = (direction: 'up' | 'down', powerW: number, a: GridLimits, fleet: GridLimits = {}): string[] =>
  bindingLimits(facts(direction, a, fleet), powerW).map(saidOf);

describe('the limits that come before an event', () => {
  it('are those that leave less of it than there would be without them', () => {
    expect(said('up', 9_000, { exportW: 2_000 })).toEqual(['The export limit of 2000 W on a comes before it.']);
    expect(said('up', 9_000, {}, { exportW: 5_000 })).toEqual(['The export limit of 5000 W on the fleet comes before it.']);
    expect(said('down', 12_000, { loadW: 2_000, exportW: 0 })).toEqual(['The load limit of 2000 W on a comes before it.']);
  });

  it('are none where they leave enough of it', () => {
    expect(said('up', 7_000, { exportW: 2_000 })).toEqual([]);
    expect(said('up', 9_000, { exportW: 6_000 }, { exportW: 20_000 })).toEqual([]);
    expect(said('up', 20_000, { exportW: 6_000, sunW: 3_500 }, { exportW: 20_000 })).toEqual([]);
    expect(said('up', 9_000, { importW: 0, loadW: 0 })).toEqual([]);
  });

  it('are the tighter ones where several hold: at a site, and of the fleet before sites', () => {
    expect(said('up', 9_000, { exportW: 2_000, generationW: 7_000 })).toEqual(['The export limit of 2000 W on a comes before it.']);
    expect(said('up', 9_000, { exportW: 4_000 }, { exportW: 1_000 })).toEqual(['The export limit of 1000 W on the fleet comes before it.']);
  });

  it('are all of those that leave the same', () => {
    const both = said('up', 9_000, { importW: 0, exportW: 0, generationW: 3_500 });
    expect(both).toEqual(['The export limit of 0 W on a comes before it.', 'The generation limit of 3500 W on a comes before it.']);
  });
});
