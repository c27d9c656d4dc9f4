import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Plant, SiteId } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { contains } from '../kernel/interval.js';
import { type EpochMs, MINUTE_MS, type Watt, type WattHour } from '../kernel/units.js';
import { AlarmEntity } from '../platform/alarm.entity.js';
import { AlarmService } from '../platform/alarm.service.js';
import { ManualClock } from '../platform/clock.js';
import { databaseOptions } from '../platform/database.js';
import { EVENT_RAMP_MS } from '../signals/event-ramp.js';
import { EventService } from '../signals/event.service.js';
import type { GridEvent } from '../signals/grid-event.js';
import { EventOptOutEntity, GridEventEntity } from '../signals/grid-event.entity.js';
import { LimitService } from '../signals/limit.service.js';
import { ManualOverrideEntity, OperatorLimitEntity } from '../signals/order.entity.js';
import { OverrideService } from '../signals/override.service.js';
import { SignalsSettings } from '../signals/signals-settings.js';
import { DEMO_TARIFF } from '../signals/tariff.js';
import { BaselineSource } from './baseline-source.port.js';
import { WishService } from './wish.service.js';

const NOW = Date.UTC(2026, 4, 4, 10);
const PLANT: Plant = { name: 'p', zone: 'UTC', currency: 'EUR', households: [], sites: [] };

class NoSites extends PlantDirectory {
  plant(): Plant {
    return PLANT;
  }
}

const REQUEST = { direction: 'up', powerW: 9_000, startMs: NOW, durationMs: 10 * MINUTE_MS, priceMicroPerKwh: 1 } as const;

class OneBaseline extends BaselineSource {
  /** Fixed for the event's own intervals, and for nothing before or after them. */
  baselineAt(event: GridEvent, atMs: EpochMs): Promise<ReadonlyMap<SiteId, Watt>> {
    return Promise.resolve(new Map(contains(event, atMs) ? [['home-01', 500]] : []));
  }

  deliveredBefore(): Promise<ReadonlyMap<SiteId, WattHour>> {
    return Promise.resolve(new Map([['home-01', 7_000]]));
  }
}

let folder: string;
let database: DataSource;
let alarms: AlarmService;
let wishes: WishService;
let started: () => WishService;
let events: EventService;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
  const entities = [GridEventEntity, EventOptOutEntity, OperatorLimitEntity, ManualOverrideEntity, AlarmEntity];
  database = new DataSource({ ...databaseOptions({ kind: 'sqlite', file: join(folder, 'plant.sqlite') }), entities });
  await database.initialize();
  await database.runMigrations();
  const rows = [GridEventEntity, EventOptOutEntity] as const;
  events = new EventService(database.getRepository(rows[0]), database.getRepository(rows[1]), new SignalsSettings(MINUTE_MS, DEMO_TARIFF));
  alarms = new AlarmService(database.getRepository(AlarmEntity), new ManualClock(NOW));
  const plant = new NoSites();
  const limits = new LimitService(database.getRepository(OperatorLimitEntity), plant);
  const overrides = new OverrideService(database.getRepository(ManualOverrideEntity), plant);
  started = () => new WishService(events, limits, overrides, new OneBaseline(), alarms);
  wishes = started();
});
afterEach(async () => {
  if (database.isInitialized) await database.destroy();
  rmSync(folder, { recursive: true });
});

it('goes on with the event that runs while the database is away, to its end, and says so', async () => {
  await events.announce(REQUEST, 'dso', NOW);
  const startMs = NOW + MINUTE_MS;
  const running = await wishes.at(PLANT, startMs + 1);
  expect(running.event).toMatchObject({ id: 'EV-0001', powerW: 9_000, baselineW: new Map([['home-01', 500]]) });

  await database.destroy();
  expect((await wishes.at(PLANT, startMs + 5 * MINUTE_MS)).event).toEqual(running.event);
  expect((await wishes.at(PLANT, startMs + 10 * MINUTE_MS + EVENT_RAMP_MS / 2)).event).toEqual({ ...running.event, powerW: 4_500 });
  expect((await wishes.at(PLANT, startMs + 10 * MINUTE_MS + EVENT_RAMP_MS)).event).toBeUndefined();
  expect(alarms.openCount()).toBe(1);

  // What was raised meanwhile is on record once the database is back, and over.
  await database.initialize();
  await wishes.at(PLANT, startMs + 11 * MINUTE_MS);
  expect(alarms.openCount()).toBe(0);
  expect(await alarms.newest(5)).toMatchObject([{ subject: 'dispatch', kind: 'database', severity: 'critical', clearedAtMs: NOW }]);
});

it('waits half a second for a database that hangs, once, and goes on with what it knows', async () => {
  await events.announce(REQUEST, 'dso', NOW);
  const startMs = NOW + MINUTE_MS;
  const running = await wishes.at(PLANT, startMs + 1);
  const asked = vi.spyOn(events, 'around').mockReturnValue(new Promise(() => undefined));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const first = wishes.at(PLANT, startMs + 1_000);
    await vi.advanceTimersByTimeAsync(500);
    expect((await first).event).toEqual(running.event);
    expect((await wishes.at(PLANT, startMs + 2_000)).event).toEqual(running.event);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(alarms.openCount()).toBe(1);
    // Its connection is given up, and another question finds it well again.
    asked.mockRestore();
    await wishes.at(PLANT, startMs + 12_000);
    expect(alarms.openCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it('comes up to an event before its start, and goes down from one that is cancelled while it runs from then on', async () => {
  await events.announce(REQUEST, 'dso', NOW);
  const startMs = NOW + MINUTE_MS;
  const powerAt = async (atMs: number) => {
    const { event } = await wishes.at(PLANT, atMs);
    // Homes take part in the ramps as well.
    return event?.baselineW.has('home-01') ? event.powerW : undefined;
  };
  expect(await powerAt(startMs - EVENT_RAMP_MS)).toBeUndefined();
  expect(await powerAt(startMs - EVENT_RAMP_MS / 3)).toBe(7_200);
  expect(await powerAt(startMs)).toBe(9_000);
  const stopMs = startMs + 2.25 * MINUTE_MS;
  expect(await powerAt(stopMs - 1)).toBe(9_000);
  await events.cancel('EV-0001', 'dso', stopMs);
  expect(await powerAt(stopMs + EVENT_RAMP_MS / 3)).toBe(6_000);
  expect(await powerAt(stopMs + EVENT_RAMP_MS)).toBeUndefined();
  expect(await wishes.upcoming(stopMs + 1)).toEqual([]);
});

/** What of the one event is asked for, while homes take part. */
const followedW = async (by: WishService, atMs: EpochMs): Promise<Watt | undefined> => {
  const { event } = await by.at(PLANT, atMs);
  return event?.baselineW.has('home-01') ? event.powerW : undefined;
};

it('goes down over half a minute from an event that is cancelled while it comes up, also over a restart', async () => {
  await events.announce(REQUEST, 'dso', NOW);
  const cancelledMs = NOW + MINUTE_MS - 15_000;
  expect(await followedW(wishes, cancelledMs)).toBe(5_400);
  await events.cancel('EV-0001', 'dso', cancelledMs);
  expect(await followedW(wishes, cancelledMs)).toBe(5_400);
  expect(await followedW(wishes, cancelledMs + 10_000)).toBe(3_600);
  expect(await followedW(started(), cancelledMs + 20_000)).toBe(1_800);
  expect(await followedW(started(), cancelledMs + EVENT_RAMP_MS)).toBeUndefined();
});

it('goes down from an event that is put off or lowered while it comes up, and again from where it was', async () => {
  await events.announce(REQUEST, 'dso', NOW);
  const changedMs = NOW + MINUTE_MS - 10_000;
  expect(await followedW(wishes, changedMs)).toBe(7_200);
  await events.amend('EV-0001', { powerW: 3_000 }, 'dso', changedMs);
  expect(await followedW(wishes, changedMs)).toBe(7_200);
  await events.amend('EV-0001', { startMs: NOW + 60 * MINUTE_MS }, 'dso', changedMs + 5_000);
  expect(await followedW(wishes, changedMs + 5_000)).toBe(6_000);
  expect(await followedW(started(), changedMs + 20_000)).toBe(3_000);
  expect(await followedW(wishes, changedMs + 5_000 + EVENT_RAMP_MS)).toBeUndefined();
});

it('does not let homes fall out while the baselines of new times are not fixed yet', async () => {
  await events.announce(REQUEST, 'dso', NOW);
  const changedMs = NOW + MINUTE_MS - 10_000;
  await wishes.at(PLANT, changedMs);
  vi.spyOn(OneBaseline.prototype, 'baselineAt').mockResolvedValue(new Map());
  await events.amend('EV-0001', { startMs: NOW + 60 * MINUTE_MS }, 'dso', changedMs);
  expect(await followedW(wishes, changedMs + 10_000)).toBe(4_800);
  vi.restoreAllMocks();
});
