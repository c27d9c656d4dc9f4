import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { CHARGER } from '../fleet/charger.fixture.js';
import type { ControllableLoad, Device } from '../fleet/plant.js';
import { dimmedDrawW, leastDimmedDrawW } from './section-14a.js';

const load = (kind: ControllableLoad['kind'], ratedW: number): ControllableLoad => ({ kind, ratedW });

describe('the least draw of dimmed loads', () => {
  it.each([
    ['nothing to dim', [], 0],
    ['one charger', [load('charger', 11_000)], 4_200],
    ['one small heat pump', [load('heat-pump', 9_000)], 4_200],
    ['a heat pump at the border', [load('heat-pump', 11_000)], 4_200],
    ['one large heat pump', [load('heat-pump', 20_000)], 8_000],
    ['a heat pump just above the border, whose share is less', [load('heat-pump', 10_500.1)], 4_200],
    ['a charger and a battery', [load('charger', 11_000), load('battery', 5_000)], 4_200 + 0.8 * 4_200],
    ['three of them', [load('charger', 11_000), load('battery', 5_000), load('heat-pump', 9_000)], 4_200 + 2 * 0.75 * 4_200],
    [
      'two large heat pumps and a charger',
      [load('heat-pump', 12_000), load('heat-pump', 15_000), load('charger', 22_000)],
      10_800 + 2 * 0.75 * 4_200,
    ],
    ['heat pump and cooling, the larger counts', [load('heat-pump', 20_000), load('cooling', 30_000)], 12_000 + 0.8 * 4_200],
    ['nine chargers', Array.from({ length: 9 }, () => load('charger', 11_000)), 4_200 + 8 * 0.45 * 4_200],
    ['twelve chargers', Array.from({ length: 12 }, () => load('charger', 11_000)), 4_200 + 11 * 0.45 * 4_200],
  ] as const)('%s', (_, loads, drawW) => {
    expect(leastDimmedDrawW(loads)).toBeCloseTo(drawW, 6);
  });

  it('leaves to what is commanded here what the other loads do not keep', () => {
    const dimmedW = (loads: ControllableLoad[], ...chargers: Device['reversion'][]): number =>
      dimmedDrawW({ controllableLoads: loads, devices: chargers.map((reversion) => ({ ...CHARGER, reversion })) });
    expect(dimmedW([load('battery', 5_000)])).toBe(4_200);
    expect(dimmedW([load('battery', 5_000), load('charger', 11_000)])).toBeCloseTo(0.8 * 4_200);
    expect(dimmedW([load('charger', 11_000)])).toBe(0);
    expect(dimmedW([load('charger', 11_000)], 'none')).toBe(0);
    expect(dimmedW([load('charger', 11_000)], 'device')).toBe(4_200);
    expect(dimmedW([load('battery', 5_000), load('charger', 11_000)], 'device')).toBeCloseTo(1.8 * 4_200);
    expect(dimmedW([load('charger', 11_000), load('charger', 11_000), load('heat-pump', 9_000)], 'device')).toBeCloseTo(
      (1 + 2 * 0.75) * 4_200 - 1.8 * 4_200,
    );
  });
});

test.prop([
  fc.array(
    fc.record({ kind: fc.constantFrom('charger', 'battery', 'heat-pump', 'cooling'), ratedW: fc.integer({ min: 4_200, max: 60_000 }) }),
    { minLength: 1, maxLength: 20 },
  ),
])('never goes below 4.2 kW, nor down when a load is larger', (loads) => {
  const leastW = leastDimmedDrawW(loads);
  expect(leastW).toBeGreaterThanOrEqual(4_200);
  const larger = loads.map((one, index) => (index === 0 ? { ...one, ratedW: one.ratedW + 5_000 } : one));
  expect(leastDimmedDrawW(larger)).toBeGreaterThanOrEqual(leastW);
});
