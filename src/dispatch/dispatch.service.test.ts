import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FieldControl } from '../field/field-control.port.js';
import type { Lease, LeaseOutcome } from '../field/setpoint.js';
import { AlarmEntity } from '../platform/alarm.entity.js';
import { AlarmService } from '../platform/alarm.service.js';
import { ManualClock } from '../platform/clock.js';
import { databaseOptions } from '../platform/database.js';
import type { Decision } from './decision.js';
import { DecisionLog } from './decision-log.js';
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
let unfollowing: ReadonlySet<string>;
let dispatch: DispatchService;
let clock: ManualClock;

const serviceOn = (source: DataSource): DispatchService => {
  clock = new ManualClock(NOW);
  const deciding = { decideAt: async () => ({ input: { unfollowing }, decision: await decideAt() }) } as unknown as DecisionService;
  const alarms = new AlarmService(source.getRepository(AlarmEntity), clock);
  return new DispatchService(deciding, field, source.getRepository(DispatchStateEntity), alarms, clock, new DecisionLog());
};

beforeEach(async () => {
  unfollowing = new Set();
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

it('remembers the last twenty decisions, which are all that is shown of them', async () => {
  let atMs = NOW;
  decideAt = () => Promise.resolve({ ...rest('battery'), atMs: (atMs += 1) });
  for (let cycle = 1; cycle <= 50; cycle += 1) await dispatch.runCycle();
  expect(dispatch.recent().map((decision) => decision.atMs - NOW)).toEqual(Array.from({ length: 20 }, (_, index) => 31 + index));
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

it('says what it asks for before it writes it, then what came of it', async () => {
  const heard: unknown[] = [];
  dispatch.asking.subscribe(({ leases }) => heard.push(['asking', leases.length, field.held.length]));
  dispatch.told.subscribe(({ outcomes }) => heard.push(['told', outcomes.length, field.held.length]));
  await dispatch.runCycle();
  expect(heard).toEqual([
    ['asking', 1, 0],
    ['told', 1, 1],
  ]);
});

it('asks a device once what it shows when it turns out not to follow', async () => {
  decideAt = () => Promise.resolve(rest('a'));
  const asked: (boolean | undefined)[] = [];
  dispatch.asking.subscribe(({ leases }) => asked.push(...leases.map(({ isDoubted }) => isDoubted)));
  await dispatch.runCycle();
  await dispatch.runCycle();
  unfollowing = new Set(['a']);
  await dispatch.runCycle();
  await dispatch.runCycle();
  expect(asked).toEqual([undefined, true]);
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

describe('a clock that leaps ahead', () => {
  const decided: unknown[] = [];
  beforeEach(async () => {
    decided.length = 0;
    await dispatch.runCycle();
    decideAt = () => {
      decided.push(clock.now());
      return Promise.resolve({ ...rest('other'), atMs: clock.now() });
    };
  });

  it('has devices go on with what they hold until they have been heard again', async () => {
    clock.leap(300_000);
    await dispatch.runCycle();
    clock.set(clock.now() + 4_999);
    await dispatch.runCycle();
    expect([decided, field.held.map(({ deviceId }) => deviceId)]).toEqual([[], ['battery']]);
    clock.set(clock.now() + 1);
    await dispatch.runCycle();
    expect([decided, field.held.map(({ deviceId }) => deviceId)]).toEqual([[NOW + 305_000], ['battery', 'other']]);
  });

  it('has nothing written that was decided before, and is no missed deadline', async () => {
    decideAt = () => {
      clock.leap(300_000);
      return Promise.resolve(rest('other'));
    };
    await dispatch.runCycle();
    expect([field.held.map(({ deviceId }) => deviceId), dispatch.now().mode]).toEqual([['battery'], 'running']);
    expect(await database.getRepository(AlarmEntity).find()).toEqual([]);
  });
});

describe('a loop that misses its deadlines', () => {
  /** A cycle that decides on what was true at `NOW` only when it is told to. */
  const hanging = async (): Promise<{ cycle: Promise<void>; wake: () => void }> => {
    let decided: ((decision: Decision) => void) | undefined;
    decideAt = () => new Promise((resolve) => (decided = resolve));
    const cycle = dispatch.runCycle();
    await expect.poll(() => decided).toBeDefined();
    decideAt = () => Promise.resolve({ ...rest('battery'), atMs: clock.now() });
    return { cycle, wake: () => decided!(rest('battery')) };
  };

  it('writes nothing that was decided on facts long past, and goes on with fresh ones', async () => {
    const { cycle, wake } = await hanging();
    clock.set(NOW + 6_000);
    wake();
    await cycle;
    expect(field.held).toEqual([]);
    await dispatch.runCycle();
    expect(field.held).toHaveLength(1);
  });

  it('is told by its watchdog to write nothing, and says so until it goes on', async () => {
    const { cycle, wake } = await hanging();
    dispatch.miss(NOW);
    expect(dispatch.now()).toMatchObject({ mode: 'holding', reason: expect.stringContaining('missed its deadline') as string });
    wake();
    await cycle;
    expect(field.held).toEqual([]);
    expect(dispatch.now().mode).toBe('running');
  });

  it('is released all the same while it hangs', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await dispatch.runCycle();
      decideAt = () => new Promise(() => undefined);
      void dispatch.runCycle();
      const released = dispatch.releaseAll('fire', 'anna');
      await vi.advanceTimersByTimeAsync(11_000);
      expect(await released).toMatchObject({ released: ['battery'] });
      expect(field.held).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a database that hangs', () => {
  it('holds up neither the loop nor a stop, which says what it means', async () => {
    vi.spyOn(database.getRepository(AlarmEntity), 'save').mockReturnValue(new Promise(() => undefined));
    vi.spyOn(database.getRepository(DispatchStateEntity), 'save').mockReturnValue(new Promise(() => undefined));
    field.assert = (leases) => {
      field.held = [...field.held, ...leases];
      return Promise.resolve(leases.map((lease) => ({ kind: 'refused', lease, reason: 'no' })));
    };
    await dispatch.runCycle();
    decideAt = () => Promise.resolve(rest('another'));
    await dispatch.runCycle();
    expect(field.held).toHaveLength(2);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const stop = dispatch.releaseAll('fire', 'anna').catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(16_000);
      expect(await stop).toMatchObject({ message: expect.stringMatching(/no answer in 5 s.*a restart would not know/) as string });
      expect([field.releases, dispatch.now().mode]).toEqual([1, 'released']);
    } finally {
      vi.useRealTimers();
    }
  });
});

it('counts a limit that is told ahead as bearing upon its device only once it holds it down', async () => {
  const sun = (isSlack: boolean): Decision => ({
    atMs: NOW,
    devices: [
      ...rest('battery').devices,
      {
        deviceId: 'sun',
        control: 'pv-limit',
        owner: 'connection',
        setpoint: { kind: 'pv-limit', maxW: 3_000 },
        cuts: [],
        ...(isSlack ? { isSlack } : {}),
        reason: 'export limit',
      },
    ],
  });
  const bearing = async (isSlack: boolean): Promise<string[]> => {
    decideAt = () => Promise.resolve(sun(isSlack));
    await dispatch.runCycle();
    return dispatch.bearing().map(({ deviceId }) => deviceId);
  };
  expect(await bearing(true)).toEqual(['battery']);
  expect((await bearing(false)).toSorted()).toEqual(['battery', 'sun']);
});
