import { fc, test as propertyTest } from '../prop.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sample } from '../../src/field/sample.js';
import type { RangeAggregate, ReadingStore } from '../../src/telemetry/reading-store.port.js';
import { aggregated, type OpenedStore } from './reading-store.js';

const T0 = Date.UTC(2026, 4, 1);
const SECOND = 1_000;
const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;

const AGGREGATES: readonly RangeAggregate[] = ['mean', 'min', 'max', 'last'];
const STEPS = [15 * SECOND, MINUTE, 5 * MINUTE, QUARTER, 20 * MINUTE, HOUR];

const sample = (atMs: number, powerW: number, deviceId = 'meter-1'): Sample => ({ deviceId, atMs, values: { 'grid.powerW': powerW } });

/** A reading every 20 s from T0 on, jumping about so that no two stretches have the same figures. */
const hours = (count: number, deviceId?: string): Sample[] =>
  Array.from({ length: count * 180 }, (_, i) => sample(T0 + i * 20 * SECOND, ((i * 7_919) % 1_013) - 500, deviceId));

/** What has been forgotten: single readings before one moment, minutes before another, quarter-hours never or with the readings. */
interface Forgotten {
  readonly readingsBeforeMs: number;
  readonly minutesBeforeMs: number;
  readonly quartersBeforeMs?: number;
}
const NOTHING: Forgotten = { readingsBeforeMs: 0, minutesBeforeMs: 0 };

/** The readings that an answer can still be made of: what was rolled up counts only where all of it lies inside the range. */
const answerable = (samples: readonly Sample[], forgotten: Forgotten, fromMs: number, toMs: number, stepMs: number): Sample[] => {
  const whole = (atMs: number, lengthMs: number, beforeMs: number): boolean => {
    const startMs = Math.floor(atMs / lengthMs) * lengthMs;
    return stepMs % lengthMs === 0 && startMs >= beforeMs && startMs >= fromMs && startMs + lengthMs <= toMs;
  };
  return samples.filter(
    ({ atMs }) =>
      atMs >= forgotten.readingsBeforeMs ||
      whole(atMs, QUARTER, forgotten.quartersBeforeMs ?? 0) ||
      whole(atMs, MINUTE, forgotten.minutesBeforeMs),
  );
};

/** Every range, step and aggregate that is asked, of one device. */
const QUESTIONS = [
  [T0, T0 + 24 * HOUR],
  [T0 + 10 * MINUTE, T0 + 4 * HOUR - 10 * MINUTE],
  [T0 + 37 * MINUTE + 20 * SECOND, T0 + 3 * HOUR + 7 * MINUTE + 40 * SECOND],
  [T0 + 2 * MINUTE, T0 + 12 * MINUTE],
].flatMap(([fromMs, toMs]) =>
  STEPS.flatMap((stepMs) => AGGREGATES.map((aggregate) => ({ fromMs: fromMs!, toMs: toMs!, stepMs, aggregate }))),
);
type Question = (typeof QUESTIONS)[number];

/** One line a question; to six decimals, since a sum of sums is not the same float as one sum. */
const lineOf = (deviceId: string, { fromMs, toMs, stepMs, aggregate }: Question, steps: readonly (readonly [number, number])[]): string =>
  `${deviceId}: ${aggregate} of ${stepMs / SECOND} s from ${(fromMs - T0) / MINUTE} to ${(toMs - T0) / MINUTE} min: ` +
  steps.map(([atMs, value]) => `${(atMs - T0) / MINUTE} ${value.toFixed(6)}`).join(', ');

const answers = async (store: ReadingStore, deviceIds = ['meter-1'], questions: readonly Question[] = QUESTIONS): Promise<string[]> => {
  const lines: string[] = [];
  for (const deviceId of deviceIds) {
    for (const question of questions) {
      const points = await store.range({ deviceIds: [deviceId], quantities: ['grid.powerW'], ...question });
      lines.push(
        lineOf(
          deviceId,
          question,
          points.map(({ atMs, values }) => [atMs, values['grid.powerW']!]),
        ),
      );
    }
  }
  return lines;
};

/** The same by arithmetic on the readings that can still be answered from. */
const reckoned = (samples: readonly Sample[], forgotten: Forgotten, questions: readonly Question[] = QUESTIONS): string[] =>
  [...new Set(samples.map(({ deviceId }) => deviceId))].flatMap((deviceId) => {
    const own = samples.filter((one) => one.deviceId === deviceId);
    return questions.map((question) => {
      const { fromMs, toMs, stepMs, aggregate } = question;
      const left = answerable(own, forgotten, fromMs, toMs, stepMs);
      return lineOf(deviceId, question, aggregated(left, fromMs, toMs, stepMs, aggregate));
    });
  });

const appendAll = async (store: ReadingStore, samples: readonly Sample[]): Promise<void> => {
  for (let at = 0; at < samples.length; at += 100) await store.append(samples.slice(at, at + 100));
};

/** What every store of readings has to do when it forgets. */
export const prunedStoreContract = (name: string, open: () => Promise<OpenedStore>): void => {
  describe(`${name} as a store that forgets`, () => {
    let opened: OpenedStore;
    let store: ReadingStore;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    it('goes on answering minutes and quarter-hours when the readings are gone, also after a restart', async () => {
      const samples = [...hours(4), ...hours(3, 'meter-2')].sort((a, b) => a.atMs - b.atMs);
      const both = ['meter-1', 'meter-2'];
      await appendAll(store, samples);
      expect(await answers(store, both)).toEqual(reckoned(samples, NOTHING));
      await store.prune(T0 + 3 * HOUR, T0 + 1.5 * HOUR);
      expect(await store.keepsFromMs()).toBe(T0 + 3 * HOUR);
      const forgotten = { readingsBeforeMs: T0 + 3 * HOUR, minutesBeforeMs: T0 + 1.5 * HOUR };
      expect(await answers(store, both)).toEqual(reckoned(samples, forgotten));
      expect(await store.firstMs()).toBe(T0 + 3 * HOUR);
      expect(await store.oldestMs()).toBeLessThan(T0 + 3 * HOUR);
      await store.prune(T0 + 3 * HOUR, T0 + 1.5 * HOUR);
      expect(await answers(store, both)).toEqual(reckoned(samples, forgotten));
      opened = await opened.reopen();
      store = opened.store;
      expect(await answers(store, both)).toEqual(reckoned(samples, forgotten));
    });

    it('forgets whole quarter-hours: one that is not over at the border stays as it is', async () => {
      const samples = hours(4);
      await appendAll(store, samples);
      await store.prune(T0 + 3 * HOUR + 7 * MINUTE, T0 + 1.5 * HOUR + 4 * MINUTE);
      const forgotten = { readingsBeforeMs: T0 + 3 * HOUR, minutesBeforeMs: T0 + 1.5 * HOUR };
      expect(await answers(store)).toEqual(reckoned(samples, forgotten));
      const late = sample(T0 + 3 * HOUR + 8 * MINUTE + SECOND, 9_000);
      await store.append([late]);
      expect(await answers(store)).toEqual(reckoned([...samples, late], forgotten));
    });

    it('forgets more as time goes on', async () => {
      const samples = hours(4);
      await appendAll(store, samples.slice(0, 400));
      await store.prune(T0 + HOUR, T0);
      await appendAll(store, samples.slice(400));
      expect(await answers(store)).toEqual(reckoned(samples, { readingsBeforeMs: T0 + HOUR, minutesBeforeMs: T0 }));
      await store.prune(T0 + 3 * HOUR, T0 + 2 * HOUR);
      expect(await answers(store)).toEqual(reckoned(samples, { readingsBeforeMs: T0 + 3 * HOUR, minutesBeforeMs: T0 + 2 * HOUR }));
      // Nothing that has been forgotten comes back, and minutes are never forgotten before their readings can be.
      await store.prune(T0 + HOUR, T0);
      await store.prune(T0 + 3 * HOUR, T0 + 4 * HOUR);
      expect(await answers(store)).toEqual(reckoned(samples, { readingsBeforeMs: T0 + 3 * HOUR, minutesBeforeMs: T0 + 3 * HOUR }));
    });

    it('forgets the roll-ups with the readings where it is told of no minutes', async () => {
      const samples = hours(4);
      await appendAll(store, samples);
      await store.prune(T0 + HOUR, T0);
      await store.prune(T0 + 2 * HOUR + 20 * MINUTE);
      const borderMs = T0 + 2 * HOUR + QUARTER;
      expect(await answers(store)).toEqual(
        reckoned(samples, { readingsBeforeMs: borderMs, minutesBeforeMs: borderMs, quartersBeforeMs: borderMs }),
      );
    });

    it('keeps the quarter-hours of a device that has long been silent, and goes on when it speaks again', async () => {
      const samples = hours(2);
      await appendAll(store, samples);
      await store.prune(T0 + 20 * HOUR, T0 + 20 * HOUR);
      expect(await answers(store)).toEqual(reckoned(samples, { readingsBeforeMs: T0 + 20 * HOUR, minutesBeforeMs: T0 + 20 * HOUR }));
      expect(await store.lastMs()).toBeUndefined();
      const again = [0, 1, 2, 70].map((minute) => sample(T0 + 21 * HOUR + minute * MINUTE, minute));
      for (const one of again) await store.append([one]);
      expect(await answers(store)).toEqual(
        reckoned([...samples, ...again], { readingsBeforeMs: T0 + 20 * HOUR, minutesBeforeMs: T0 + 20 * HOUR }),
      );
    });

    it('still answers for a device that came when all others have gone', async () => {
      await store.append([sample(T0, 1, 'first')]);
      await store.append([sample(T0, 2, 'second'), sample(T0 + 2 * HOUR, 3, 'second')]);
      await store.prune(T0 + HOUR, T0 + HOUR);
      const third = [sample(T0 + 2 * HOUR, 4, 'third'), sample(T0 + 5 * HOUR, 5, 'third')];
      await store.append(third);
      await store.prune(T0 + 4 * HOUR, T0 + 4 * HOUR);
      const kept = await store.samples({ deviceIds: ['third'], quantities: ['grid.powerW'], fromMs: T0, toMs: T0 + 24 * HOUR });
      expect(kept).toEqual(third.slice(1));
      expect(await store.firstMs()).toBe(T0 + 5 * HOUR);
    });

    it('counts late readings once, before and after it forgets', async () => {
      const samples = hours(4);
      await appendAll(store, samples);
      const late = [5, 65, 66, 125, 200].map((minute) => sample(T0 + minute * MINUTE + SECOND, 5_000 + minute));
      for (const one of late) await store.append([one]);
      await store.append([...late, ...samples.slice(300, 310)]);
      expect(await answers(store)).toEqual(reckoned([...samples, ...late], NOTHING));
      await store.prune(T0 + 3 * HOUR, T0 + HOUR);
      const forgotten = { readingsBeforeMs: T0 + 3 * HOUR, minutesBeforeMs: T0 + HOUR };
      expect(await answers(store)).toEqual(reckoned([...samples, ...late], forgotten));
      const later = [181, 190, 239].map((minute) => sample(T0 + minute * MINUTE + 2 * SECOND, -5_000 - minute));
      await store.append(later);
      await store.append(later);
      expect(await answers(store)).toEqual(reckoned([...samples, ...late, ...later], forgotten));
    });

    it('takes no reading from before what it has forgotten: it may be in the roll-ups already', async () => {
      const samples = hours(2);
      await appendAll(store, samples);
      await store.prune(T0 + HOUR, T0);
      // A store behind a spool tells of it elsewhere.
      const refused = (late: Sample) => store.append([late]).catch(() => undefined);
      await refused(samples[20]!);
      await refused(sample(T0 + 20 * MINUTE + SECOND, 7_000));
      expect(await answers(store)).toEqual(reckoned(samples, { readingsBeforeMs: T0 + HOUR, minutesBeforeMs: T0 }));
      opened = await opened.reopen();
      store = opened.store;
      await refused(sample(T0 + 20 * MINUTE + SECOND, 7_000));
      await refused(sample(T0 + 20 * MINUTE + SECOND, 7_000, 'unknown'));
      expect(await answers(store)).toEqual(reckoned(samples, { readingsBeforeMs: T0 + HOUR, minutesBeforeMs: T0 }));
      expect(await store.firstMs()).toBe(T0 + HOUR);
    });

    it('joins at the borders, also with several quantities', async () => {
      const both = hours(2).map(({ deviceId, atMs, values }, i): Sample => {
        const soc = i % 3 === 0 ? { 'battery.socPct': i % 100 } : {};
        return { deviceId, atMs, values: { ...values, ...soc } };
      });
      await appendAll(store, both);
      const asked = { deviceIds: ['meter-1'], fromMs: T0, toMs: T0 + 2 * HOUR, stepMs: 2 * HOUR, aggregate: 'mean' } as const;
      const quantities = ['battery.socPct', 'grid.powerW', 'pv.powerW'] as const;
      const before = await store.range({ ...asked, quantities });
      expect(Object.keys(before[0]!.values).sort()).toEqual(['battery.socPct', 'grid.powerW']);
      await store.prune(T0 + HOUR, T0 + QUARTER);
      const [after] = await store.range({ ...asked, quantities });
      expect(after!.values['battery.socPct']).toBeCloseTo(before[0]!.values['battery.socPct']!, 6);
      expect(after!.values['grid.powerW']).toBeCloseTo(before[0]!.values['grid.powerW']!, 6);
    });

    const arrivals = fc.array(
      fc.record({ second: fc.integer({ min: 0, max: 4 * 3_600 - 1 }), powerW: fc.integer({ min: -900, max: 900 }), batch: fc.nat(5) }),
      { minLength: 1, maxLength: 80 },
    );
    propertyTest.prop([arrivals, fc.integer({ min: 0, max: 17 }), fc.integer({ min: 0, max: 17 }), fc.nat(5)], { numRuns: 6 })(
      'forgets and answers alike in whatever order readings come',
      async (given, border, minutesBorder, pruneAfter) => {
        // Hooks run once for all runs.
        opened = await opened.reopen();
        store = opened.store;
        const deviceId = `run-${(runs += 1)}`;
        const shift = runs * 24 * HOUR;
        const at = (quarter: number): number => T0 + shift + quarter * QUARTER;
        const samples: Sample[] = [];
        const readingsBeforeMs = at(border);
        const minutesBeforeMs = Math.min(at(minutesBorder), readingsBeforeMs);
        for (let batch = 0; batch <= 5; batch += 1) {
          const arrived = given
            .filter((one) => one.batch === batch)
            .map((one) => sample(at(0) + one.second * SECOND, one.powerW, deviceId));
          const taken = batch > pruneAfter ? arrived.filter(({ atMs }) => atMs >= readingsBeforeMs) : arrived;
          await store.append(taken);
          samples.push(...taken);
          if (batch === pruneAfter) await store.prune(readingsBeforeMs, minutesBeforeMs);
        }
        const asked = STEPS.flatMap((stepMs) =>
          AGGREGATES.map((aggregate) => ({ fromMs: at(0) + 7 * MINUTE, toMs: at(15) + 30 * SECOND, stepMs, aggregate })),
        );
        const lines = samples.length === 0 ? [] : await answers(store, [deviceId], asked);
        expect(lines).toEqual(reckoned(samples, { readingsBeforeMs, minutesBeforeMs }, asked));
      },
    );
    let runs = 0;
  });
};
