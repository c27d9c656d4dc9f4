import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../kernel/units.js';
import { device, imageOf, inputOf, NOON_MS, RATING } from './decide.fixture.js';
import type { GridLimits } from './decision.js';
import { type CapacityFacts, eventCapacity } from './event-capacity.js';
import { eventShortfall } from './event-shortfall.js';

const HOMES = ['a', 'b', 'c', 'd'].map((id) => ({ id, socPct: id === 'c' ? 20 : 80 }));

/** Four homes of 5 kW: `b` stays out, `c` is at its floor, `d` is silent. */
const facts = (direction: 'up' | 'down' = 'up', more: Partial<CapacityFacts> = {}): CapacityFacts => {
  const image = imageOf(HOMES);
  const silent = new Map([...image.devices].map(([id, now]) => [id, id === 'd-battery' ? { ...now, health: 'offline' as const } : now]));
  return {
    ...inputOf(HOMES),
    image: { ...image, devices: silent },
    event: { direction, optedOut: new Set(['b']) },
    sunW: new Map(),
    restW: new Map(HOMES.map(({ id }) => [id, 500])),
    ...more,
  };
};

describe('what an event can count on', () => {
  it('is told apart by what holds it back', () => {
    expect(eventCapacity(facts())).toEqual({ availableW: 5_000, offlineW: 5_000, reserveW: 5_000, optedOutW: 5_000, limitedW: 0 });
  });

  it('lacks the devices of a site that runs on its own', () => {
    const { image } = facts();
    const sites = new Map(image.sites).set('a', { ...image.sites.get('a')!, islanded: true });
    expect(eventCapacity(facts('up', { image: { ...image, sites } }))).toMatchObject({ availableW: 0, offlineW: 10_000 });
  });

  it('of one to come, is what batteries can keep up to its end if they are made ready for it', () => {
    const ahead = (leadMs: number, lengthMs: number) => eventCapacity(facts('up', { ahead: { leadMs, lengthMs } })).availableW;
    // a: 80 % of 10 kWh above 20 %, c: nothing but what it can charge until then, both at 95 %.
    expect(ahead(0, 2 * HOUR_MS)).toBeCloseTo(2_850);
    expect(ahead(HOUR_MS / 2, 2 * HOUR_MS)).toBeCloseTo(0.95 * (4_000 + (0.95 * 2_500) / 2));
    expect(ahead(0, HOUR_MS / 10)).toBe(5_000);
  });

  it('counts a car by what it takes, where that is known to be less than its charger gives', () => {
    const homes = [{ id: 'a', socPct: 80, charger: { drawsW: 3_000 } }];
    const of = (direction: 'up' | 'down', takesW?: number) =>
      eventCapacity({
        ...facts(direction, takesW === undefined ? {} : { takings: new Map([['a-flexible-load', { takesW, share: 1 }]]) }),
        ...inputOf(homes),
        restW: new Map(),
      }).availableW;
    expect([of('down'), of('down', 5_000), of('down', 3_000), of('up', 3_000)]).toEqual([13_000, 7_000, 5_000, 8_000]);
  });

  it('counts engines by what they do not give yet, and sun only where the grid wants less', () => {
    const site = { ...inputOf(HOMES).plant.sites[0]!, id: 'w', kind: 'generators' as const };
    const rating = { minW: 2_000, maxW: 9_000 } as never;
    const works = { ...site, devices: [device('w', 'generator', { generator: rating })] };
    const plant = { ...inputOf(HOMES).plant, sites: [works, inputOf(HOMES).plant.sites[0]!] };
    const now = { deviceId: 'w-generator', siteId: 'w', health: 'online' as const, readAtMs: NOON_MS, values: { 'generator.state': 2 } };
    const image = { ...imageOf(HOMES), devices: new Map([...imageOf(HOMES).devices, ['w-generator', now]]) };
    const planned = new Map([['w-generator', { kind: 'generator' as const, run: true, powerW: 3_000 }]]);
    const of = (direction: 'up' | 'down', state: number) =>
      eventCapacity(
        facts(direction, {
          plant,
          planned,
          sunW: new Map([['a', 1_500]]),
          image: { ...image, devices: new Map([...image.devices, ['w-generator', { ...now, values: { 'generator.state': state } }]]) },
        }),
      );
    expect([of('up', 2).availableW, of('down', 2).availableW]).toEqual([5_000 + 6_000, 5_000 + 3_000 + 1_500]);
    expect(of('up', 4)).toMatchObject({ availableW: 5_000, offlineW: 6_000 });
  });
});

it('counts of a hybrid’s battery what its inverter can give beside its sun', () => {
  const [home] = inputOf(HOMES).plant.sites;
  const hybrid = device('a', 'hybrid', { id: 'a-battery', battery: RATING });
  const plant = { ...inputOf(HOMES).plant, sites: [{ ...home!, devices: [device('a', 'grid-meter'), hybrid] }] };
  const under = (direction: 'up' | 'down', sunW: number) => eventCapacity(facts(direction, { plant, sunW: new Map([['a', sunW]]) }));
  expect(under('up', 4_000)).toMatchObject({ availableW: 1_000, limitedW: 4_000 });
  expect(under('up', 5_500)).toMatchObject({ availableW: 0, limitedW: 5_000 });
  expect(under('down', 4_000)).toMatchObject({ availableW: 5_000, limitedW: 0 });
});

describe('what limits leave of it', () => {
  const under = (direction: 'up' | 'down', more: Partial<CapacityFacts>) => {
    const { availableW, limitedW } = eventCapacity(facts(direction, { event: { direction, optedOut: new Set(['b', 'c']) }, ...more }));
    return [availableW, limitedW];
  };
  const at = (limits: GridLimits) => ({ siteLimits: new Map([['a', limits]]) });

  it('up, is what the home takes at rest and what may leave it', () => {
    expect(under('up', at({ exportW: 2_000 }))).toEqual([2_500, 2_500]);
    expect(under('up', at({ exportW: 2_000, importW: 0, loadW: 0 }))).toEqual([2_500, 2_500]);
    expect(under('up', { ...at({ exportW: 2_000 }), restW: new Map([['a', -3_000]]) })).toEqual([0, 5_000]);
    // Nobody knows what it takes: its limit is kept all the same, by dispatch.
    expect(under('up', { ...at({ exportW: 2_000 }), restW: new Map() })).toEqual([5_000, 0]);
  });

  it('up, is without the sun that is to be held back', () => {
    const sunW = new Map([
      ['a', 3_000],
      ['c', 4_000],
    ]);
    expect(under('up', { ...at({ sunW: 1_000 }), sunW })).toEqual([3_000, 2_000]);
    expect(under('up', { siteLimits: new Map([['c', { sunW: 1_000 }]]), sunW })).toEqual([5_000, 0]);
  });

  it('up, is what the sun leaves to batteries of a limit on generation', () => {
    const sunW = new Map([['a', 3_000]]);
    expect(under('up', { ...at({ generationW: 4_500 }), sunW })).toEqual([1_500, 3_500]);
    expect(under('up', { ...at({ generationW: 9_000 }), sunW })).toEqual([5_000, 0]);
    expect(under('up', { ...at({ generationW: 1_000 }), sunW })).toEqual([0, 5_000]);
  });

  it('down, is what may be drawn from the grid besides what the home takes, own sun coming on top of a dimming', () => {
    expect(under('down', at({ importW: 4_200 }))).toEqual([3_700, 1_300]);
    expect(under('down', at({ loadW: 2_000, exportW: 0 }))).toEqual([2_000, 3_000]);
    expect(under('down', at({ dimmingW: 4_200 }))).toEqual([4_200, 800]);
    expect(under('down', { ...at({ dimmingW: 4_200 }), restW: new Map([['a', -500]]) })).toEqual([4_700, 300]);
  });

  it('of the fleet, is what the sum of all sites may still give or take', () => {
    expect(under('up', { fleetLimits: { exportW: 1_000 } })).toEqual([3_000, 2_000]);
    expect(under('down', { fleetLimits: { importW: 2_500 } })).toEqual([500, 4_500]);
    expect(under('down', { fleetLimits: { importW: 1_000 } })).toEqual([0, 5_000]);
  });
});

it('says why an event is not delivered whole, in the order of the reasons', () => {
  const held = eventCapacity(facts());
  expect(eventShortfall(20_000, 5_000, held)).toEqual({ offlineW: 5_000, reserveW: 5_000, optedOutW: 5_000, limitedW: 0, otherW: 0 });
  expect(eventShortfall(12_000, 5_000, held)).toEqual({ offlineW: 5_000, reserveW: 2_000, optedOutW: 0, limitedW: 0, otherW: 0 });
  expect(eventShortfall(30_000, 5_000, held).otherW).toBe(10_000);
  expect(eventShortfall(5_000, 5_000, held)).toEqual({ offlineW: 0, reserveW: 0, optedOutW: 0, limitedW: 0, otherW: 0 });
});

test.prop([fc.integer({ min: 1, max: 50_000 }), fc.integer({ min: -5_000, max: 50_000 })])(
  'what is delivered and what is missing add up to what was asked for',
  (powerW, deliveredW) => {
    const held = eventCapacity(facts('up', { siteLimits: new Map([['a', { exportW: 2_000 }]]) }));
    const { offlineW, reserveW, optedOutW, limitedW, otherW } = eventShortfall(powerW, deliveredW, held);
    expect(offlineW + reserveW + optedOutW + limitedW + otherW + Math.min(Math.max(0, deliveredW), powerW)).toBeCloseTo(powerW, 6);
  },
);
