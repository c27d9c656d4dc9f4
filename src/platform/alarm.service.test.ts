import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AlarmEntity } from './alarm.entity.js';
import { AlarmService } from './alarm.service.js';
import { ManualClock } from './clock.js';
import { databaseOptions } from './database.js';

const NOW = Date.UTC(2026, 4, 1, 10);
const raise = (message: string) => ({ subject: 'roof', kind: 'setpoint', severity: 'warning' as const, message });

let database: DataSource;
let alarms: AlarmService;
let clock: ManualClock;
let logged: unknown[];

beforeEach(async () => {
  database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities: [AlarmEntity] }).initialize();
  await database.runMigrations();
  clock = new ManualClock(NOW);
  alarms = new AlarmService(database.getRepository(AlarmEntity), clock);
  logged = [];
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => void logged.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await database.destroy();
});

it('an alarm of an earlier run tells the cause of now, and is one alarm still', async () => {
  await alarms.raise(raise('no answer'));
  const next = new AlarmService(database.getRepository(AlarmEntity), new ManualClock(NOW + 60_000));
  await next.load();
  await next.raise(raise('no supervisor'));
  expect(await next.newest(9)).toMatchObject([{ message: 'no supervisor', raisedAtMs: NOW, clearedAtMs: null }]);
});

it('raising and clearing are lines of the log, and to raise it again is none', async () => {
  for (const message of ['no answer', 'no answer']) await alarms.raise(raise(message));
  await alarms.clear('roof', 'setpoint');
  await alarms.clear('roof', 'setpoint');
  expect(logged).toEqual(['raised: warning roof setpoint: no answer', 'cleared: warning roof setpoint: no answer']);
});

it('a count that goes on is told anew once a minute, and another cause at once', async () => {
  const told: string[] = [];
  alarms.changes.subscribe(({ message }) => told.push(message));
  for (let second = 0; second < 125; second += 1) {
    clock.set(NOW + second * 1_000);
    await alarms.raise(raise(`${second} readings wait`));
  }
  await alarms.raise(raise('the disk is full'));
  expect(told).toEqual(['0 readings wait', '60 readings wait', '120 readings wait', 'the disk is full']);
  expect((await alarms.newest(1))[0]!.message).toBe('the disk is full');
});
