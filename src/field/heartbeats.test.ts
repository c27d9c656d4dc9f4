import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../fleet/plant.js';
import { ManualClock } from '../platform/clock.js';
import { pointOf } from '../registers/sunspec/model.js';
import { SUNSPEC_MODELS } from '../registers/sunspec/models.js';
import { ModbusSerialLinks } from './adapters/modbus-serial-link.js';
import { SupervisorSocket } from './adapters/supervisor-socket.js';
import { ModbusFieldControl } from './field-control.js';
import { FieldDevices } from './field-devices.js';
import { HeldControls } from './held-controls.js';
import type { Lease } from './setpoint.js';
import { ScriptedServer, type UnitRegisters, unitRegisters } from './testing/scripted-server.js';
import { modelAddresses, type ModelValues, sunspecRegisters } from './testing/sunspec-registers.js';
import { until } from '../../test/until.js';

const INVERTER: ModelValues[] = [
  { id: 1, values: { Mn: 'Helios', SN: 'H' } },
  { id: 701, values: { W: 0, W_SF: 0 } },
  { id: 702, values: { WMax: 5_000, W_SF: 0 } },
  {
    id: 704,
    values: {
      WMaxLimPctEna: 0,
      WMaxLimPct: 100,
      WMaxLimPctRvrt: 100,
      WMaxLimPctEnaRvrt: 0,
      WMaxLimPctRvrtTms: 0,
      WMaxLimPct_SF: 0,
    },
  },
  { id: 715, values: { LocRemCtl: 0, DERHb: 0, ControllerHb: 0, AlarmReset: 0, OpCtl: 1 } },
];
const NOW = 1_700_000_000_000;
const at = (name: string): number => modelAddresses(INVERTER).get(715)! + pointOf(SUNSPEC_MODELS.get(715)!, name).offset;

describe('the heartbeat of a controller', () => {
  let server: ScriptedServer;
  let registers: UnitRegisters;
  let devices: FieldDevices;
  let clock: ManualClock;
  let control: ModbusFieldControl;
  const beats = (): number[] =>
    server.requests
      .filter(({ functionCode, address }) => functionCode === 16 && address === at('ControllerHb'))
      .map(({ words }) => words[1]!);
  const lease = (): Lease => ({
    deviceId: 'roof',
    owner: 'plan',
    setpoint: { kind: 'pv-limit', maxW: 2_000 },
    expiresAtMs: clock.now() + 60_000,
  });

  beforeEach(async () => {
    registers = unitRegisters({ 40_000: sunspecRegisters(INVERTER) });
    server = await ScriptedServer.listening({ 1: registers });
    const device: Device = {
      id: 'roof',
      siteId: 'home',
      name: '',
      role: 'pv',
      profile: 'sunspec',
      address: { host: '127.0.0.1', port: server.port, unitId: 1 },
      direction: 1,
      pollPeriodMs: 1_000,
      reversion: 'device',
      ratedW: 5_000,
    };
    devices = new FieldDevices(new ModbusSerialLinks());
    devices.open([device]);
    clock = new ManualClock(NOW);
    control = new ModbusFieldControl(devices, new SupervisorSocket('nowhere'), new HeldControls(undefined, NOW), clock);
  });
  afterEach(async () => {
    control.close();
    await devices.close();
    await server.close();
  });

  it('is counted up each second while a lease is in force, whoever fails to renew it, and is no write that wears', async () => {
    expect(await control.assert([lease()])).toMatchObject([{ kind: 'confirmed' }]);
    await until(() => expect(beats().length).toBeGreaterThanOrEqual(3));
    expect(beats().slice(0, 3)).toEqual([1, 2, 3]);
    expect(control.writesLastDay()).toEqual(new Map([['roof', 1]]));
    clock.set(NOW + 61_000);
    const last = beats().length;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(beats().length).toBeLessThanOrEqual(last + 1);
  });

  it('goes on where it had stopped under a clock that ran ahead, though nothing has to be written', async () => {
    await control.assert([lease()]);
    clock.set(NOW + 61_000);
    await until(() => expect(beats().length).toBeGreaterThanOrEqual(1));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const last = beats().length;
    expect(await control.assert([lease()])).toMatchObject([{ kind: 'confirmed' }]);
    await until(() => expect(beats().length).toBeGreaterThanOrEqual(last + 2));
  });

  it('ends with a release', async () => {
    await control.assert([lease()]);
    expect(await control.release('roof', 'pv-limit')).toBe('released');
    const last = beats().length;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(beats()).toHaveLength(last);
  });

  it('is of no use where somebody on site has taken the device over', async () => {
    registers.holding.set(at('LocRemCtl'), 1);
    expect(await control.assert([lease()])).toMatchObject([
      { kind: 'refused', reason: 'somebody on site has taken the device out of remote control' },
    ]);
  });
});
