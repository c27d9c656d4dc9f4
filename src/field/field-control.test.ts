import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../fleet/plant.js';
import { ManualClock } from '../platform/clock.js';
import { SupervisorSocket } from './adapters/supervisor-socket.js';
import { ModbusSerialLinks } from './adapters/modbus-serial-link.js';
import { ModbusFieldControl } from './field-control.js';
import { HeldControls } from './held-controls.js';
import { FieldDevices } from './field-devices.js';
import type { Lease, Setpoint } from './setpoint.js';
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

describe('leases on devices', () => {
  let server: ScriptedServer;
  let devices: FieldDevices;
  let clock: ManualClock;
  let control: ModbusFieldControl;

  const device = (unitId: number, reversion: Device['reversion'] = 'device'): Device => ({
    id: `hybrid-${unitId}`,
    siteId: 'home',
    name: '',
    role: 'hybrid',
    profile: 'sunspec',
    address: { host: '127.0.0.1', port: server.port, unitId },
    direction: 1,
    pollPeriodMs: 1_000,
    reversion,
    ratedW: 5_000,
  });
  const lease = (unitId: number, setpoint: Setpoint, forMs = 60_000): Lease => ({
    deviceId: `hybrid-${unitId}`,
    owner: 'plan',
    setpoint,
    expiresAtMs: clock.now() + forMs,
  });
  const charge: Setpoint = { kind: 'battery-power', powerW: -1_000 };
  const limit: Setpoint = { kind: 'pv-limit', maxW: 2_500 };
  const writes = () => server.requests.filter(({ functionCode }) => functionCode === 16);

  beforeEach(async () => {
    const unit = () => unitRegisters({ 40_000: sunspecRegisters(HYBRID) });
    server = await ScriptedServer.listening({ 1: unit(), 2: unit(), 3: unit() });
    devices = new FieldDevices(new ModbusSerialLinks());
    devices.open([device(1), device(2), device(3, 'none')]);
    clock = new ManualClock(NOW);
    control = new ModbusFieldControl(devices, new SupervisorSocket('nowhere'), new HeldControls(undefined, 0), clock);
  });
  afterEach(async () => {
    await devices.close();
    await server.close();
  });

  it('are not written again while the device keeps them for more than half of their time', async () => {
    await control.assert([lease(1, charge)]);
    const written = writes().length;
    const again = lease(1, charge, 70_000);
    expect(await control.assert([again])).toEqual([{ kind: 'confirmed', lease: again }]);
    expect(writes()).toHaveLength(written);
    expect(control.leases()).toEqual([again]);
    await control.assert([lease(1, charge, 150_000)]);
    expect(writes()).toHaveLength(written * 2);
    await control.assert([lease(1, { kind: 'battery-power', powerW: -900 }, 150_000)]);
    expect(writes()).toHaveLength(written * 3);
  });

  it('are written again behind a new connection: the device may have forgotten them', async () => {
    await control.assert([lease(1, charge)]);
    const written = writes().length;
    server.dropConnections();
    await control.assert([lease(2, charge)]);
    await control.assert([lease(1, charge)]);
    expect(writes().filter(({ unitId }) => unitId === 1)).toHaveLength(written * 2);
  });

  it('last whole seconds on the device, never less than was asked', async () => {
    await control.assert([lease(1, charge, 30_001)]);
    expect(writes()[0]!.words.at(-1)).toBe(31);
  });

  it('last as long as they were asked for where the clock leaps ahead', async () => {
    await control.assert([lease(1, charge)]);
    clock.leap(300_000);
    clock.set(NOW + 359_999);
    expect(control.leases()).toMatchObject([{ expiresAtMs: NOW + 360_000 }]);
    await control.assert([lease(1, charge)]);
    clock.set(NOW + 419_998);
    expect(control.leases()).toHaveLength(1);
    clock.set(NOW + 419_999);
    expect(control.leases()).toHaveLength(0);
  });

  it('are over at their expiry, and refused when they are over before they begin', async () => {
    await control.assert([lease(1, charge)]);
    clock.set(NOW + 59_999);
    expect(control.leases()).toHaveLength(1);
    clock.set(NOW + 60_000);
    expect(control.leases()).toHaveLength(0);
    expect(await control.assert([{ ...lease(1, charge), expiresAtMs: NOW }])).toMatchObject([
      { kind: 'refused', reason: 'the lease is already over' },
    ]);
  });

  it('are refused to devices that nothing would stop, and to those that do not exist', async () => {
    expect(await control.assert([lease(3, charge), lease(9, charge)])).toMatchObject([{ kind: 'refused' }, { kind: 'refused' }]);
    expect(server.requests).toEqual([]);
  });

  it('that are refused take with them what the device was told before', async () => {
    await control.assert([lease(1, charge)]);
    const timer = writes()[0]!.address;
    server.script = ({ functionCode, address, words }) =>
      functionCode === 16 && address === timer && words.at(-1) !== 0 ? { kind: 'exception', code: 3 } : undefined;
    expect(await control.assert([lease(1, { kind: 'battery-power', powerW: 500 })])).toMatchObject([{ kind: 'refused' }]);
    expect(control.leases()).toEqual([]);
    const mode = writes().findLast(({ words }) => words.length === 1)!;
    expect(mode.words).toEqual([0]);
    const before = writes().length;
    await control.releaseAll();
    expect(writes()).toHaveLength(before);
  });

  it('of two kinds stand side by side on a hybrid, and each goes by itself or all together', async () => {
    await control.assert([lease(1, limit), lease(1, charge)]);
    expect(control.leases().map(({ setpoint }) => setpoint)).toEqual([limit, charge]);
    expect(await control.release('hybrid-1', 'pv-limit')).toBe('released');
    expect(control.leases().map(({ setpoint }) => setpoint)).toEqual([charge]);
    expect(await control.releaseAll()).toEqual({ released: ['hybrid-1'], unknown: [] });
    expect(control.leases()).toHaveLength(0);
    expect(await control.releaseAll()).toEqual({ released: [], unknown: [] });
  });

  it('in doubt are held to be in force, and tried to release', async () => {
    const silent = ({ functionCode, unitId }: { functionCode: number; unitId: number }) =>
      functionCode === 16 && unitId === 2 ? ({ kind: 'silent' } as const) : undefined;
    server.script = silent;
    const outcomes = await control.assert([lease(1, charge), lease(2, charge)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['confirmed', 'unknown']);
    expect(control.leases()).toHaveLength(2);
    expect(await control.releaseAll()).toEqual({ released: ['hybrid-1'], unknown: ['hybrid-2'] });
    server.script = () => undefined;
    expect(await control.releaseAll()).toEqual({ released: ['hybrid-2'], unknown: [] });
  });
});
