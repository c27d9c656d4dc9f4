import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Telemetry1763800000004 } from '../../migrations/0004-telemetry.js';
import { IntervalFacts1763800000013 } from '../../migrations/0013-interval-facts.js';
import type { Quantity, Sample, SampleValues } from '../field/sample.js';
import type { Device, DeviceRole, Plant } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { BadInput } from '../kernel/errors.js';
import { SLOT_MS } from '../kernel/interval.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { ManualClock } from '../platform/clock.js';
import { databaseOptions } from '../platform/database.js';
import { SqliteReadingStore } from './adapters/sqlite-reading-store.js';
import type { BatchOutcome } from './import-run.js';
import { ImportService } from './import.service.js';
import { IntervalEnergyEntity } from './interval.entity.js';
import { IntervalRows } from './interval-rows.js';
import { IntervalService } from './interval.service.js';
import type { IntervalEnergy } from './interval-energy.js';
import type { ReadingStore } from './reading-store.port.js';
import { RefusedReadingEntity } from './refused-reading.entity.js';

const T0 = Date.UTC(2026, 4, 1, 10);

const device = (role: DeviceRole): Device => ({
  id: role,
  siteId: 'home',
  name: role,
  role,
  profile: 'sunspec',
  address: { host: '127.0.0.1', port: 502, unitId: 1 },
  direction: 1,
  pollPeriodMs: 1_000,
  reversion: 'device',
  ratedW: 5_000,
});
const METER = device('grid-meter');

const PLANT: Plant = {
  name: 'p',
  zone: 'Europe/Berlin',
  currency: 'EUR',
  households: [],
  sites: [
    {
      id: 'home',
      name: 'Home',
      kind: 'home',
      zone: 'Europe/Berlin',
      importLimitW: 17_000,
      exportLimitW: 10_000,
      devices: [METER, device('pv')],
    },
  ],
};

class OnePlant extends PlantDirectory {
  plant(): Plant {
    return PLANT;
  }
}

const row = (atMs: number, values: SampleValues): Omit<Sample, 'deviceId'> => ({ atMs, values });
/** A quarter-hourly file of so many rows that draws 400 W more each row, and counts it. */
const quarterHours = (rows: number, fromMs = T0): Omit<Sample, 'deviceId'>[] =>
  Array.from({ length: rows }, (_, i) =>
    row(fromMs + i * SLOT_MS, { 'grid.powerW': 400, 'grid.toBusCounterWh': 10_000 + i * 100, 'grid.fromBusCounterWh': 0 }),
  );

describe('an import', () => {
  let database: DataSource;
  let store: ReadingStore;
  let intervals: IntervalService;
  let imports: ImportService;
  const clock = new ManualClock(T0 + DAY_MS);
  beforeEach(async () => {
    const entities = [IntervalEnergyEntity, RefusedReadingEntity];
    const migrations = [Telemetry1763800000004, IntervalFacts1763800000013];
    database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities, migrations }).initialize();
    await database.runMigrations();
    store = SqliteReadingStore.open(':memory:');
    intervals = new IntervalService(new IntervalRows(database), store, new OnePlant(), { wasUnsure: () => false });
    imports = new ImportService(new OnePlant(), store, intervals, clock);
  });
  afterEach(async () => {
    await store.close();
    await database.destroy();
  });

  interface Brought extends Pick<BatchOutcome, 'stored' | 'known' | 'rebased'> {
    readonly refused: string[];
    readonly intervals: number;
  }

  const bring = async (
    rows: readonly Omit<Sample, 'deviceId'>[],
    { dryRun = false, deviceId = METER.id, batch = 7 } = {},
  ): Promise<Brought> => {
    const quantities = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))] as Quantity[];
    const id = await imports.begin({ deviceId, readingPeriodMs: SLOT_MS, dryRun }, quantities);
    const sum = { stored: 0, known: 0, rebased: 0, refused: [] as string[] };
    for (let at = 0; at < rows.length; at += batch) {
      const { stored, known, refused, rebased } = (await imports.take(id, rows.slice(at, at + batch)))!;
      sum.stored += stored;
      sum.known += known;
      sum.rebased += rebased;
      sum.refused.push(...refused.map(({ index, quantity, reason }) => `${at + index} ${quantity ?? 'row'} ${reason}`));
    }
    return { ...sum, intervals: (await imports.finish(id))!.intervals };
  };
  const readings = (deviceId = METER.id): Promise<Sample[]> =>
    store.samples({ deviceIds: [deviceId], quantities: ['grid.powerW', 'grid.toBusCounterWh', 'pv.powerW'], fromMs: 0, toMs: 1e15 });
  const closed = (): Promise<IntervalEnergy[]> => intervals.intervalsOf({ fromMs: 0, toMs: 1e15 });
  const measured = (startMs: number, toBusWh: number): IntervalEnergy => ({
    startMs,
    endMs: startMs + SLOT_MS,
    siteId: 'home',
    deviceId: METER.id,
    flow: 'grid',
    toBusWh,
    fromBusWh: 0,
    quality: 'measured',
    commanded: false,
  });

  it('stores readings and closed intervals, marked as brought in', async () => {
    expect(await bring(quarterHours(21))).toEqual({ stored: 63, known: 0, rebased: 0, refused: [], intervals: 20 });
    expect(await readings()).toHaveLength(21);
    const all = await closed();
    expect(all).toHaveLength(20);
    expect(all.every(({ imported, quality, toBusWh }) => imported && quality === 'measured' && toBusWh === 100)).toBe(true);
  });

  it('stores nothing twice', async () => {
    await bring(quarterHours(21));
    const before = [await readings(), await closed()];
    expect(await bring(quarterHours(21))).toEqual({ stored: 0, known: 63, rebased: 0, refused: [], intervals: 0 });
    expect([await readings(), await closed()]).toEqual(before);
  });

  it('makes up for intervals that a run which broke off has not closed', async () => {
    const id = await imports.begin({ deviceId: METER.id, readingPeriodMs: SLOT_MS, dryRun: false }, ['grid.powerW']);
    await imports.take(id, quarterHours(21));
    expect(await closed()).toEqual([]);
    expect(await bring(quarterHours(21))).toMatchObject({ stored: 0, known: 63, intervals: 20 });
  });

  it('says the same in a dry run, and stores nothing', async () => {
    expect(await bring(quarterHours(90), { dryRun: true })).toEqual({ stored: 270, known: 0, rebased: 0, refused: [], intervals: 89 });
    expect([await readings(), await closed()]).toEqual([[], []]);
  });

  it('lets the gate keep aside what cannot be', async () => {
    const rows = quarterHours(6);
    rows[1] = row(rows[1]!.atMs, { 'grid.powerW': 9e9, 'grid.toBusCounterWh': 10_100 });
    rows[2] = row(rows[1].atMs, { 'grid.powerW': 1 });
    rows[3] = row(rows[3]!.atMs, { 'grid.toBusCounterWh': 9_000 });
    expect((await bring(rows)).refused).toEqual(['1 grid.powerW out-of-range', '2 row duplicate', '3 grid.toBusCounterWh counter-fell']);
  });

  it('holds counters against those stored before the file', async () => {
    await bring(quarterHours(5));
    const outcome = await bring([row(T0 + 5 * SLOT_MS, { 'grid.toBusCounterWh': 5_000 })]);
    expect(outcome.refused).toEqual(['0 grid.toBusCounterWh counter-fell']);
  });

  it('closes the interval between two files, whichever comes first', async () => {
    await bring(quarterHours(4, T0 + 8 * SLOT_MS).map(({ atMs }) => row(atMs, { 'grid.powerW': 400 })));
    await bring(quarterHours(4).map(({ atMs }) => row(atMs, { 'grid.powerW': 400 })));
    expect(await closed()).toHaveLength(6);
    const between = quarterHours(4, T0 + 4 * SLOT_MS).map(({ atMs }) => row(atMs, { 'grid.powerW': 800 }));
    expect(await bring(between)).toMatchObject({ stored: 4, intervals: 5 });
    expect(await closed()).toHaveLength(11);
  });

  describe('that tells more than one before', () => {
    const whole = quarterHours(21);
    const qualities = async (): Promise<string[]> => (await closed()).map(({ quality, toBusWh }) => `${quality} ${Math.round(toBusWh!)}`);
    const measuredAll = Array.from({ length: 20 }, () => 'measured 100');

    it('puts what was measured in place of the line over a hole', async () => {
      await bring(whole.filter((_, i) => i < 4 || i > 12));
      expect((await qualities()).filter((text) => text.startsWith('estimated'))).toHaveLength(10);
      expect(await bring(whole, { dryRun: true })).toMatchObject({ intervals: 10 });
      expect((await qualities()).filter((text) => text.startsWith('estimated'))).toHaveLength(10);
      expect(await bring(whole)).toMatchObject({ intervals: 10 });
      expect(await qualities()).toEqual(measuredAll);
      expect(await bring(whole)).toMatchObject({ intervals: 0 });
    });

    it('puts counters in place of what was made of power', async () => {
      await bring(whole.map(({ atMs }) => row(atMs, { 'grid.powerW': 700 })));
      expect(new Set(await qualities())).toEqual(new Set(['estimated 175']));
      const counters = whole.map(({ atMs, values }) => row(atMs, { ...values, 'grid.powerW': undefined }));
      expect(await bring(counters)).toMatchObject({ intervals: 20 });
      expect(await qualities()).toEqual(measuredAll);
      expect((await closed()).every(({ imported, toBusCounterWh }) => imported && toBusCounterWh !== undefined)).toBe(true);
    });

    it('leaves the estimates that the plant has closed itself', async () => {
      const own = { ...measured(T0 + 3 * SLOT_MS, 77), quality: 'estimated' as const };
      await intervals.storeAll([own]);
      await intervals.improveImported([{ ...measured(own.startMs, 100), imported: true }]);
      expect(await qualities()).toEqual(['estimated 77']);
    });
  });

  it('looks at what is stored in pages, so that a plant which reads every second goes on', async () => {
    const samples = Array.from({ length: 9_000 }, (_, i) => ({
      deviceId: METER.id,
      atMs: T0 + 1 + i * SECOND_MS,
      values: { 'grid.powerW': i % 400 },
    }));
    await store.append(samples);
    const looks = vi.spyOn(store, 'samples');
    await bring(quarterHours(11), { batch: 100 });
    const answers = await Promise.all(looks.mock.results.map(({ value }) => value as Promise<Sample[]>));
    expect(Math.max(...answers.map(({ length }) => length))).toBeLessThanOrEqual(2_000);
    expect(await readings()).toHaveLength(9_011);
  });

  it('draws no line over a gap of hours', async () => {
    const rows = [...quarterHours(3), ...quarterHours(3, T0 + 7 * HOUR_MS)].map(({ atMs }) => row(atMs, { 'grid.powerW': 400 }));
    expect(await bring(rows)).toMatchObject({ stored: 6, intervals: 4 });
  });

  describe('of a device that the plant measures itself', () => {
    const OWN = T0 + 8 * SLOT_MS;
    beforeEach(async () => {
      await store.append([{ deviceId: METER.id, atMs: OWN + 5 * SECOND_MS, values: { 'grid.powerW': 1_000 } }]);
      await intervals.storeAll([measured(OWN, 250)]);
    });

    it('ends where the plant’s own time begins', async () => {
      const outcome = await bring(quarterHours(12).map(({ atMs }) => row(atMs, { 'grid.powerW': 400 })));
      expect(outcome.refused).toEqual([8, 9, 10, 11].map((i) => `${i} grid.powerW measured-here`));
      expect(outcome).toMatchObject({ stored: 8 });
      expect((await closed()).map(({ startMs, imported }) => [(startMs - T0) / SLOT_MS, imported])).toEqual([
        ...[0, 1, 2, 3, 4, 5, 6, 7].map((slot) => [slot, true]),
        [8, undefined],
      ]);
    });

    it('never writes over what is stored, and knows it where it is the same', async () => {
      const outcome = await bring([
        row(OWN + 5 * SECOND_MS, { 'grid.powerW': 1_000, 'grid.toBusCounterWh': 5 }),
        row(OWN + 6 * SECOND_MS, { 'grid.powerW': 1_000 }),
      ]);
      expect(outcome.refused).toEqual(['0 grid.toBusCounterWh measured-here', '1 grid.powerW measured-here']);
      expect(outcome).toMatchObject({ stored: 0, known: 1 });
      expect((await bring([row(OWN + 5 * SECOND_MS, { 'grid.powerW': 999 })])).refused).toEqual(['0 grid.powerW already-measured']);
      expect(await readings()).toEqual([{ deviceId: METER.id, atMs: OWN + 5 * SECOND_MS, values: { 'grid.powerW': 1_000 } }]);
    });

    it('ends there too for a device that is new beside it', async () => {
      const rows = [T0, OWN + SLOT_MS - 1, OWN + SLOT_MS].map((atMs) => row(atMs, { 'pv.powerW': 100 }));
      expect(await bring(rows, { deviceId: 'pv' })).toMatchObject({ stored: 2, refused: ['2 pv.powerW measured-here'] });
    });

    it('fills no gap that would be paid', async () => {
      const gap = { ...measured(OWN + SLOT_MS, 0), quality: 'missing' as const, toBusWh: undefined, fromBusWh: undefined };
      await database.getRepository(IntervalEnergyEntity).clear();
      await intervals.storeAll([gap]);
      await bring([row(OWN, { 'grid.toBusCounterWh': 1_000, 'grid.fromBusCounterWh': 0 })]);
      await bring(quarterHours(4).map(({ atMs }) => row(atMs, { 'grid.powerW': 400 })));
      const later = OWN + 2 * SLOT_MS + MINUTE_MS;
      await store.append([{ deviceId: METER.id, atMs: later, values: { 'grid.toBusCounterWh': 1_100, 'grid.fromBusCounterWh': 0 } }]);
      expect(await intervals.fillGaps(T0, T0 + DAY_MS)).toEqual([]);
    });
  });

  it('ends at the start of a plant that has closed nothing', async () => {
    const outcome = await bring([T0 + DAY_MS - 1, T0 + DAY_MS].map((atMs) => row(atMs, { 'grid.powerW': 1 })));
    expect(outcome).toMatchObject({ stored: 1, refused: ['1 grid.powerW measured-here'] });
  });

  it('rolls old readings up to quarter-hours, which stay when they go, also over a start anew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'import-'));
    const file = join(folder, 'readings.sqlite');
    const old = SqliteReadingStore.open(file);
    const own = new ImportService(
      new OnePlant(),
      old,
      new IntervalService(new IntervalRows(database), old, new OnePlant(), { wasUnsure: () => false }),
      clock,
    );
    const id = await own.begin({ deviceId: METER.id, readingPeriodMs: SLOT_MS, dryRun: false }, ['grid.powerW']);
    await own.take(id, quarterHours(21));
    await old.prune(T0 + DAY_MS, T0 + DAY_MS);
    const steps = async (of: ReadingStore): Promise<unknown[]> => {
      const query = { deviceIds: [METER.id], quantities: ['grid.powerW'] as const, fromMs: T0, toMs: T0 + 21 * SLOT_MS };
      return (await of.range({ ...query, stepMs: SLOT_MS, aggregate: 'mean' })).map(({ values }) => values['grid.powerW']);
    };
    const all = Array.from({ length: 21 }, () => 400);
    expect([await old.firstMs(), await steps(old)]).toEqual([undefined, all]);
    await old.close();
    const anew = SqliteReadingStore.open(file);
    expect(await steps(anew)).toEqual(all);
    await anew.close();
    rmSync(folder, { recursive: true });
  });

  it('makes the energies of rows from before single readings are kept, and keeps nothing else of them', async () => {
    await store.append([{ deviceId: METER.id, atMs: T0 - DAY_MS, values: { 'grid.powerW': 1 } }]);
    await store.prune(T0 + 10 * SLOT_MS);
    const id = await imports.begin({ deviceId: METER.id, readingPeriodMs: SLOT_MS, dryRun: false }, ['grid.powerW']);
    const outcome = await imports.take(id, quarterHours(21))!;
    expect([outcome.stored, outcome.forEnergy, outcome.refused]).toEqual([33, 30, []]);
    await imports.finish(id);
    expect(await intervals.intervalsOf({ fromMs: T0, toMs: T0 + 10 * SLOT_MS })).toHaveLength(10);
    expect(await store.firstMs()).toBe(T0 + 10 * SLOT_MS);
  });

  it('says what it does not know', async () => {
    const begin = (deviceId: string, quantity: Quantity): Promise<string> =>
      imports.begin({ deviceId, readingPeriodMs: SLOT_MS, dryRun: false }, [quantity]);
    await expect(begin('shed', 'grid.powerW')).rejects.toThrow(BadInput);
    await expect(begin('pv', 'grid.powerW')).rejects.toThrow('device "pv": a pv tells no grid.powerW');
    const first = await begin(METER.id, 'grid.powerW');
    await begin(METER.id, 'grid.powerW');
    expect([imports.take(first, quarterHours(1)), imports.finish(first)]).toEqual([undefined, undefined]);
  });
});
