import { fc, test as propertyTest } from '../prop.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sample, SampleValues } from '../../src/field/sample.js';
import type { RangeAggregate, ReadingStore } from '../../src/telemetry/reading-store.port.js';

/** Midnight of a UTC day, so that steps of every length begin here. */
const T0 = Date.UTC(2026, 4, 1);
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

const sample = (deviceId: string, atMs: number, values: SampleValues): Sample => ({ deviceId, atMs, values });

/** A store under test; opening it again must find what was acknowledged. */
export interface OpenedStore {
  readonly store: ReadingStore;
  reopen(): Promise<OpenedStore>;
  dispose(): Promise<void>;
}

/** What every store of readings has to do, whatever it is made of. */
export const readingStoreContract = (name: string, open: () => Promise<OpenedStore>): void => {
  describe(`${name} as a store of readings`, () => {
    let opened: OpenedStore;
    let store: ReadingStore;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    it('answers nothing where nothing is stored', async () => {
      expect(await store.firstMs()).toBeUndefined();
      expect(await store.oldestMs()).toBeUndefined();
      expect(await store.lastMs()).toBeUndefined();
      expect(await store.latest(['pv-1'])).toEqual(new Map());
      expect(await store.samples({ deviceIds: ['pv-1'], quantities: ['pv.powerW'], fromMs: T0, toMs: T0 + HOUR })).toEqual([]);
      expect(await store.lastAtOrBefore('pv-1', 'pv.powerW', T0, HOUR)).toBeUndefined();
      const range = { deviceIds: ['pv-1'], quantities: ['pv.powerW'] as const, fromMs: T0, toMs: T0 + HOUR };
      expect(await store.range({ ...range, stepMs: MINUTE, aggregate: 'mean' })).toEqual([]);
      await store.append([]);
      await store.prune(T0);
    });

    it('gives back what it was given: absent stays absent, 0 and negatives stay', async () => {
      const one = sample('meter-1', T0, { 'grid.powerW': -1_234.5, 'grid.toBusCounterWh': 987_654_321, 'grid.frequencyHz': 0 });
      await store.append([one]);
      expect(await store.latest(['meter-1', 'unknown'])).toEqual(new Map([['meter-1', one]]));
      const asked = { deviceIds: ['meter-1'], fromMs: T0, toMs: T0 + 1 };
      expect(await store.samples({ ...asked, quantities: ['grid.powerW', 'grid.voltageV'] })).toEqual([
        sample('meter-1', T0, { 'grid.powerW': -1_234.5 }),
      ]);
      expect(await store.samples({ ...asked, quantities: ['grid.voltageV'] })).toEqual([]);
    });

    it('keeps nothing that only the moment needs', async () => {
      const phases = { 'grid.currentAA': 4.5, 'grid.voltageAV': 230 };
      await store.append([sample('meter-1', T0, { ...phases, 'grid.powerW': 5 }), sample('meter-1', T0 + SECOND, phases)]);
      expect(await store.latest(['meter-1'])).toEqual(new Map([['meter-1', sample('meter-1', T0, { 'grid.powerW': 5 })]]));
    });

    it('still has after reopening what it acknowledged', async () => {
      const samples = Array.from({ length: 150 }, (_, i) => sample('pv-1', T0 + i * SECOND, { 'pv.powerW': i }));
      await store.append(samples);
      opened = await opened.reopen();
      store = opened.store;
      expect(await store.samples({ deviceIds: ['pv-1'], quantities: ['pv.powerW'], fromMs: T0, toMs: T0 + HOUR })).toEqual(samples);
      // What comes after a restart joins what was there, in roll-ups too.
      await store.append([sample('pv-1', T0 + 3 * MINUTE, { 'pv.powerW': 5 })]);
      const range = { deviceIds: ['pv-1'], quantities: ['pv.powerW'] as const, fromMs: T0, toMs: T0 + 4 * MINUTE };
      const means = await store.range({ ...range, stepMs: MINUTE, aggregate: 'mean' });
      expect(means.map(({ values }) => values['pv.powerW'])).toEqual([29.5, 89.5, 134.5, 5]);
    });

    it('keeps names apart that try to be more than names', async () => {
      const odd = `o'hara "7"\\, x=1`;
      await store.append([sample(odd, T0, { 'pv.powerW': 1 }), sample('o', T0, { 'pv.powerW': 2 })]);
      expect((await store.latest([odd])).get(odd)?.values).toEqual({ 'pv.powerW': 1 });
      expect(await store.latest([`' OR 1=1 --`])).toEqual(new Map());
    });

    it('stores a sample once, however often it comes', async () => {
      const samples = [1, 2, 3].map((i) => sample('pv-1', T0 + i * SECOND, { 'pv.powerW': i * 100 }));
      await store.append(samples);
      await store.append(samples);
      await store.append([samples[1]!]);
      const asked = { deviceIds: ['pv-1'], quantities: ['pv.powerW'] as const, fromMs: T0, toMs: T0 + MINUTE };
      expect(await store.samples(asked)).toEqual(samples);
      expect(await store.range({ ...asked, stepMs: MINUTE, aggregate: 'mean' })).toEqual([sample('pv-1', T0, { 'pv.powerW': 200 })]);
    });

    it('joins two samples of one moment, the later word on a quantity standing', async () => {
      await store.append([sample('hybrid-1', T0, { 'pv.powerW': 1, 'battery.powerW': 2 })]);
      await store.append([sample('hybrid-1', T0, { 'battery.powerW': 3, 'battery.socPct': 40 })]);
      expect((await store.latest(['hybrid-1'])).get('hybrid-1')?.values).toEqual({
        'pv.powerW': 1,
        'battery.powerW': 3,
        'battery.socPct': 40,
      });
    });

    it('takes readings out of order and tells them in order', async () => {
      const at = (seconds: number): Sample => sample('pv-1', T0 + seconds * SECOND, { 'pv.powerW': seconds });
      await store.append([at(300), at(10)]);
      await store.append([at(5), at(200)]);
      const asked = { deviceIds: ['pv-1'], quantities: ['pv.powerW'] as const, fromMs: T0, toMs: T0 + HOUR };
      expect(await store.samples(asked)).toEqual([at(5), at(10), at(200), at(300)]);
      expect((await store.latest(['pv-1'])).get('pv-1')).toEqual(at(300));
      const minutes = await store.range({ ...asked, stepMs: MINUTE, aggregate: 'last' });
      expect(minutes.map(({ atMs, values }) => [(atMs - T0) / MINUTE, values['pv.powerW']])).toEqual([
        [0, 10],
        [3, 200],
        [5, 300],
      ]);
      expect([await store.firstMs(), await store.lastMs()]).toEqual([T0 + 5 * SECOND, T0 + 300 * SECOND]);
    });

    it('answers by device in the order asked, then by time, from `fromMs` on and before `toMs`', async () => {
      const of = (deviceId: string) => [0, 1, 2, 3].map((i) => sample(deviceId, T0 + i * MINUTE, { 'pv.powerW': i }));
      await store.append([...of('a'), ...of('b'), ...of('c')]);
      const asked = { deviceIds: ['c', 'a'], quantities: ['pv.powerW'] as const, fromMs: T0 + MINUTE, toMs: T0 + 3 * MINUTE };
      const middle = [...of('c').slice(1, 3), ...of('a').slice(1, 3)];
      expect(await store.samples(asked)).toEqual(middle);
      expect(await store.range({ ...asked, stepMs: MINUTE, aggregate: 'max' })).toEqual(middle);
    });

    it('counts only readings inside the range, though the first step begins before it', async () => {
      const every10s = Array.from({ length: 60 }, (_, i) => sample('pv-1', T0 + i * 10 * SECOND, { 'pv.powerW': i }));
      await store.append(every10s);
      const range = { deviceIds: ['pv-1'], quantities: ['pv.powerW'] as const, fromMs: T0 + 130 * SECOND, toMs: T0 + 410 * SECOND };
      const told = async (aggregate: RangeAggregate) =>
        (await store.range({ ...range, stepMs: 5 * MINUTE, aggregate })).map(({ atMs, values }) => [
          (atMs - T0) / MINUTE,
          values['pv.powerW'],
        ]);
      expect(await told('mean')).toEqual([
        [0, 21],
        [5, 35],
      ]);
      expect(await told('min')).toEqual([
        [0, 13],
        [5, 30],
      ]);
      expect(await told('max')).toEqual([
        [0, 29],
        [5, 40],
      ]);
      expect(await told('last')).toEqual([
        [0, 29],
        [5, 40],
      ]);
    });

    it('leaves out a quantity that a step does not tell, and a step that tells nothing', async () => {
      await store.append([
        sample('hybrid-1', T0, { 'pv.powerW': 100, 'battery.socPct': 50 }),
        sample('hybrid-1', T0 + 2 * MINUTE, { 'pv.powerW': 300 }),
        sample('hybrid-1', T0 + 2 * MINUTE + SECOND, { 'grid.voltageV': 230 }),
      ]);
      const range = { deviceIds: ['hybrid-1'], quantities: ['pv.powerW', 'battery.socPct'] as const, fromMs: T0, toMs: T0 + HOUR };
      expect(await store.range({ ...range, stepMs: MINUTE, aggregate: 'last' })).toEqual([
        sample('hybrid-1', T0, { 'pv.powerW': 100, 'battery.socPct': 50 }),
        sample('hybrid-1', T0 + 2 * MINUTE, { 'pv.powerW': 300 }),
      ]);
    });

    it('finds the reading next to a moment on either side, within reach, of this quantity', async () => {
      await store.append([
        sample('meter-1', T0, { 'grid.toBusCounterWh': 10 }),
        sample('meter-1', T0 + MINUTE, { 'grid.powerW': 1 }),
        sample('meter-1', T0 + 2 * MINUTE, { 'grid.toBusCounterWh': 20 }),
      ]);
      const before = (atMs: number, reachMs: number) => store.lastAtOrBefore('meter-1', 'grid.toBusCounterWh', atMs, reachMs);
      const after = (atMs: number, reachMs: number) => store.firstAtOrAfter('meter-1', 'grid.toBusCounterWh', atMs, reachMs);
      expect(await before(T0 + MINUTE, HOUR)).toEqual({ atMs: T0, value: 10 });
      expect(await before(T0 + MINUTE, MINUTE)).toEqual({ atMs: T0, value: 10 });
      expect(await before(T0 + MINUTE, MINUTE - 1)).toBeUndefined();
      expect(await before(T0 + 2 * MINUTE, 0)).toEqual({ atMs: T0 + 2 * MINUTE, value: 20 });
      expect(await before(T0 - 1, HOUR)).toBeUndefined();
      expect(await after(T0 + MINUTE, HOUR)).toEqual({ atMs: T0 + 2 * MINUTE, value: 20 });
      expect(await after(T0 + MINUTE, MINUTE - 1)).toBeUndefined();
      expect(await after(T0, 0)).toEqual({ atMs: T0, value: 10 });
      expect(await store.firstAtOrAfter('meter-1', 'pv.powerW', T0, HOUR)).toBeUndefined();
    });

    it('forgets what is older than it is told, and nothing else', async () => {
      const samples = Array.from({ length: 120 }, (_, i) => sample('pv-1', T0 + i * MINUTE, { 'pv.powerW': i }));
      await store.append([...samples, sample('pv-2', T0, { 'pv.powerW': 1 })]);
      await store.prune(T0 + HOUR);
      const asked = { deviceIds: ['pv-1', 'pv-2'], quantities: ['pv.powerW'] as const, fromMs: T0, toMs: T0 + 3 * HOUR };
      expect(await store.samples(asked)).toEqual(samples.slice(60));
      expect(await store.range({ ...asked, stepMs: HOUR, aggregate: 'min' })).toEqual([sample('pv-1', T0 + HOUR, { 'pv.powerW': 60 })]);
      expect(await store.firstMs()).toBe(T0 + HOUR);
    });

    const readings = fc.array(fc.record({ second: fc.integer({ min: 0, max: 900 }), powerW: fc.integer({ min: -5_000, max: 5_000 }) }), {
      minLength: 1,
      maxLength: 60,
    });
    const bounds = fc.record({ from: fc.integer({ min: 0, max: 900 }), length: fc.integer({ min: 1, max: 900 }) });
    const step = fc.constantFrom(15 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE);
    const aggregates = fc.constantFrom<RangeAggregate>('mean', 'last', 'min', 'max');
    let series = 0;

    propertyTest.prop([readings, bounds, step, aggregates], { numRuns: 40 })(
      'aggregates like arithmetic on the readings themselves',
      async (given, { from, length }, stepMs, aggregate) => {
        // Every run gets a device of its own, since hooks run once for all of them.
        const deviceId = `run-${(series += 1)}`;
        const samples = given.map(({ second, powerW }) => sample(deviceId, T0 + second * SECOND, { 'grid.powerW': powerW }));
        for (let i = 0; i < samples.length; i += 7) await store.append(samples.slice(i, i + 7));
        const [fromMs, toMs] = [T0 + from * SECOND, T0 + (from + length) * SECOND];
        const asked = await store.range({ deviceIds: [deviceId], quantities: ['grid.powerW'], fromMs, toMs, stepMs, aggregate });
        const expected = aggregated(samples, fromMs, toMs, stepMs, aggregate);
        expect(asked.map(({ atMs }) => atMs)).toEqual(expected.map(([atMs]) => atMs));
        for (const [i, [, value]] of expected.entries()) expect(asked[i]!.values['grid.powerW']).toBeCloseTo(value, 6);
      },
    );
  });
};

/** The steps of a range of `grid.powerW`, by arithmetic on the readings themselves; of two of one moment the later stands. */
export const aggregated = (
  samples: readonly Sample[],
  fromMs: number,
  toMs: number,
  stepMs: number,
  aggregate: RangeAggregate,
): [number, number][] => {
  const byMoment = new Map(samples.map(({ atMs, values }) => [atMs, values['grid.powerW']!]));
  const steps = new Map<number, number[]>();
  for (const [atMs, value] of [...byMoment].sort(([a], [b]) => a - b)) {
    if (atMs < fromMs || atMs >= toMs) continue;
    const start = Math.floor(atMs / stepMs) * stepMs;
    steps.set(start, [...(steps.get(start) ?? []), value]);
  }
  const fold = {
    mean: (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length,
    last: (values: number[]) => values.at(-1)!,
    min: (values: number[]) => Math.min(...values),
    max: (values: number[]) => Math.max(...values),
  };
  return [...steps].map(([start, values]) => [start, fold[aggregate](values)]);
};
