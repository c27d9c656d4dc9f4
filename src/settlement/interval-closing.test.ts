import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Telemetry1763800000004 } from '../../migrations/0004-telemetry.js';
import { IntervalFacts1763800000013 } from '../../migrations/0013-interval-facts.js';
import { LeaseSpans } from '../dispatch/lease-spans.js';
import type { Device, Plant } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { SLOT_MS } from '../kernel/interval.js';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { databaseOptions } from '../platform/database.js';
import { SqliteReadingStore } from '../telemetry/adapters/sqlite-reading-store.js';
import { IntervalEnergyEntity } from '../telemetry/interval.entity.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { IntervalRows } from '../telemetry/interval-rows.js';
import { IntervalService } from '../telemetry/interval.service.js';
import type { ReadingStore } from '../telemetry/reading-store.port.js';
import { RefusedReadingEntity } from '../telemetry/refused-reading.entity.js';
import { IntervalClosing } from './interval-closing.service.js';
import { SettlementSettings } from './settlement-settings.js';

const T0 = Date.UTC(2026, 4, 1);
const METER: Device = {
  id: 'meter',
  siteId: 'home',
  name: 'meter',
  role: 'grid-meter',
  profile: 'sunspec',
  address: { host: '127.0.0.1', port: 502, unitId: 1 },
  direction: 1,
  pollPeriodMs: MINUTE_MS,
  reversion: 'device',
  ratedW: 5_000,
};
const SITE = { id: 'home', name: 'Home', kind: 'home', zone: 'Europe/Berlin', importLimitW: 17_000, exportLimitW: 10_000 } as const;
class OnePlant extends PlantDirectory {
  plant(): Plant {
    return { name: 'p', zone: SITE.zone, currency: 'EUR', households: [], sites: [{ ...SITE, devices: [METER] }] };
  }
}

let database: DataSource;
let readings: ReadingStore;
let intervals: IntervalService;
beforeEach(async () => {
  const entities = [IntervalEnergyEntity, RefusedReadingEntity];
  const migrations = [Telemetry1763800000004, IntervalFacts1763800000013];
  database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities, migrations }).initialize();
  await database.runMigrations();
  readings = SqliteReadingStore.open(':memory:');
  intervals = new IntervalService(new IntervalRows(database), readings, new OnePlant(), { wasUnsure: () => false });
});
afterEach(async () => {
  await database.destroy();
  await readings.close();
});

/** A meter that draws 400 W and is read every minute. */
const read = (fromMs: number, toMs: number): Promise<void> =>
  readings.append(
    Array.from({ length: (toMs - fromMs) / MINUTE_MS + 1 }, (_, i) => {
      const atMs = fromMs + i * MINUTE_MS;
      const counters = { 'grid.toBusCounterWh': (400 * (atMs - T0 + 30 * DAY_MS)) / (60 * MINUTE_MS), 'grid.fromBusCounterWh': 0 };
      return { deviceId: METER.id, atMs, values: counters };
    }),
  );
const closedAt = (startMs: number): IntervalEnergy => ({
  startMs,
  endMs: startMs + SLOT_MS,
  siteId: SITE.id,
  deviceId: METER.id,
  flow: 'grid',
  toBusWh: 100,
  fromBusWh: 0,
  quality: 'measured',
  commanded: false,
});

/** A plant that starts at a moment and looks once a second until nothing more is due; answers the quarter-hours it closed. */
const closedFrom = async (startedMs: number, untilMs = startedMs + 5 * MINUTE_MS): Promise<number[]> => {
  const nothing = (): Promise<void> => Promise.resolve();
  const records = { intervals: nothing, anchor: nothing, corrections: nothing };
  const closing = new IntervalClosing(intervals, records, new LeaseSpans(), new SettlementSettings(SLOT_MS));
  await closing.resume(startedMs);
  const closed: number[] = [];
  for (let nowMs = startedMs; nowMs <= untilMs; nowMs += 5 * SECOND_MS)
    closed.push(...(await closing.closeDue(nowMs)).map(({ startMs }) => startMs));
  return closed;
};
const quartersFrom = (startMs: number, count: number): number[] => Array.from({ length: count }, (_, i) => startMs + i * SLOT_MS);

it('closes all of three days that were read, and not only the last two', async () => {
  await intervals.storeAll([closedAt(T0 - SLOT_MS)]);
  await read(T0 - MINUTE_MS, T0 + 3 * DAY_MS + 5 * MINUTE_MS);
  expect(await closedFrom(T0 + 3 * DAY_MS)).toEqual(quartersFrom(T0, 288));
  const all = await intervals.intervalsOf({ fromMs: T0, toMs: T0 + 3 * DAY_MS });
  expect(new Set(all.map(({ quality, toBusWh }) => `${quality} ${Math.round(toBusWh!)}`))).toEqual(new Set(['measured 100']));
});

it('of weeks in which the plant was off closes what was read before, and the last two days', async () => {
  await intervals.storeAll([closedAt(T0 - SLOT_MS)]);
  await read(T0, T0 + 20 * MINUTE_MS);
  const startedMs = T0 + 30 * DAY_MS;
  expect(await closedFrom(startedMs)).toEqual([...quartersFrom(T0, 2), ...quartersFrom(startedMs - 2 * DAY_MS, 192)]);
});

it('goes on at once where the clock had leapt and has been put right', async () => {
  await intervals.storeAll([closedAt(T0 - SLOT_MS), closedAt(T0 + 10 * DAY_MS)]);
  await read(T0 - MINUTE_MS, T0 + 40 * MINUTE_MS);
  expect(await closedFrom(T0 + 20 * MINUTE_MS, T0 + 40 * MINUTE_MS)).toEqual(quartersFrom(T0, 2));
});
