import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../test/until.js';
import type { Device } from '../fleet/plant.js';
import { ManualClock } from '../platform/clock.js';
import { ModbusSerialLinks } from './adapters/modbus-serial-link.js';
import { SupervisorSocket } from './adapters/supervisor-socket.js';
import { ModbusFieldControl } from './field-control.js';
import { HeldControls } from './held-controls.js';
import { FieldDevices } from './field-devices.js';
import type { Lease } from './setpoint.js';
import { Reverter } from './supervisor/reverter.js';
import { supervisorSocket } from './supervisor/supervised-lease.js';
import { SupervisedTable } from './supervisor/supervised-table.js';
import { Supervisor } from './supervisor/supervisor.js';
import { SupervisorServer } from './supervisor/supervisor-server.js';
import { ScriptedServer, type UnitRegisters, unitRegisters } from './testing/scripted-server.js';

const [MODE, POWER] = [47_511, 47_512];
const [AUTOMATIC, CHARGING] = [1, 11];
const NOW = 1_700_000_000_000;

describe('a device that would keep a setpoint for ever', () => {
  let folder: string;
  let registers: UnitRegisters;
  let hardware: ScriptedServer;
  let devices: FieldDevices;
  let control: ModbusFieldControl;
  let supervisor: Supervisor;
  let server: SupervisorServer;

  const lease = (powerW = -2_000): Lease => ({
    deviceId: 'goodwe',
    owner: 'plan',
    setpoint: { kind: 'battery-power', powerW },
    expiresAtMs: NOW + 60_000,
  });
  const writes = () => hardware.requests.filter(({ functionCode }) => functionCode === 16);
  const startSupervisor = async (): Promise<void> => {
    const reverter = new Reverter(new ModbusSerialLinks());
    supervisor = new Supervisor(new SupervisedTable(folder), (over) => reverter.end(over), pino({ level: 'silent' }));
    server = new SupervisorServer(supervisor);
    await server.listen(supervisorSocket(folder));
  };
  const stopSupervisor = async (): Promise<void> => {
    await supervisor.stop();
    await server.close();
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    registers = unitRegisters({ [MODE]: [AUTOMATIC], [POWER]: [0] });
    hardware = await ScriptedServer.listening({ 247: registers });
    const device: Device = {
      id: 'goodwe',
      siteId: 'home',
      name: '',
      role: 'hybrid',
      profile: 'goodwe-et',
      address: { host: '127.0.0.1', port: hardware.port, unitId: 247 },
      direction: 1,
      pollPeriodMs: 2_000,
      reversion: 'supervisor',
      ratedW: 10_000,
    };
    devices = new FieldDevices(new ModbusSerialLinks());
    devices.open([device]);
    control = new ModbusFieldControl(devices, new SupervisorSocket(folder), new HeldControls(undefined, 0), new ManualClock(NOW));
    await startSupervisor();
  });
  afterEach(async () => {
    await stopSupervisor();
    await devices.close();
    await hardware.close();
    rmSync(folder, { recursive: true });
  });

  it('is commanded once the supervisor knows of it, written to once for the same setpoint, and no more thought of once released', async () => {
    const known: number[] = [];
    registers.onWrite = () => known.push(supervisor.leases().length);
    expect(await control.assert([lease()])).toEqual([{ kind: 'confirmed', lease: lease() }]);
    expect(known).toEqual([1, 1]);
    await control.assert([{ ...lease(), expiresAtMs: NOW + 150_000 }]);
    expect(writes()).toHaveLength(2);
    expect(await control.release('goodwe', 'battery-power')).toBe('released');
    expect(registers.holding.get(MODE)).toBe(AUTOMATIC);
    expect(supervisor.leases()).toEqual([]);
  });

  it('is left to whoever puts it into another mode, and thought of no more', async () => {
    const SELLING = 4;
    await control.assert([lease()]);
    registers.holding.set(MODE, SELLING);
    const before = writes().length;
    expect(await control.assert([lease(-1_000)])).toMatchObject([
      { kind: 'refused', reason: 'somebody else has put the inverter into another EMS mode' },
    ]);
    expect([writes().length, supervisor.leases(), control.leases()]).toEqual([before, [], []]);
    expect(await control.releaseAll()).toEqual({ released: [], unknown: [] });
    expect(registers.holding.get(MODE)).toBe(SELLING);
  });

  it('is handed back by the supervisor when the plant says no more of it', async () => {
    await control.assert([{ ...lease(), expiresAtMs: NOW + 300 }]);
    expect([registers.holding.get(MODE), supervisor.leases().length]).toEqual([CHARGING, 1]);
    await until(() => expect(supervisor.leases()).toEqual([]));
    expect([registers.holding.get(MODE), registers.holding.get(POWER)]).toEqual([AUTOMATIC, 0]);
  });

  it('is left to whoever has set something else since the plant died', async () => {
    await control.assert([{ ...lease(), expiresAtMs: NOW + 1_000 }]);
    registers.holding.set(POWER, 500);
    await until(() => expect(supervisor.leases()).toEqual([]));
    expect([registers.holding.get(MODE), registers.holding.get(POWER)]).toEqual([CHARGING, 500]);
  });

  it('is known to the supervisor by what it shows, but not while that is being written', async () => {
    const known: (string | undefined)[] = [];
    registers.onWrite = () => known.push(supervisor.leases()[0]?.shown);
    const shown = (powerW: number): string => `registers ${POWER} = ${powerW}, ${MODE} = ${CHARGING}`;
    await control.assert([lease(-2_000)]);
    expect(supervisor.leases()).toMatchObject([{ shown: shown(2_000) }]);
    await control.assert([{ ...lease(-2_000), expiresAtMs: NOW + 150_000 }]);
    expect(supervisor.leases()).toMatchObject([{ shown: shown(2_000) }]);
    await control.assert([lease(-1_000)]);
    expect(supervisor.leases()).toMatchObject([{ shown: shown(1_000) }]);
    expect(known).toEqual(Array(4).fill(undefined));
  });

  it('is told nothing without a supervisor', async () => {
    await stopSupervisor();
    expect(await control.assert([lease()])).toMatchObject([{ kind: 'refused', reason: expect.stringContaining('start `vpp supervise`') }]);
    expect(writes()).toEqual([]);
    expect(control.leases()).toEqual([]);
  });

  it('is handed back when the supervisor is gone', async () => {
    await control.assert([lease()]);
    expect(registers.holding.get(MODE)).toBe(CHARGING);
    await stopSupervisor();
    expect(await control.assert([lease(-1_000)])).toMatchObject([
      { kind: 'refused', reason: expect.stringContaining('handing the device back: released') },
    ]);
    expect(registers.holding.get(MODE)).toBe(AUTOMATIC);
    expect(control.leases()).toEqual([]);
  });
});
