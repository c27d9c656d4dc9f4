import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import type { CounterReading } from './counter-step.js';
import { counterAt, energyBetween, type EnergyRules, type FlowSeries, type PowerReading } from './energy-from-counters.js';

const T0 = Date.UTC(2026, 4, 1, 10);
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const RULES: EnergyRules = { closeMs: 5 * SECOND, bridgeMs: 2 * MINUTE, maxPowerW: 6_000 };

const counters = (...readings: [ms: number, counterWh: number][]): CounterReading[] =>
  readings.map(([ms, counterWh]) => ({ atMs: T0 + ms, counterWh }));
const powers = (...readings: [ms: number, powerW: number][]): PowerReading[] => readings.map(([ms, powerW]) => ({ atMs: T0 + ms, powerW }));
const series = (more: Partial<FlowSeries>): FlowSeries => ({ counters: [], powers: [], direction: 1, ...more });
const span = (startMs: number, endMs: number) => ({ startMs: T0 + startMs, endMs: T0 + endMs });

describe('energy from counters', () => {
  it('is the rise between readings that stand on the boundaries', () => {
    const flow = series({ counters: counters([0, 1_000], [5 * MINUTE, 1_100], [15 * MINUTE, 1_250]) });
    expect(energyBetween(flow, span(0, 15 * MINUTE), RULES)).toEqual({ energyWh: 250, quality: 'measured' });
  });

  it('is measured where readings stand close on both sides of a boundary', () => {
    const flow = series({
      counters: counters([-2_000, 1_000], [2_000, 1_004], [15 * MINUTE - 1_000, 1_250], [15 * MINUTE + 3_000, 1_258]),
    });
    expect(energyBetween(flow, span(0, 15 * MINUTE), RULES)).toEqual({ energyWh: 250, quality: 'measured' });
    expect(counterAt(flow.counters, T0 + 15 * MINUTE, RULES)).toBe(1_252);
  });

  it('is measured across a gap that lies inside the interval: both ends are known', () => {
    const flow = series({ counters: counters([0, 1_000], [HOUR, 3_000]) });
    expect(energyBetween(flow, span(0, HOUR), RULES)).toEqual({ energyWh: 2_000, quality: 'measured' });
  });

  it('is estimated where a boundary lies inside a gap', () => {
    const flow = series({ counters: counters([0, 1_000], [HOUR, 3_000]) });
    expect(energyBetween(flow, span(0, 15 * MINUTE), RULES)).toEqual({ energyWh: 500, quality: 'estimated' });
    expect(counterAt(flow.counters, T0 + 15 * MINUTE, RULES)).toBeUndefined();
  });

  it('comes from power where the counter begins anew', () => {
    const flow = series({
      counters: counters([0, 5_000_000], [MINUTE, 5_000_020], [2 * MINUTE, 10], [3 * MINUTE, 30]),
      powers: powers([0, 1_200], [MINUTE, 1_200], [2 * MINUTE, 1_200], [3 * MINUTE, 1_200]),
    });
    expect(energyBetween(flow, span(0, 3 * MINUTE), RULES)).toEqual({ energyWh: 60, quality: 'estimated' });
    const leapt = series({ ...flow, counters: counters([0, 0], [3 * MINUTE, 5_000_000]) });
    expect(energyBetween(leapt, span(0, 3 * MINUTE), RULES)).toEqual({ energyWh: 60, quality: 'estimated' });
  });

  it('is missing where nothing is known of a part', () => {
    expect(energyBetween(series({}), span(0, HOUR), RULES)).toEqual({ quality: 'missing' });
    const ends = series({ counters: counters([0, 1_000], [MINUTE, 1_010]) });
    expect(energyBetween(ends, span(0, 2 * MINUTE), RULES)).toEqual({ quality: 'missing' });
    expect(energyBetween(ends, span(-MINUTE, MINUTE), RULES)).toEqual({ quality: 'missing' });
    expect(energyBetween(ends, span(HOUR, 2 * HOUR), RULES)).toEqual({ quality: 'missing' });
  });
});

describe('energy from power', () => {
  it('is what lies under straight lines, each direction for itself', () => {
    const crossing = powers([0, 1_200], [MINUTE, -1_200]);
    expect(energyBetween(series({ powers: crossing }), span(0, MINUTE), RULES)).toEqual({ energyWh: 5, quality: 'estimated' });
    expect(energyBetween(series({ powers: crossing, direction: -1 }), span(0, MINUTE), RULES)).toEqual({
      energyWh: 5,
      quality: 'estimated',
    });
  });

  it('does not bridge a gap longer than it may', () => {
    const gap = series({ powers: powers([0, 1_000], [2 * MINUTE, 1_000], [5 * MINUTE, 1_000]) });
    expect(energyBetween(gap, span(0, 2 * MINUTE), RULES).quality).toBe('estimated');
    expect(energyBetween(gap, span(0, 5 * MINUTE), RULES)).toEqual({ quality: 'missing' });
  });
});

/** Any history: a device that is read now and then, whose counter may be absent, reset or be replaced. */
const anyHistory = fc
  .array(
    fc.record({
      gapMs: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 20 * MINUTE })),
      powerW: fc.integer({ min: -5_000, max: 5_000 }),
      has: fc.constantFrom('both', 'both', 'both', 'power', 'counter'),
      reset: fc.constantFrom(false, false, false, false, true),
    }),
    { minLength: 2, maxLength: 60 },
  )
  .map((steps) => {
    let atMs = T0;
    let counterWh = 1_000;
    const flow: FlowSeries & { counters: CounterReading[]; powers: PowerReading[] } = { counters: [], powers: [], direction: 1 };
    for (const { gapMs, powerW, has, reset } of steps) {
      atMs += gapMs;
      counterWh = reset ? 0 : counterWh + (Math.max(powerW, 0) * gapMs) / HOUR;
      if (has !== 'power') flow.counters.push({ atMs, counterWh });
      if (has !== 'counter') flow.powers.push({ atMs, powerW });
    }
    return { flow, endMs: atMs };
  });

test.prop([anyHistory, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 12 })])(
  'adjacent intervals add up to the long one, wherever they are cut',
  ({ flow, endMs }, cuts) => {
    const moments = cuts.map((cut) => T0 + Math.round(cut * (endMs - T0))).sort((a, b) => a - b);
    const pieces = moments.slice(1).map((moment, i) => energyBetween(flow, { startMs: moments[i]!, endMs: moment }, RULES));
    const whole = energyBetween(flow, { startMs: moments[0]!, endMs: moments.at(-1)! }, RULES);
    if (pieces.some(({ quality }) => quality === 'missing')) {
      // A boundary in the middle of what is known never makes it unknown.
      expect(whole.quality).toBe('missing');
      return;
    }
    expect(whole.energyWh).toBeCloseTo(
      pieces.reduce((sum, { energyWh }) => sum + energyWh!, 0),
      6,
    );
    for (const { energyWh } of pieces) expect(energyWh).toBeGreaterThanOrEqual(0);
  },
);
