import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { QUANTITIES, type Sample, type SampleValues } from '../field/sample.js';
import type { Device, DeviceRole } from '../fleet/plant.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { gateLimits } from './gate-limits.js';
import { gate, type GateOutcome, type GateState } from './quality-gate.js';

const T0 = Date.UTC(2026, 4, 1, 10);
const SITE = { importLimitW: 17_000, exportLimitW: 10_000 };

const device = (role: DeviceRole, more: Partial<Device> = {}): Device => ({
  id: `${role}-1`,
  siteId: 'home-1',
  name: role,
  role,
  profile: 'sunspec',
  address: { host: '127.0.0.1', port: 502, unitId: 1 },
  direction: 1,
  pollPeriodMs: 1_000,
  reversion: 'device',
  ratedW: 5_000,
  ...more,
});

const LIMITS = {
  pv: gateLimits(device('pv', { pvPeakW: 6_000 }), SITE),
  meter: gateLimits(device('grid-meter'), SITE),
  battery: gateLimits(device('battery'), SITE),
  generator: gateLimits(device('generator', { ratedW: 20_000 }), SITE),
};

const sample = (atMs: number, values: SampleValues): Sample => ({ deviceId: 'd', atMs, values });

/** Sends samples through one gate, each at its own moment, and tells what came of each. */
const through = (limits: (typeof LIMITS)['pv'], samples: readonly Sample[]): GateOutcome[] => {
  let state: GateState | undefined;
  return samples.map((each) => {
    const outcome = gate(each, state, limits, each.atMs);
    ({ state } = outcome);
    return outcome;
  });
};

const reasons = ({ refused }: GateOutcome): string[] => refused.map(({ quantity, reason }) => `${quantity ?? 'sample'}: ${reason}`);

const once = (limits: (typeof LIMITS)['pv'], values: SampleValues): GateOutcome => gate(sample(T0, values), undefined, limits, T0);

describe('values that no such device can tell', () => {
  it.each([
    ['65535 W of sun on a 5 kW inverter', LIMITS.pv, { 'pv.powerW': 65_535 }, 'pv.powerW: out-of-range'],
    ['65535 W at a 17 kW connection', LIMITS.meter, { 'grid.powerW': 65_535 }, 'grid.powerW: out-of-range'],
    ['-32768 W', LIMITS.meter, { 'grid.powerW': -32_768 }, 'grid.powerW: out-of-range'],
    ['3.1 kW read as 31 kW by a scale factor off by ten', LIMITS.pv, { 'pv.powerW': 31_000 }, 'pv.powerW: out-of-range'],
    ['6553.5 A in a phase of a 17 kW connection', LIMITS.meter, { 'grid.currentBA': 6_553.5 }, 'grid.currentBA: out-of-range'],
    ['a current below none', LIMITS.meter, { 'grid.currentCA': -1 }, 'grid.currentCA: out-of-range'],
    ['3.2 kV in a phase', LIMITS.meter, { 'grid.voltageAV': 3_276.7 }, 'grid.voltageAV: out-of-range'],
    ['a phase of the grid at an inverter', LIMITS.pv, { 'grid.currentAA': 5 }, 'grid.currentAA: not-for-role'],
    ['429 million kWh', LIMITS.pv, { 'pv.toBusCounterWh': 429_496_729_500 }, 'pv.toBusCounterWh: out-of-range'],
    ['an all-ones counter in Wh', LIMITS.meter, { 'grid.toBusCounterWh': 4_294_967_295 }, 'grid.toBusCounterWh: sentinel'],
    ['a negative counter', LIMITS.pv, { 'pv.toBusCounterWh': -1 }, 'pv.toBusCounterWh: out-of-range'],
    ['150 % of charge', LIMITS.battery, { 'battery.socPct': 150 }, 'battery.socPct: out-of-range'],
    ['-1 % of charge', LIMITS.battery, { 'battery.socPct': -1 }, 'battery.socPct: out-of-range'],
    ['NaN', LIMITS.pv, { 'pv.powerW': Number.NaN }, 'pv.powerW: not-finite'],
    ['infinity', LIMITS.pv, { 'pv.powerW': Number.POSITIVE_INFINITY }, 'pv.powerW: not-finite'],
    ['a state between two states', LIMITS.generator, { 'generator.state': 1.5 }, 'generator.state: out-of-range'],
    ['sun from a battery', LIMITS.battery, { 'pv.powerW': 100 }, 'pv.powerW: not-for-role'],
    ['sun that draws 800 W at night', LIMITS.pv, { 'pv.powerW': -800 }, 'pv.powerW: out-of-range'],
  ])('refuses %s', (_what, limits, values, reason) => {
    const outcome = once(limits, { ...values, 'device.limitPct': 100 });
    expect(reasons(outcome)).toEqual([reason]);
    // One bad value does not take the good ones with it.
    expect(outcome.accepted?.values).toEqual({ 'device.limitPct': 100 });
  });

  it('lets an inverter draw its few watts at night, and passes them on as they are', () => {
    expect(once(LIMITS.pv, { 'pv.powerW': -12 }).accepted?.values).toEqual({ 'pv.powerW': -12 });
  });

  it('lets a sunny cloud edge exceed the peak a little', () => {
    expect(once(LIMITS.pv, { 'pv.powerW': 6_900 }).refused).toEqual([]);
  });
});

describe('counters', () => {
  const counter = (atMs: number, counterWh: number) => sample(atMs, { 'pv.toBusCounterWh': counterWh });

  const meter = (atMs: number, toBusWh: number, fromBusWh: number) =>
    sample(atMs, { 'grid.toBusCounterWh': toBusWh, 'grid.fromBusCounterWh': fromBusWh });

  it('believes the 0 of a changed meter that has not exported yet, once its other counter is believed', () => {
    const swapped = Array.from({ length: 300 }, (_, i) => meter(T0 + (i + 1) * SECOND_MS, Math.floor(i / 10), 0));
    const outcomes = through(LIMITS.meter, [meter(T0, 7_654_321, 12_345), ...swapped]);
    const rebased = outcomes.flatMap((outcome) => outcome.rebased);
    expect(rebased.map(({ quantity, fromWh }) => [quantity, fromWh])).toEqual([
      ['grid.toBusCounterWh', 7_654_321],
      ['grid.fromBusCounterWh', 12_345],
    ]);
    expect(rebased.at(-1)).toMatchObject({ atMs: T0 + 121_000, toWh: 0 });
    expect(outcomes.slice(121).flatMap(({ refused }) => refused)).toEqual([]);
  });

  it('refuses the 0 of both counters of a meter that wakes up', () => {
    const asleep = Array.from({ length: 300 }, (_, i) => meter(T0 + (i + 1) * SECOND_MS, 0, 0));
    const outcomes = through(LIMITS.meter, [meter(T0, 7_654_321, 12_345), ...asleep, meter(T0 + HOUR_MS, 7_654_330, 12_345)]);
    expect(outcomes.flatMap(({ rebased }) => rebased)).toEqual([]);
    expect(outcomes.at(-1)!.refused).toEqual([]);
  });

  it('believes a 0 that has stood for a day', () => {
    const zeros = Array.from({ length: 26 * 60 }, (_, i) => counter(T0 + (i + 1) * MINUTE_MS, 0));
    const rebased = through(LIMITS.pv, [counter(T0, 5_000_000), ...zeros]).flatMap((outcome) => outcome.rebased);
    expect(rebased).toMatchObject([{ atMs: T0 + MINUTE_MS + DAY_MS, toWh: 0 }]);
  });

  it('refuses the 0 of an inverter that wakes up, even for many minutes, and goes on afterwards', () => {
    const zeros = Array.from({ length: 600 }, (_, i) => counter(T0 + HOUR_MS + i * SECOND_MS, 0));
    const outcomes = through(LIMITS.pv, [counter(T0, 5_000_000), ...zeros, counter(T0 + 2 * HOUR_MS, 5_000_120)]);
    for (const outcome of outcomes.slice(1, -1)) expect(reasons(outcome)).toEqual(['pv.toBusCounterWh: counter-fell']);
    expect(outcomes.at(-1)!.accepted?.values).toEqual({ 'pv.toBusCounterWh': 5_000_120 });
    expect(outcomes.flatMap(({ rebased }) => rebased)).toEqual([]);
  });

  it('believes a changed meter after two minutes, and says so', () => {
    const after = Array.from({ length: 200 }, (_, i) => counter(T0 + (i + 1) * SECOND_MS, 100 + i));
    const outcomes = through(LIMITS.pv, [counter(T0, 5_000_000), ...after]);
    const believed = outcomes.findIndex(({ rebased }) => rebased.length > 0);
    expect(believed).toBe(121);
    expect(outcomes[believed]!.rebased).toEqual([
      { deviceId: 'd', atMs: T0 + 121_000, quantity: 'pv.toBusCounterWh', fromWh: 5_000_000, toWh: 220 },
    ]);
    expect(outcomes.slice(believed).flatMap(({ refused }) => refused)).toEqual([]);
    expect(outcomes.slice(1, believed).every(({ refused }) => refused.length === 1)).toBe(true);
  });

  it('refuses more energy than the rating gives in the time, and takes it when the time has passed', () => {
    const [, leap] = through(LIMITS.pv, [counter(T0, 1_000_003), counter(T0 + SECOND_MS, 1_002_003)]);
    expect(reasons(leap!)).toEqual(['pv.toBusCounterWh: counter-leapt']);
    const [, slow] = through(LIMITS.pv, [counter(T0, 1_000_003), counter(T0 + HOUR_MS, 1_002_003)]);
    expect(slow!.refused).toEqual([]);
  });

  it('bears a counter that counts whole kilowatt-hours, and a register that is refreshed once a minute', () => {
    const coarse = through(LIMITS.pv, [counter(T0, 1_000_000), counter(T0 + SECOND_MS, 1_001_000)]);
    expect(coarse[1]!.refused).toEqual([]);
    const lagging = through(LIMITS.pv, [counter(T0, 1_000_001), counter(T0 + SECOND_MS, 1_000_084)]);
    expect(lagging[1]!.refused).toEqual([]);
  });

  it('forgets a contradiction when the old counter comes back', () => {
    const odd = [1, 2, 3].map((i) => counter(T0 + i * MINUTE_MS, 10 + i));
    const outcomes = through(LIMITS.pv, [counter(T0, 500_000), odd[0]!, counter(T0 + 90_000, 500_010), odd[1]!, odd[2]!]);
    expect(outcomes.map(({ refused }) => refused.length)).toEqual([0, 1, 0, 1, 1]);
    expect(outcomes.flatMap(({ rebased }) => rebased)).toEqual([]);
  });
});

describe('time', () => {
  const power = (atMs: number) => sample(atMs, { 'pv.powerW': 100 });
  const after = (atMs: number, nowMs: number): GateOutcome => {
    const { state } = gate(power(T0), undefined, LIMITS.pv, T0);
    return gate(power(atMs), state, LIMITS.pv, nowMs);
  };

  it.each([
    ['a second word on the same moment', T0, T0, 'sample: duplicate'],
    ['what arrives out of order', T0 - 1, T0, 'sample: out-of-order'],
    ['a reading of yesterday', T0 + SECOND_MS, T0 + DAY_MS, 'sample: too-old'],
    ['a reading of tomorrow', T0 + DAY_MS, T0 + SECOND_MS, 'sample: from-the-future'],
    ['no time at all', Number.NaN, T0, 'sample: not-finite'],
  ])('refuses %s as a whole', (_what, atMs, nowMs, reason) => {
    const outcome = after(atMs, nowMs);
    expect(outcome.accepted).toBeUndefined();
    expect(reasons(outcome)).toEqual([reason]);
    expect(outcome.state?.atMs).toBe(T0);
  });

  it('refuses a reading of yesterday as the first as well', () => {
    expect(reasons(gate(power(T0 - DAY_MS), undefined, LIMITS.pv, T0))).toEqual(['sample: too-old']);
  });

  it('bears clocks that differ by a second', () => {
    expect(after(T0 + 2 * SECOND_MS, T0 + SECOND_MS).refused).toEqual([]);
  });
});

const anyNumber = fc.oneof(fc.double(), fc.integer({ min: -70_000, max: 70_000 }), fc.constantFrom(65_535, 4_294_967_295, Number.NaN));
const anySamples = fc.array(
  fc.record({
    deviceId: fc.constant('d'),
    atMs: fc.oneof(fc.integer({ min: T0 - 5_000, max: T0 + 60_000 }), fc.constantFrom(Number.NaN, T0 - DAY_MS)),
    values: fc.dictionary(fc.constantFrom(...QUANTITIES), anyNumber, { maxKeys: 6 }) as fc.Arbitrary<SampleValues>,
  }),
  { maxLength: 30 },
);

test.prop([anySamples, fc.constantFrom(...Object.values(LIMITS))])(
  'every value either passes unchanged or is named as refused, time only rises, and counters fall only when that is said',
  (samples, limits) => {
    let state: GateState | undefined;
    let lastMs = -Infinity;
    const counters = new Map<string, number>();
    for (const each of samples) {
      const outcome = gate(each, state, limits, T0 + 60_000);
      ({ state } = outcome);
      const told = Object.keys(each.values).filter((quantity) => each.values[quantity as keyof SampleValues] !== undefined);
      if (!outcome.accepted) {
        expect(outcome.refused).toHaveLength(1);
        continue;
      }
      const passed = Object.keys(outcome.accepted.values);
      expect([...passed, ...outcome.refused.map(({ quantity }) => quantity!)].sort()).toEqual(told.sort());
      expect(outcome.accepted.atMs).toBeGreaterThan(lastMs);
      lastMs = outcome.accepted.atMs;
      for (const [quantity, value] of Object.entries(outcome.accepted.values)) {
        expect(value).toBe(each.values[quantity as keyof SampleValues]);
        expect(Number.isFinite(value)).toBe(true);
        if (!quantity.endsWith('CounterWh')) continue;
        if (!outcome.rebased.some((rebase) => rebase.quantity === quantity)) {
          expect(value).toBeGreaterThanOrEqual(counters.get(quantity) ?? 0);
        }
        counters.set(quantity, value);
      }
    }
  },
);
