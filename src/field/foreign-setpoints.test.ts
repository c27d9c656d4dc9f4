import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../fleet/plant.js';
import { ManualClock } from '../platform/clock.js';
import { ModbusSerialLinks } from './adapters/modbus-serial-link.js';
import { SupervisorSocket } from './adapters/supervisor-socket.js';
import { sunspecControls, type SunspecControls } from './commands/sunspec-commands.js';
import { Bus } from './bus.js';
import { ModbusFieldControl } from './field-control.js';
import { FieldDevices } from './field-devices.js';
import { HeldControls } from './held-controls.js';
import type { Lease, Setpoint } from './setpoint.js';
import { walkSunspec } from './sunspec-walk.js';
import { ScriptedServer, unitRegisters } from './testing/scripted-server.js';
import { type ModelValues, sunspecRegisters } from './testing/sunspec-registers.js';

const HYBRID: ModelValues[] = [
  { id: 1, values: { Mn: 'Helios', SN: 'H' } },
  { id: 103, values: { W: 0, W_SF: 0 } },
  { id: 121, values: { WMax: 5_000, WMax_SF: 0 } },
  { id: 123, values: { WMaxLimPct: 100, WMaxLimPct_WinTms: 0, WMaxLimPct_RvrtTms: 0, WMaxLim_Ena: 0, WMaxLimPct_SF: 0 } },
  {
    id: 124,
    values: {
      WChaMax: 5_000,
      StorCtl_Mod: 0,
      OutWRte: 100,
      InWRte: 100,
      InOutWRte_WinTms: 0,
      InOutWRte_RvrtTms: 0,
      WChaMax_SF: 0,
      InOutWRte_SF: 0,
    },
  },
  { id: 160, values: { DCW_SF: 0, DCWH_SF: 0, N: 1 }, groups: { module: [{ ID: 1, IDStr: 'MPPT 1', DCW: 0, DCWH: 0 }] } },
];
const NOW = 1_700_000_000_000;
const charge = (powerW = 1_000): Setpoint => ({ kind: 'battery-power', powerW: -powerW });
const limit: Setpoint = { kind: 'pv-limit', maxW: 2_500 };
const THEIR_LIMIT: Setpoint = { kind: 'pv-limit', maxW: 3_000 };
const THEIR_POWER: Setpoint = { kind: 'battery-power', powerW: 2_000 };

/** Two masters on one inverter: ours, and somebody else's over a connection of its own. */
describe('a setpoint of somebody else', () => {
  let folder: string;
  let server: ScriptedServer;
  let devices: FieldDevices;
  let clock: ManualClock;
  let control: ModbusFieldControl;
  let theirBus: Bus;
  let theirs: SunspecControls;

  const device = (changes: Partial<Device>): Device => ({
    id: 'hybrid',
    siteId: 'home',
    name: '',
    role: 'hybrid',
    profile: 'sunspec',
    address: { host: '127.0.0.1', port: server.port, unitId: 1 },
    direction: 1,
    pollPeriodMs: 1_000,
    reversion: 'device',
    ratedW: 5_000,
    ...changes,
  });
  const lease = (setpoint: Setpoint, changes: Partial<Lease> = {}): Lease => ({
    deviceId: 'hybrid',
    owner: 'plan',
    mayWait: true,
    setpoint,
    expiresAtMs: clock.now() + 60_000,
    ...changes,
  });
  /** More than twice what the device still has of its timer: it is to be written again. */
  const longer = { expiresAtMs: NOW + 150_000 };
  const start = (changes: Partial<Device> = {}): void => {
    devices = new FieldDevices(new ModbusSerialLinks());
    devices.open([device(changes)]);
    control = new ModbusFieldControl(
      devices,
      new SupervisorSocket(folder),
      new HeldControls(join(folder, 'held.json'), clock.now()),
      clock,
    );
  };
  /** The plant dies, with its memory as it is on disk, and another starts so much later. */
  const restartAfter = async (ms: number): Promise<void> => {
    control.close();
    await devices.close();
    clock.set(clock.now() + ms);
    start();
  };
  const writes = (): number => server.requests.filter(({ functionCode }) => functionCode === 16).length;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    server = await ScriptedServer.listening({ 1: unitRegisters({ 40_000: sunspecRegisters(HYBRID) }) });
    clock = new ManualClock(NOW);
    theirBus = new Bus(new ModbusSerialLinks().link({ host: '127.0.0.1', port: server.port }));
    const unit = theirBus.unit(1);
    theirs = sunspecControls((await walkSunspec((at, count) => unit.read('holding', at, count)))!, unit);
  });
  afterEach(async () => {
    await devices.close();
    await theirBus.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('that stands before our first command is left as it is, and our releases leave it too', async () => {
    start();
    await theirs.command(THEIR_POWER, 600);
    const before = writes();
    expect(await control.assert([lease(charge())])).toEqual([
      { kind: 'yielded', lease: lease(charge()), shows: 'a battery bound to at most 40 % out and at most -40 % in' },
    ]);
    expect(control.leases()).toEqual([]);
    expect(await control.releaseAll()).toEqual({ released: [], unknown: [] });
    expect(writes()).toBe(before);
    await theirs.release();
    expect(await control.assert([lease(charge())])).toMatchObject([{ kind: 'confirmed' }]);
  });

  it('in the place of ours is noticed when ours is to be renewed, and is not lifted with ours', async () => {
    start();
    await control.assert([lease(limit), lease(charge())]);
    await theirs.command(THEIR_LIMIT, 600);
    expect(await control.assert([lease(limit, longer), lease(charge(), longer)])).toMatchObject([
      { kind: 'yielded', shows: 'a limit of 60 %' },
      { kind: 'confirmed' },
    ]);
    expect(await control.releaseAll()).toEqual({ released: ['hybrid'], unknown: [] });
    expect([await theirs.shows('pv-limit'), await theirs.shows('battery-power')]).toEqual(['a limit of 60 %', undefined]);
  });

  it('in the place of ours is noticed at once where the device turns out to do something else', async () => {
    start();
    await control.assert([lease(charge())]);
    await theirs.command(THEIR_POWER, 600);
    expect(await control.assert([lease(charge())])).toMatchObject([{ kind: 'confirmed' }]);
    expect(await control.assert([lease(charge(), { isDoubted: true })])).toMatchObject([{ kind: 'yielded' }]);
    expect(control.leases()).toEqual([]);
  });

  it('that comes after ours is not lifted when we let go, though nobody looked in between', async () => {
    start();
    await control.assert([lease(limit)]);
    await theirs.command(THEIR_LIMIT, 600);
    expect(await control.release('hybrid', 'pv-limit')).toBe('released');
    expect(await theirs.shows('pv-limit')).toBe('a limit of 60 %');
  });

  it('is overwritten where the fleet file insists, but never a limit on sun', async () => {
    start({ foreignSetpoints: 'insist' });
    await theirs.command(THEIR_POWER, 600);
    await theirs.command(THEIR_LIMIT, 600);
    expect(await control.assert([lease(charge()), lease(limit)])).toMatchObject([
      { kind: 'confirmed', overwrote: 'a battery bound to at most 40 % out and at most -40 % in' },
      { kind: 'yielded', shows: 'a limit of 60 %' },
    ]);
    expect(await control.assert([lease(charge(), longer)])).toEqual([{ kind: 'confirmed', lease: lease(charge(), longer) }]);
  });

  it('that binds nothing is none', async () => {
    start();
    await theirs.command({ kind: 'pv-limit', maxW: 5_000 }, 600);
    expect(await control.assert([lease(limit)])).toMatchObject([{ kind: 'confirmed' }]);
  });

  it('is told from what this plant set before it died, for as long as that can last', async () => {
    start();
    await control.assert([lease(charge())]);
    await restartAfter(30_000);
    expect(await control.assert([lease(charge(500))])).toEqual([{ kind: 'confirmed', lease: lease(charge(500)) }]);
    await restartAfter(3_600_000);
    expect(await control.assert([lease(charge())])).toMatchObject([{ kind: 'yielded' }]);
  });

  it('is told from what this plant had set only just before it was killed', async () => {
    start();
    await control.assert([lease(charge())]);
    await restartAfter(0);
    expect(await control.assert([lease(charge(500))])).toMatchObject([{ kind: 'confirmed' }]);
    const asKilled = join(folder, 'as-killed');
    mkdirSync(asKilled);
    for (const file of ['held.json', 'held.json.writing']) copyFileSync(join(folder, file), join(asKilled, file));
    const held = new HeldControls(join(asKilled, 'held.json'), NOW);
    const shows = (await theirs.shows('battery-power'))!;
    expect(held.isInherited('hybrid', 'battery-power', shows, NOW)).toBe(true);
    expect(held.isInherited('hybrid', 'pv-limit', 'a limit of 60 %', NOW)).toBe(false);
  });

  it('that came while this plant was dead is left, and goes on being left', async () => {
    start();
    await control.assert([lease(limit)]);
    await restartAfter(30_000);
    await theirs.command(THEIR_LIMIT, 600);
    const asked = () => lease(limit, { expiresAtMs: clock.now() + 60_000 });
    expect(await control.assert([asked()])).toMatchObject([{ kind: 'yielded', shows: 'a limit of 60 %' }]);
    expect(await control.assert([asked()])).toMatchObject([{ kind: 'yielded', shows: 'a limit of 60 %' }]);
    expect(await control.releaseAll()).toEqual({ released: [], unknown: [] });
    expect(await theirs.shows('pv-limit')).toBe('a limit of 60 %');
  });

  it('that comes soon after a restart is left, and goes on being left', async () => {
    start();
    await control.assert([lease(limit)]);
    await restartAfter(20_000);
    expect(await control.assert([lease(limit)])).toMatchObject([{ kind: 'confirmed' }]);
    await theirs.command(THEIR_LIMIT, 600);
    expect(await control.assert([lease(limit, longer)])).toMatchObject([{ kind: 'yielded' }]);
    expect(await control.assert([lease(limit, longer)])).toMatchObject([{ kind: 'yielded' }]);
  });

  it('is not taken for ours after we have let go and stopped', async () => {
    start();
    await control.assert([lease(limit, { fallback: { kind: 'pv-limit', maxW: 3_000 } })]);
    expect(await control.releaseAll()).toEqual({ released: ['hybrid'], unknown: [] });
    await restartAfter(0);
    await theirs.command(limit, 600);
    expect(await control.assert([lease(limit)])).toMatchObject([{ kind: 'yielded' }]);
  });

  it('is not what the plant before us left behind: that is handed back by the first release of all', async () => {
    start();
    await control.assert([lease(charge())]);
    await restartAfter(20_000);
    expect(await theirs.shows('battery-power')).toBeDefined();
    expect(await control.releaseAll()).toEqual({ released: ['hybrid'], unknown: [] });
    expect(await theirs.shows('battery-power')).toBeUndefined();
  });

  it('makes a device that cannot be read one that is not written', async () => {
    start();
    await control.assert([lease(charge())]);
    const before = writes();
    server.script = ({ functionCode }) => (functionCode === 3 ? { kind: 'exception', code: 4 } : undefined);
    expect(await control.assert([lease(charge(500))])).toMatchObject([
      { kind: 'unknown', reason: expect.stringContaining('what it does now cannot be read') },
    ]);
    expect(writes()).toBe(before);
    expect(control.leases()).toEqual([lease(charge())]);
  });

  it('comes up as nothing where the memory of before is broken', () => {
    start();
    writeFileSync(join(folder, 'held.json'), 'half a fi');
    expect(new HeldControls(join(folder, 'held.json'), NOW).isInherited('hybrid', 'pv-limit', 'a limit of 50 %', NOW)).toBe(false);
  });

  describe('aside, a budget of writes', () => {
    it('puts off what the plan changes, and nothing else', async () => {
      start({ writesPerDay: 48 });
      const kinds = async (asked: Lease): Promise<string> => (await control.assert([asked]))[0]!.kind;
      expect([await kinds(lease(charge(1_000))), await kinds(lease(charge(2_000))), await kinds(lease(charge(3_000)))]).toEqual([
        'confirmed',
        'confirmed',
        'deferred',
      ]);
      expect(control.leases()).toEqual([lease(charge(2_000))]);
      expect(await kinds(lease(charge(1_500), { mayWait: undefined }))).toBe('confirmed');
      // The device's timer must be kept alive: that writes all the same, and then what is wanted now.
      expect(await kinds(lease(charge(3_000), longer))).toBe('confirmed');
      expect(control.writesLastDay()).toEqual(new Map([['hybrid', 4]]));
    });
  });
});
