import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Telemetry1763800000004 } from '../../migrations/0004-telemetry.js';
import { IntervalFacts1763800000013 } from '../../migrations/0013-interval-facts.js';
import type { Sample, SampleValues } from '../field/sample.js';
import type { Device, DeviceRole, Plant } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { type Interval, overlaps } from '../kernel/interval.js';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { monotonicMs } from '../platform/clock.js';
import { databaseOptions } from '../platform/database.js';
import { SqliteReadingStore } from './adapters/sqlite-reading-store.js';
import { IntervalEnergyEntity } from './interval.entity.js';
import { IntervalRows } from './interval-rows.js';
import { IntervalService } from './interval.service.js';
import type { IntervalEnergy } from './interval-energy.js';
import type { ReadingStore } from './reading-store.port.js';
import { RefusedReadingEntity } from './refused-reading.entity.js';

const T0 = Date.UTC(2026, 4, 1, 10);
const SLOT = { startMs: T0, endMs: T0 + 15 * MINUTE_MS };

const device = (role: DeviceRole): Device => ({
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
});

const PLANT: Plant = {
  name: 'p',
  zone: 'Europe/Berlin',
  currency: 'EUR',
  households: [],
  sites: [
    {
      id: 'home-1',
      name: 'Home 1',
      kind: 'home',
      zone: 'Europe/Berlin',
      importLimitW: 17_000,
      exportLimitW: 10_000,
      devices: [device('grid-meter'), device('hybrid')],
    },
  ],
};

class OnePlant extends PlantDirectory {
  plant(): Plant {
    return PLANT;
  }
}

describe('closed intervals', () => {
  let database: DataSource;
  let readings: ReadingStore;
  let intervals: IntervalService;
  let unsure: Interval;
  beforeEach(async () => {
    const entities = [IntervalEnergyEntity, RefusedReadingEntity];
    const options = databaseOptions({ kind: 'sqlite', file: ':memory:' });
    database = await new DataSource({
      ...options,
      entities,
      migrations: [Telemetry1763800000004, IntervalFacts1763800000013],
    }).initialize();
    await database.runMigrations();
    unsure = { startMs: 0, endMs: 0 };
    readings = SqliteReadingStore.open(':memory:');
    intervals = new IntervalService(new IntervalRows(database), readings, new OnePlant(), {
      wasUnsure: (interval) => overlaps(interval, unsure),
    });
  });
  afterEach(async () => {
    await database.destroy();
    await readings.close();
  });

  /** Every `stepMs`: 600 W of import, 1200 W of sun with a counter, and a battery that charges at 900 W without one. */
  const poll = (fromMs: number, toMs: number, stepMs = 10 * SECOND_MS): Sample[] => {
    const all: Sample[] = [];
    for (let atMs = fromMs; atMs <= toMs; atMs += stepMs) {
      const hours = (atMs - T0) / 3_600_000;
      const grid: SampleValues = { 'grid.powerW': 600, 'grid.toBusCounterWh': 50_000 + 600 * hours, 'grid.fromBusCounterWh': 700 };
      const hybrid: SampleValues = { 'pv.powerW': 1_200, 'pv.toBusCounterWh': 90_000 + 1_200 * hours, 'battery.powerW': -900 };
      all.push({ deviceId: 'grid-meter-1', atMs, values: grid }, { deviceId: 'hybrid-1', atMs, values: hybrid });
    }
    return all;
  };

  it('have entities that agree with their migration', async () => {
    const changes = await database.driver.createSchemaBuilder().log();
    expect(changes.upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('are commanded in the flow that a control of ours bears upon', async () => {
    const next = { startMs: SLOT.endMs, endMs: SLOT.endMs + 15 * MINUTE_MS };
    await readings.append(poll(T0 - 30_000, next.endMs + 30_000));
    const under = async (slot: typeof SLOT, control: 'battery-power' | 'pv-limit'): Promise<string[]> => {
      const closed = await intervals.closeInterval(slot, [{ deviceId: 'hybrid-1', control, ...slot }]);
      return closed.filter(({ commanded }) => commanded).map(({ deviceId, flow }) => `${deviceId} ${flow}`);
    };
    expect(await under(SLOT, 'battery-power')).toEqual(['hybrid-1 battery']);
    expect(await under(next, 'pv-limit')).toEqual(['hybrid-1 pv']);
  });

  it('come from counters where there are any, and from power where not', async () => {
    await readings.append(poll(T0 - 30_000, SLOT.endMs + 30_000));
    const closed = await intervals.closeInterval(SLOT, [
      { deviceId: 'hybrid-1', control: 'battery-power', startMs: T0 - 1, endMs: T0 + 1 },
    ]);
    const about = { ...SLOT, siteId: 'home-1' };
    expect(closed).toEqual([
      {
        ...about,
        deviceId: 'grid-meter-1',
        flow: 'grid',
        toBusWh: 150,
        fromBusWh: 0,
        toBusCounterWh: 50_150,
        fromBusCounterWh: 700,
        quality: 'measured',
        commanded: false,
      },
      {
        ...about,
        deviceId: 'hybrid-1',
        flow: 'battery',
        toBusWh: 0,
        fromBusWh: expect.closeTo(225, 9),
        toBusCounterWh: undefined,
        fromBusCounterWh: undefined,
        quality: 'estimated',
        commanded: true,
      },
      {
        ...about,
        deviceId: 'hybrid-1',
        flow: 'pv',
        toBusWh: 300,
        fromBusWh: 0,
        toBusCounterWh: 90_300,
        fromBusCounterWh: undefined,
        quality: 'measured',
        commanded: false,
      },
    ]);
  });

  it('tell what the sun would have given, where the inverter knows, and say what is not measured here', async () => {
    const limited = poll(T0 - 30_000, SLOT.endMs + 30_000).map((sample) =>
      sample.deviceId === 'hybrid-1' ? { ...sample, values: { ...sample.values, 'pv.availableW': 3_000 } } : sample,
    );
    await readings.append(limited);
    const closed = await intervals.closeInterval(SLOT);
    expect(closed.map(({ flow, availableWh }) => [flow, availableWh])).toEqual([
      ['grid', undefined],
      ['battery', undefined],
      ['pv', expect.closeTo(750, 9)],
    ]);
    const imported: IntervalEnergy = { ...closed[0]!, startMs: SLOT.endMs, endMs: SLOT.endMs + 15 * MINUTE_MS, imported: true };
    const hazy: IntervalEnergy = { ...closed[2]!, startMs: SLOT.startMs - 15 * MINUTE_MS, endMs: SLOT.startMs, clockUnsure: true };
    await intervals.storeAll([imported, hazy]);
    expect(await intervals.intervalsOf({ fromMs: SLOT.startMs - DAY_MS, toMs: SLOT.endMs + DAY_MS })).toEqual([hazy, ...closed, imported]);
    // Closing goes on after what was measured, whatever was brought in.
    expect(await intervals.lastClosed(SLOT.endMs)).toEqual(SLOT);
  });

  it('are estimates where the clock was unsure, and say so: the energy is right, the hour may not be', async () => {
    await readings.append(poll(T0 - 30_000, SLOT.endMs + 30_000));
    unsure = { startMs: T0 + 60_000, endMs: T0 + 120_000 };
    const [grid] = await intervals.closeInterval(SLOT);
    expect(grid).toMatchObject({ flow: 'grid', toBusWh: 150, quality: 'estimated', clockUnsure: true });
  });

  it('are closed once: later readings change nothing', async () => {
    await readings.append(poll(T0, SLOT.endMs));
    const first = await intervals.closeInterval(SLOT);
    await readings.append([{ deviceId: 'grid-meter-1', atMs: SLOT.endMs, values: { 'grid.toBusCounterWh': 50_999 } }]);
    expect(await intervals.closeInterval(SLOT)).toEqual(first);
    await intervals.storeAll([{ ...first[0]!, toBusWh: 1 }]);
    expect(await intervals.intervalsOf({ fromMs: T0, toMs: SLOT.endMs })).toEqual(first);
  });

  it('are missing without readings, and estimated when the device comes back and tells its counter', async () => {
    await readings.append(poll(T0 - MINUTE_MS, T0 + 5 * MINUTE_MS));
    const closed = await intervals.closeInterval(SLOT);
    expect(closed.map(({ quality, toBusWh }) => [quality, toBusWh])).toEqual([
      ['missing', undefined],
      ['missing', undefined],
      ['missing', undefined],
    ]);
    expect(await intervals.fillGaps(T0, SLOT.endMs)).toEqual([]);

    await readings.append(poll(T0 + 60 * MINUTE_MS, T0 + 61 * MINUTE_MS));
    const filled = await intervals.fillGaps(T0, SLOT.endMs);
    expect(filled.map(({ flow, toBusWh, quality }) => [flow, toBusWh, quality])).toEqual([
      ['grid', 150, 'estimated'],
      ['pv', 300, 'estimated'],
    ]);
    // The battery has no counter: nobody knows what it did, and its interval stays missing.
    const stored = await intervals.intervalsOf({ siteIds: ['home-1'], fromMs: T0, toMs: T0 + 1 });
    expect(stored.map(({ flow, quality }) => [flow, quality])).toEqual([
      ['grid', 'estimated'],
      ['battery', 'missing'],
      ['pv', 'estimated'],
    ]);
    expect(await intervals.fillGaps(T0, SLOT.endMs)).toEqual([]);
  });

  it('lose no energy in a gap: the intervals of an outage add up to what the counter rose', async () => {
    await readings.append([...poll(T0 - MINUTE_MS, T0 + 7 * MINUTE_MS), ...poll(T0 + 52 * MINUTE_MS, T0 + 61 * MINUTE_MS)]);
    const all: IntervalEnergy[] = [];
    for (let i = 0; i < 4; i += 1) {
      const startMs = T0 + i * 15 * MINUTE_MS;
      all.push(...(await intervals.closeInterval({ startMs, endMs: startMs + 15 * MINUTE_MS })));
    }
    const sun = all.filter(({ flow }) => flow === 'pv');
    expect(sun.map(({ quality }) => quality)).toEqual(['estimated', 'estimated', 'estimated', 'estimated']);
    expect(sun.reduce((sum, { toBusWh }) => sum + toBusWh!, 0)).toBeCloseTo(1_200, 6);
  });

  describe('may be closed', () => {
    const { endMs } = SLOT;
    const settled = (afterMs: number, upSinceMs = -Infinity): Promise<boolean> => intervals.isSettled(endMs, endMs + afterMs, upSinceMs);

    it('when every device has had time to be read past their end, and readings from then are stored', async () => {
      await readings.append(poll(T0, endMs + 4_000));
      expect(await settled(4_999)).toBe(false);
      expect(await settled(30_000), 'a machine that stood still').toBe(false);
      await readings.append([{ deviceId: 'pv-1', atMs: endMs + 31_000, values: { 'pv.powerW': 1 } }]);
      expect(await settled(31_000)).toBe(true);
    });

    it('when a plant that was off has been up for a while', async () => {
      const upSinceMs = endMs + 10 * MINUTE_MS;
      await readings.append([{ deviceId: 'pv-1', atMs: upSinceMs + 1_000, values: { 'pv.powerW': 1 } }]);
      expect(await settled(10 * MINUTE_MS + 2_000, upSinceMs)).toBe(false);
      await readings.append([{ deviceId: 'pv-1', atMs: upSinceMs + 6_000, values: { 'pv.powerW': 1 } }]);
      expect(await settled(10 * MINUTE_MS + 6_000, upSinceMs)).toBe(true);
    });

    it('after a minute where nothing is read any more', async () => {
      await readings.append(poll(T0, endMs - 1_000));
      expect(await settled(64_000)).toBe(false);
      expect(await settled(65_000)).toBe(true);
    });
  });

  it('span, for each site, from its first to the end of its last', async () => {
    const at = (siteId: string, minute: number): IntervalEnergy => ({
      startMs: T0 + minute * MINUTE_MS,
      endMs: T0 + (minute + 15) * MINUTE_MS,
      siteId,
      deviceId: 'grid-meter-1',
      flow: 'grid',
      quality: 'missing',
      commanded: false,
    });
    await intervals.storeAll([at('home-1', 30), at('home-1', 0), at('home-2', 90)]);
    expect(await intervals.spanOf('home-1')).toEqual({ startMs: T0, endMs: T0 + 45 * MINUTE_MS });
    expect(await intervals.spanOf('home-3')).toBeUndefined();
  });

  it('go in and out by the ten thousand', async () => {
    const made: IntervalEnergy[] = [];
    for (let home = 0; home < 20; home += 1) {
      for (let slot = 0; slot < 5 * 96; slot += 1) {
        const startMs = T0 + slot * 15 * MINUTE_MS;
        const about = { startMs, endMs: startMs + 15 * MINUTE_MS, siteId: `home-${home}`, quality: 'measured', commanded: false } as const;
        for (const flow of ['grid', 'pv', 'battery'] as const) {
          made.push({ ...about, deviceId: `${flow}-${home}`, flow, toBusWh: slot, fromBusWh: 1.5, toBusCounterWh: 1e6 + slot });
        }
      }
    }
    const began = monotonicMs();
    await intervals.storeAll(made);
    const stored = monotonicMs();
    const [one, all] = [
      await intervals.intervalsOf({ siteIds: ['home-7'], fromMs: T0, toMs: T0 + 5 * DAY_MS }),
      await intervals.intervalsOf({ fromMs: T0, toMs: T0 + 5 * DAY_MS }),
    ];
    const read = monotonicMs();
    expect([one.length, all.length]).toEqual([5 * 96 * 3, made.length]);
    expect(one[0]).toEqual({ ...made.find(({ siteId, flow }) => siteId === 'home-7' && flow === 'battery')!, fromBusCounterWh: undefined });
    // A fraction of this at rest.
    expect(stored - began).toBeLessThan(10_000);
    expect(read - stored).toBeLessThan(10_000);
  });
});
