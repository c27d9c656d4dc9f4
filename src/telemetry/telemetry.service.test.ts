import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SampleSink } from '../field/sample-sink.port.js';
import type { Device, DeviceRole, Plant } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { ManualClock } from '../platform/clock.js';
import { ClockWatch } from '../platform/clock-watch.js';
import { PlatformModule } from '../platform/platform.module.js';
import { ReadingStore } from './reading-store.port.js';
import { RefusalLog } from './refusal-log.js';
import { TelemetryJobs } from './telemetry.jobs.js';
import { TelemetryModule } from './telemetry.module.js';
import { TelemetryService } from './telemetry.service.js';

const T0 = Date.UTC(2026, 4, 1, 10);

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
      devices: [device('grid-meter'), device('pv')],
    },
  ],
};

@Global()
@Module({})
class PlantModule {
  static register(): DynamicModule {
    return { module: PlantModule, providers: [{ provide: PlantDirectory, useValue: { plant: () => PLANT } }], exports: [PlantDirectory] };
  }
}

/** Like the machine's: told to go on from a later moment, it does. */
class FollowedClock extends ManualClock {
  override goOnFrom(atMs: number): void {
    this.set(Math.max(atMs, this.now()));
  }
}

describe('telemetry', () => {
  let folder: string;
  let clock: ManualClock;
  let app: TestingModule;
  let telemetry: TelemetryService;
  let store: ReadingStore;

  const start = async (): Promise<void> => {
    app = await Test.createTestingModule({
      imports: [
        ScheduleModule.forRoot({ intervals: false, cronJobs: false, timeouts: false }),
        PlatformModule.register({
          clock,
          database: { kind: 'sqlite', file: join(folder, 'plant.sqlite') },
          log: pino({ level: 'silent' }),
        }),
        PlantModule.register(),
        TelemetryModule.register({ store: { kind: 'sqlite', file: join(folder, 'readings.sqlite') }, retention: { rawDays: 1 } }),
      ],
    }).compile();
    await app.get(DataSource).runMigrations();
    await app.init();
    telemetry = app.get(TelemetryService);
    store = app.get(ReadingStore);
  };
  const pv = (atMs: number, powerW: number, counterWh?: number) =>
    telemetry.accept({ deviceId: 'pv-1', atMs, values: { 'pv.powerW': powerW, 'pv.toBusCounterWh': counterWh } });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'telemetry-'));
    clock = new ManualClock(T0);
    await start();
  });
  afterEach(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  it('takes a good sample into the image and the store', async () => {
    expect(app.get(SampleSink)).toBe(telemetry);
    telemetry.accept({ deviceId: 'grid-meter-1', atMs: T0, values: { 'grid.powerW': -400 } });
    pv(T0, 1_000, 5_000_000);
    expect(telemetry.image(T0).sites.get('home-1')).toMatchObject({ powersW: { grid: -400, pv: 1_000 }, loadW: 600, missing: [] });
    await telemetry.flush();
    expect((await store.latest(['pv-1'])).get('pv-1')).toEqual({
      deviceId: 'pv-1',
      atMs: T0,
      values: { 'pv.powerW': 1_000, 'pv.toBusCounterWh': 5_000_000 },
    });
  });

  it('keeps a bad value out of both, counts it, and raises an alarm when it lasts', async () => {
    for (let i = 0; i < 12; i += 1) {
      clock.set(T0 + i * SECOND_MS);
      pv(clock.now(), 65_535);
    }
    const image = telemetry.image(clock.now());
    expect(image.devices.get('pv-1')).toMatchObject({ health: 'stale', reason: 'no good reading in time', values: {} });
    expect(image.sites.get('home-1')!.missing).toContain('pv-1');
    await telemetry.flush();
    expect(await store.lastMs()).toBeUndefined();

    await app.get(TelemetryJobs).everyMinute();
    pv((clock.set(T0 + 13_000), clock.now()), 65_535);
    await app.get(TelemetryJobs).everyMinute();
    expect(await app.get(RefusalLog).newest(5)).toEqual([
      {
        deviceId: 'pv-1',
        hourMs: T0,
        quantity: 'pv.powerW',
        reason: 'out-of-range',
        count: 13,
        lastAtMs: T0 + 13_000,
        lastValue: '65535',
      },
    ]);
    await app.get(AlarmService).clear('nothing', 'at-all');
    const [alarm] = await app.get(AlarmService).newest(1);
    expect(alarm).toMatchObject({ subject: 'pv-1', kind: 'refused-readings', clearedAtMs: null });
    expect(alarm!.message).toContain('pv.powerW 65535 out-of-range');

    for (let i = 14; i < 24; i += 1) pv((clock.set(T0 + i * SECOND_MS), clock.now()), 800);
    await app.get(AlarmService).clear('nothing', 'at-all');
    expect((await app.get(AlarmService).newest(1))[0]).toMatchObject({ clearedAtMs: T0 + 23_000 });
  });

  it('shows what the field says of a device', () => {
    pv(T0, 100);
    telemetry.healthChanged({ deviceId: 'pv-1', atMs: T0, health: 'offline', reason: 'no answer for 30 s' });
    expect(telemetry.image(T0).devices.get('pv-1')).toMatchObject({ health: 'offline', reason: 'no answer for 30 s', values: {} });
    clock.set(T0 + SECOND_MS);
    pv(clock.now(), 120);
    expect(telemetry.image(clock.now()).devices.get('pv-1')).toMatchObject({
      health: 'online',
      reason: undefined,
      values: { 'pv.powerW': 120 },
    });
  });

  it('raises an alarm of a device that is offline, until it is back', async () => {
    telemetry.healthChanged({ deviceId: 'pv-1', atMs: T0, health: 'offline', reason: 'no answer for 30 s' });
    await app.get(AlarmService).clear('nothing', 'at-all');
    expect((await app.get(AlarmService).newest(1))[0]).toMatchObject({
      subject: 'pv-1',
      kind: 'offline',
      message: expect.stringMatching(/is offline: no answer for 30 s$/) as string,
      clearedAtMs: null,
    });
    telemetry.healthChanged({ deviceId: 'pv-1', atMs: T0, health: 'online' });
    await app.get(AlarmService).clear('nothing', 'at-all');
    expect((await app.get(AlarmService).newest(1))[0]!.clearedAtMs).toBe(T0);
  });

  it('raises an alarm of a site that gives more than it has, once that lasts, until it is over', async () => {
    const minute = async (i: number, gridW: number): Promise<string[]> => {
      clock.set(T0 + i * MINUTE_MS);
      telemetry.accept({ deviceId: 'grid-meter-1', atMs: clock.now(), values: { 'grid.powerW': gridW } });
      pv(clock.now(), 1_000 + i);
      await app.get(TelemetryJobs).everyMinute();
      await app.get(AlarmService).clear('nothing', 'at-all');
      return (await app.get(AlarmService).newest(9)).filter(({ clearedAtMs }) => clearedAtMs === null).map(({ kind }) => kind);
    };
    for (let i = 0; i < 15; i += 1) expect(await minute(i, -2_500 - i)).toEqual([]);
    expect(await minute(15, -2_507)).toEqual(['negative-load']);
    expect((await app.get(AlarmService).newest(1))[0]!.message).toMatch(/^Home 1: .* the wrong way round/);
    expect(await minute(16, -900)).toEqual([]);
  });

  it('raises an alarm of a site that runs on its own, until the grid is back', async () => {
    const minute = async (i: number, voltageV: number) => {
      clock.set(T0 + i * MINUTE_MS);
      telemetry.accept({ deviceId: 'grid-meter-1', atMs: clock.now(), values: { 'grid.powerW': 0, 'grid.voltageV': voltageV } });
      await app.get(TelemetryJobs).everyMinute();
      await app.get(AlarmService).clear('nothing', 'at-all');
      return (await app.get(AlarmService).newest(9)).filter(({ clearedAtMs }) => clearedAtMs === null).map(({ message }) => message);
    };
    expect(await minute(0, 230)).toEqual([]);
    expect(await minute(1, 2)).toEqual(['Home 1 runs on its own, cut off from the grid: it is not commanded until it is back']);
    expect(await minute(2, 2)).toHaveLength(1);
    expect(await minute(3, 229)).toEqual([]);
  });

  it('raises an alarm of a meter whose directions are exchanged, and keeps its words aside', async () => {
    for (let ms = 0; ms <= 16 * MINUTE_MS; ms += 10 * SECOND_MS) {
      clock.set(T0 + ms);
      const values = {
        'grid.powerW': 2_000 + (ms % 7),
        'grid.toBusCounterWh': 5_003,
        'grid.fromBusCounterWh': 7_001 + Math.round(ms / 1_800),
      };
      telemetry.accept({ deviceId: 'grid-meter-1', atMs: clock.now(), values });
    }
    await app.get(AlarmService).clear('nothing', 'at-all');
    const [alarm] = await app.get(AlarmService).newest(1);
    expect(alarm).toMatchObject({ subject: 'grid-meter-1', kind: 'power-contradicts-counter', clearedAtMs: null });
    expect(telemetry.image(clock.now()).sites.get('home-1')!.powersW.grid).toBeUndefined();
    await app.get(TelemetryJobs).everyMinute();
    expect((await app.get(RefusalLog).newest(1))[0]).toMatchObject({ deviceId: 'grid-meter-1', reason: 'contradicted' });
  });

  it('sends an image only when somebody watches, and one at a time', async () => {
    const seen: number[] = [];
    await app.get(TelemetryJobs).flush();
    const watching = telemetry.onImage.subscribe(({ atMs }) => seen.push(atMs));
    await app.get(TelemetryJobs).flush();
    clock.set(T0 + SECOND_MS);
    await app.get(TelemetryJobs).flush();
    watching.unsubscribe();
    await app.get(TelemetryJobs).flush();
    expect(seen).toEqual([T0, T0 + SECOND_MS]);
  });

  it('goes on after a restart with what it knew of the counters', async () => {
    pv(T0, 100, 5_000_000);
    await app.close();
    clock.set(T0 + MINUTE_MS);
    await start();
    pv(clock.now(), 100, 0);
    await telemetry.flush();
    expect((await store.latest(['pv-1'])).get('pv-1')).toEqual({ deviceId: 'pv-1', atMs: T0 + MINUTE_MS, values: { 'pv.powerW': 100 } });
    pv(T0, 100);
    await telemetry.flush();
    const stored = await store.samples({ deviceIds: ['pv-1'], quantities: ['pv.powerW'], fromMs: T0, toMs: T0 + DAY_MS });
    expect(stored.map(({ atMs }) => atMs)).toEqual([T0, T0 + MINUTE_MS]);
  });

  it('goes on in time after a restart with a clock that was set back by an hour: order and image stay', async () => {
    pv(T0, 100, 5_000_000);
    await app.close();
    clock = new FollowedClock(T0 - 3_600_000);
    await start();
    expect(clock.now()).toBe(T0);
    clock.set(T0 + SECOND_MS);
    pv(clock.now(), 110, 5_000_001);
    expect(telemetry.image(clock.now()).devices.get('pv-1')).toMatchObject({ health: 'online', values: { 'pv.powerW': 110 } });
    await telemetry.flush();
    const stored = await store.samples({ deviceIds: ['pv-1'], quantities: ['pv.powerW'], fromMs: 0, toMs: T0 + DAY_MS });
    expect(stored.map(({ atMs }) => atMs)).toEqual([T0, T0 + SECOND_MS]);
  });

  it('is not frozen by readings of a clock that was wrong by years', async () => {
    pv(T0, 100, 5_000_000);
    await app.close();
    clock = new FollowedClock(T0 - 400 * DAY_MS);
    await start();
    pv(clock.now(), 110, 4_000_000);
    expect(telemetry.image(clock.now()).devices.get('pv-1')).toMatchObject({ health: 'online', values: { 'pv.powerW': 110 } });
    await app.get(AlarmService).clear('nothing', 'at-all');
    expect((await app.get(AlarmService).newest(1))[0]).toMatchObject({ subject: 'clock', kind: 'readings-ahead' });
  });

  it('takes history through the same gate without disturbing the present', async () => {
    pv(T0, 100, 5_000_000);
    const history = telemetry.openHistory();
    const old = (i: number, powerW: number) => ({
      deviceId: 'pv-1',
      atMs: T0 - DAY_MS + i * 15 * MINUTE_MS,
      values: { 'pv.powerW': powerW, 'pv.toBusCounterWh': 4_000_000 + i * 100 },
    });
    const passed = await history.ingest([old(0, 300), old(1, 65_535), old(1, 400), old(2, 400), { ...old(3, 1), deviceId: 'unknown' }]);
    expect(passed.map(({ values }) => values['pv.powerW'])).toEqual([300, undefined, 400]);
    expect(await store.firstMs()).toBe(T0 - DAY_MS);
    expect(telemetry.image(T0).devices.get('pv-1')).toMatchObject({ readAtMs: T0, values: { 'pv.powerW': 100 } });
    clock.set(T0 + SECOND_MS);
    pv(clock.now(), 100, 5_000_001);
    expect(telemetry.image(clock.now()).devices.get('pv-1')!.values['pv.toBusCounterWh']).toBe(5_000_001);
  });

  it('forgets readings after their days, and leaves the rest', async () => {
    await telemetry
      .openHistory()
      .ingest([0, 23, 25].map((hours) => ({ deviceId: 'pv-1', atMs: T0 - hours * 3_600_000, values: { 'pv.powerW': 1 } })).toReversed());
    await app.get(TelemetryJobs).prune();
    expect(await store.firstMs()).toBe(T0 - 23 * 3_600_000);
  });

  it('holds what devices say of themselves against the fleet file and the clock', async () => {
    const alarms = app.get(AlarmService);
    telemetry.saidOfItself({ deviceId: 'pv-1', ratedW: 50_000, clockAheadMs: 900_000 });
    telemetry.saidOfItself({ deviceId: 'grid-meter-1', clockAheadMs: 900_400 });
    await app.get(ClockWatch).look();
    const told = await alarms.newest(2);
    expect(told.map(({ subject, kind }) => `${subject} ${kind}`)).toEqual(['clock unsure', 'pv-1 rating']);
    expect(told[1]!.message).toBe('pv says it is made for 50000 W, and `ratedW` of the fleet file is 5000');
    telemetry.saidOfItself({ deviceId: 'pv-1', ratedW: 5_500 });
    await app.get(ClockWatch).look();
    expect((await alarms.newest(2))[1]!.clearedAtMs).toBe(T0);
  });
});
