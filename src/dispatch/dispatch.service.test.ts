import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FieldControl } from '../field/field-control.port.js';
import type { Lease, LeaseOutcome } from '../field/setpoint.js';
import { AlarmEntity } from '../platform/alarm.entity.js';
import { AlarmService } from '../platform/alarm.service.js';
import { ManualClock } from '../platform/clock.js';
import { databaseOptions } from '../platform/database.js';
import type { Decision } from './decision.js';
import type { DecisionService } from './decision.service.js';
import { DispatchService } from './dispatch.service.js';
import { DispatchStateEntity } from './dispatch-state.entity.js';

const NOW = Date.UTC(2026, 5, 1, 12);

/** Devices that do what they are told. */
class Obedient extends FieldControl {
  held: Lease[] = [];
  releases = 0;

  assert(leases: readonly Lease[]): Promise<LeaseOutcome[]> {
    this.held = [...this.held, ...leases];
    return Promise.resolve(leases.map((lease) => ({ kind: 'confirmed', lease })));
  }

  release(deviceId: string): Promise<'released'> {
    this.held = this.held.filter((lease) => lease.deviceId !== deviceId);
    return Promise.resolve('released');
  }

  releaseAll(): Promise<{ released: string[]; unknown: string[] }> {
    this.releases += 1;
    const released = this.held.map(({ deviceId }) => deviceId);
    this.held = [];
    return Promise.resolve({ released, unknown: [] });
  }

  leases(): readonly Lease[] {
    return this.held;
  }

  writesLastDay(): ReadonlyMap<string, number> {
    return new Map();
  }
}

const rest = (deviceId: string): Decision => ({
  atMs: NOW,
  devices: [
    { deviceId, control: 'battery-power', owner: 'plan', setpoint: { kind: 'battery-power', powerW: 0 }, cuts: [], reason: 'to rest' },
  ],
});

let database: DataSource;
let field: Obedient;
let decideAt: () => Promise<Decision>;
let dispatch: DispatchService;

const serviceOn = (source: DataSource): DispatchService => {
  const clock = new ManualClock(NOW);
  const deciding = { decideAt: () => decideAt() } as unknown as DecisionService;
  const alarms = new AlarmService(source.getRepository(AlarmEntity), clock);
  return new DispatchService(deciding, field, source.getRepository(DispatchStateEntity), alarms, clock);
};

beforeEach(async () => {
  const options = databaseOptions({ kind: 'sqlite', file: ':memory:' });
  database = await new DataSource({ ...options, entities: [AlarmEntity, DispatchStateEntity] }).initialize();
  await database.runMigrations();
  field = new Obedient();
  decideAt = () => Promise.resolve(rest('battery'));
  dispatch = serviceOn(database);
});
afterEach(() => (database.isInitialized ? database.destroy() : undefined));

it('hands every device back, stays so over a restart, and goes on when told to', async () => {
  await dispatch.runCycle();
  expect(await dispatch.releaseAll('fire', 'anna')).toEqual({ released: ['battery'], unknown: [] });
  await dispatch.runCycle();
  expect(field.held).toEqual([]);

  const restarted = serviceOn(database);
  await restarted.load();
  await restarted.runCycle();
  expect(restarted.now()).toMatchObject({ mode: 'released', reason: 'fire (anna)', leases: 0 });
  await restarted.resume('fire is out', 'anna');
  await restarted.runCycle();
  expect(restarted.now()).toMatchObject({ mode: 'running', leases: 1 });
});

it('hands every device back also where the database is gone, and says what that means', async () => {
  await dispatch.runCycle();
  await database.destroy();
  await expect(dispatch.releaseAll('fire', 'anna')).rejects.toThrow(/handed back and dispatch holds, but a restart/);
  expect(field).toMatchObject({ held: [], releases: 1 });
  await dispatch.runCycle();
  expect(field.held).toEqual([]);
  await expect(dispatch.resume('fire is out', 'anna')).rejects.toThrow(/stays as it was/);
  expect(dispatch.now().mode).toBe('released');
});

it('hands back what a cycle under way still writes, and writes nothing after that', async () => {
  let decided: ((decision: Decision) => void) | undefined;
  decideAt = () => new Promise((resolve) => (decided = resolve));
  const cycle = dispatch.runCycle();
  await expect.poll(() => decided).toBeDefined();
  const released = dispatch.releaseAll('fire', 'anna');
  decided!(rest('battery'));
  await Promise.all([cycle, released]);
  expect(field.held).toEqual([]);
});

it('writes nothing once it is closed', async () => {
  dispatch.close();
  await dispatch.runCycle();
  expect(field.held).toEqual([]);
});

it('hands back what it holds at a broken invariant', async () => {
  await dispatch.runCycle();
  expect(field.held).toHaveLength(1);
  decideAt = () => Promise.reject(new Error('two plans at once'));
  await dispatch.runCycle();
  expect(field).toMatchObject({ held: [], releases: 1 });
});

it('holds at a broken invariant, with the database gone as well, and goes on when an operator says so', async () => {
  decideAt = () => Promise.reject(new Error('two plans at once'));
  await dispatch.runCycle();
  expect(dispatch.now()).toMatchObject({ mode: 'holding', reason: 'two plans at once' });
  decideAt = () => Promise.resolve(rest('battery'));
  await dispatch.runCycle();
  expect(field.held).toEqual([]);
  await dispatch.resume('mended', 'anna');
  await dispatch.runCycle();
  expect(field.held).toHaveLength(1);

  await database.destroy();
  decideAt = () => Promise.reject(new Error('two plans at once'));
  await dispatch.runCycle();
  expect(dispatch.now().mode).toBe('holding');
});
