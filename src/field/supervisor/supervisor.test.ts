import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as durableFile from '../../platform/durable-file.js';
import { ModbusSerialLinks } from '../adapters/modbus-serial-link.js';
import { SupervisorSocket } from '../adapters/supervisor-socket.js';
import { pointOf } from '../../registers/sunspec/model.js';
import { SUNSPEC_MODELS } from '../../registers/sunspec/models.js';
import { modelAddresses, type ModelValues, sunspecRegisters } from '../testing/sunspec-registers.js';
import { ScriptedServer, type UnitRegisters, unitRegisters } from '../testing/scripted-server.js';
import { Reverter } from './reverter.js';
import { type SupervisedLease, supervisorSocket } from './supervised-lease.js';
import { SupervisedTable } from './supervised-table.js';
import { Supervisor } from './supervisor.js';
import { SupervisorServer } from './supervisor-server.js';
import { until } from '../../../test/until.js';

const [MODE, POWER] = [47_511, 47_512];
const [AUTOMATIC, CHARGING] = [1, 11];
const SOON_MS = 150;
const LATER_MS = 60_000;

/** A GoodWe that was told to charge and would do so for ever. */
const charging = (): UnitRegisters => unitRegisters({ [MODE]: [CHARGING], [POWER]: [2_000] });
const modeOf = (registers: UnitRegisters): number | undefined => registers.holding.get(MODE);

describe('the supervisor', () => {
  let folder: string;
  let hardware: ScriptedServer;
  let units: UnitRegisters[];
  let supervisor: Supervisor;
  let server: SupervisorServer;
  let plant: SupervisorSocket;
  let log: string[];
  const said = (): string => log.join('');

  const start = async (): Promise<void> => {
    const reverter = new Reverter(new ModbusSerialLinks());
    supervisor = new Supervisor(
      new SupervisedTable(folder),
      (lease) => reverter.end(lease),
      pino({}, { write: (line) => void log.push(line) }),
    );
    server = new SupervisorServer(supervisor);
    await server.listen(supervisorSocket(folder));
  };
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await server.close();
  };
  const lease = (unitId: number): SupervisedLease => ({
    deviceId: `goodwe-${unitId}`,
    control: 'battery-power',
    profile: 'goodwe-et',
    address: { host: '127.0.0.1', port: hardware.port, framing: 'tcp', unitId },
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    log = [];
    units = [charging(), charging()];
    hardware = await ScriptedServer.listening({ 1: units[0]!, 2: units[1]! });
    plant = new SupervisorSocket(folder);
    await start();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await stop();
    await hardware.close();
    rmSync(folder, { recursive: true });
  });

  it('hands back what the plant says no more of, over a connection of its own that it then gives up, and nothing else', async () => {
    await plant.watch(lease(1), SOON_MS);
    await plant.watch(lease(2), LATER_MS);
    expect(hardware.connections).toBe(0);
    await until(() => expect(supervisor.leases()).toEqual([lease(2)]));
    expect(units.map(modeOf)).toEqual([AUTOMATIC, CHARGING]);
    expect(said()).toContain('handed back to the device');
    await until(() => expect(hardware.openConnections).toBe(0));
  });

  it('waits as long as the plant renews, and longer for what it has forgotten', async () => {
    for (let renewals = 0; renewals < 16; renewals += 1) {
      await plant.watch(lease(1), SOON_MS * 12);
      await new Promise((resolve) => setTimeout(resolve, SOON_MS));
    }
    expect(hardware.requests).toEqual([]);
    await plant.watch(lease(2), SOON_MS);
    await plant.forget({ deviceId: 'goodwe-2', control: 'battery-power' });
    await until(() => expect(supervisor.leases()).toEqual([]));
    expect(units.map(modeOf)).toEqual([AUTOMATIC, CHARGING]);
  });

  it('tries again until the device shows that it let go, with others handed back meanwhile', async () => {
    hardware.script = ({ unitId }) => (unitId === 1 ? { kind: 'exception', code: 11 } : undefined);
    await plant.watch(lease(1), SOON_MS);
    await plant.watch(lease(2), SOON_MS);
    await until(() => expect(units.map(modeOf)).toEqual([CHARGING, AUTOMATIC]));
    hardware.script = () => undefined;
    await until(() => expect(supervisor.leases()).toEqual([]));
    expect(units.map(modeOf)).toEqual([AUTOMATIC, AUTOMATIC]);
  });

  it('leaves the device at the limit that its site owes even then', async () => {
    const models: ModelValues[] = [
      { id: 1, values: { Mn: 'Helios', SN: 'H' } },
      { id: 121, values: { WMax: 5_000, WMax_SF: 0 } },
      { id: 123, values: { WMaxLimPct: 10, WMaxLimPct_WinTms: 0, WMaxLimPct_RvrtTms: 0, WMaxLim_Ena: 1, WMaxLimPct_SF: 0 } },
    ];
    hardware.units.set(3, unitRegisters({ 40_000: sunspecRegisters(models) }));
    await plant.watch({ ...lease(3), control: 'pv-limit', profile: 'sunspec', fallback: { kind: 'pv-limit', maxW: 2_000 } }, SOON_MS);
    await until(() => expect(supervisor.leases()).toEqual([]));
    const limit = modelAddresses(models).get(123)!;
    const registers = hardware.units.get(3)!.holding;
    const [percent, on] = ['WMaxLimPct', 'WMaxLim_Ena'].map((name) =>
      registers.get(limit + pointOf(SUNSPEC_MODELS.get(123)!, name).offset),
    );
    expect([percent, on]).toEqual([40, 1]);
  });

  it('has a lease on disk before it answers, and knows of it after it died itself', async () => {
    await plant.watch(lease(1), LATER_MS);
    expect(readFileSync(join(folder, 'supervised.json'), 'utf8')).toContain('goodwe-1');
    await stop();
    await expect(plant.watch(lease(2), LATER_MS)).rejects.toThrow('start `vpp supervise` beside the plant');
    await start();
    expect(supervisor.leases()).toEqual([lease(1)]);
    expect(modeOf(units[0]!)).toBe(CHARGING);
    await plant.watch(lease(1), SOON_MS);
    await until(() => expect(modeOf(units[0]!)).toBe(AUTOMATIC));
  });

  it('has struck off what it was about to end when it was stopped, and ends nothing more', async () => {
    await plant.watch(lease(1), SOON_MS);
    hardware.script = () => {
      stopping ??= stop();
      return undefined;
    };
    let stopping: Promise<void> | undefined;
    await until(() => expect(stopping).toBeDefined());
    await stopping;
    expect(modeOf(units[0]!)).toBe(AUTOMATIC);
    expect(readFileSync(join(folder, 'supervised.json'), 'utf8')).not.toContain('goodwe-1');
    await start();
  });

  it('writes its table when a control begins or ends, not when it is renewed', async () => {
    await plant.watch(lease(1), LATER_MS);
    rmSync(join(folder, 'supervised.json'));
    await plant.watch(lease(1), LATER_MS);
    expect(existsSync(join(folder, 'supervised.json'))).toBe(false);
  });

  it('takes nothing that is no lease', async () => {
    const odd = { ...lease(1), address: { unitId: 1 } } as unknown as SupervisedLease;
    await expect(plant.watch(odd, LATER_MS)).rejects.toThrow('does not take it: no lease');
    await expect(plant.watch(lease(1), -1)).rejects.toThrow('does not take it: no lease');
    expect(supervisor.leases()).toEqual([]);
  });

  it('takes a whole fleet’s leases at once, and writes them down together', async () => {
    const stored = vi.spyOn(durableFile, 'storeDurably');
    const fleet = Array.from({ length: 2_000 }, (_, i) => ({ ...lease(1), deviceId: `inverter-${i}` }));
    await Promise.all(fleet.map((each) => plant.watch(each, LATER_MS)));
    expect(supervisor.leases()).toHaveLength(fleet.length);
    expect(JSON.parse(readFileSync(join(folder, 'supervised.json'), 'utf8'))).toMatchObject({ leases: fleet });
    expect(stored.mock.calls.length).toBeGreaterThan(0);
    expect(stored.mock.calls.length).toBeLessThan(20);
    await Promise.all(fleet.map((each) => plant.watch(each, LATER_MS)));
    await Promise.all(fleet.map((each) => plant.forget(each)));
    expect(supervisor.leases()).toEqual([]);
  });

  it('answers for others while one device is being reverted', async () => {
    hardware.script = ({ unitId }) => (unitId === 1 ? { kind: 'silent' } : undefined);
    await plant.watch(lease(1), 1);
    await until(() => expect(hardware.requests).not.toEqual([]));
    const renewed = plant.watch(lease(1), LATER_MS);
    const settled = vi.fn<() => void>();
    void renewed.then(settled, settled);
    await plant.watch(lease(2), LATER_MS);
    expect(settled).not.toHaveBeenCalled();
    await renewed;
  });

  it('hears in the end that a lease is over, though it was away when it was told', async () => {
    await plant.watch(lease(1), LATER_MS);
    await stop();
    await expect(plant.forget({ deviceId: 'goodwe-1', control: 'battery-power' })).rejects.toThrow('no supervisor');
    await start();
    expect(supervisor.leases()).toEqual([lease(1)]);
    await until(() => expect(supervisor.leases()).toEqual([]));
    expect(hardware.requests).toEqual([]);
  });

  it('does not forget a lease that began after the one that it did not hear of', async () => {
    await stop();
    await expect(plant.forget({ deviceId: 'goodwe-1', control: 'battery-power' })).rejects.toThrow('no supervisor');
    await start();
    await plant.watch(lease(1), LATER_MS);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(supervisor.leases()).toEqual([lease(1)]);
  });

  it('says that a lease which is over cannot be struck off, and does so once it can', async () => {
    await plant.watch(lease(1), SOON_MS);
    mkdirSync(join(folder, 'supervised.json.new'));
    await until(() => expect(said()).toContain('could not be struck off the table'));
    expect([modeOf(units[0]!), supervisor.leases()]).toEqual([AUTOMATIC, [lease(1)]]);
    const before = hardware.requests.length;
    rmSync(join(folder, 'supervised.json.new'), { recursive: true });
    await until(() => expect(supervisor.leases()).toEqual([]));
    expect(hardware.requests).toHaveLength(before);
  });
});

describe('the supervisor’s table', () => {
  it('that cannot be read stops it with a line that says what to do', () => {
    const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    writeFileSync(join(folder, 'supervised.json'), '{"version":1,"leases":[{"deviceId":"x"');
    expect(() => new SupervisedTable(folder)).toThrow(/supervised\.json: is no table of leases; hand the devices it names back/);
    rmSync(folder, { recursive: true });
  });

  it('meets the plant at a path that every system can hold', () => {
    expect(() => supervisorSocket(`/tmp/${'x'.repeat(120)}`)).toThrow(/its path is too long/);
    expect(supervisorSocket('data')).toBe('data/supervisor.sock');
  });
});
