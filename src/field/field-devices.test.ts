import { afterEach, expect, it } from 'vitest';
import type { Device } from '../fleet/plant.js';
import { monotonicMs } from '../platform/clock.js';
import { ModbusSerialLinks } from './adapters/modbus-serial-link.js';
import { FieldDevices } from './field-devices.js';
import { ScriptedServer, unitRegisters } from './testing/scripted-server.js';
import { sunspecRegisters } from './testing/sunspec-registers.js';

let server: ScriptedServer | undefined;
const devices = new FieldDevices(new ModbusSerialLinks());
afterEach(async () => {
  await devices.close();
  await server?.close();
});

it('keeps the silence that the fleet file says a device needs', async () => {
  const MIN_GAP_MS = 30;
  const meter = sunspecRegisters([
    { id: 1, values: { Mn: 'Helios' } },
    { id: 203, values: { W: 5, W_SF: 0 } },
  ]);
  server = await ScriptedServer.listening({ 7: unitRegisters({ 40_000: meter }) });
  const atMs: number[] = [];
  server.script = () => {
    atMs.push(monotonicMs());
    return undefined;
  };
  const device: Device = {
    id: 'meter',
    siteId: 'home',
    name: 'meter',
    role: 'grid-meter',
    profile: 'sunspec',
    address: { host: '127.0.0.1', port: server.port, unitId: 7, minGapMs: MIN_GAP_MS },
    direction: 1,
    pollPeriodMs: 1_000,
    reversion: 'none',
    ratedW: 5_000,
  };
  devices.open([device]);
  expect(await devices.get('meter')!.driver.read()).toMatchObject({ 'grid.powerW': 5 });
  expect(atMs.length).toBeGreaterThan(3);
  expect(Math.min(...atMs.slice(1).map((at, index) => at - atMs[index]!))).toBeGreaterThanOrEqual(MIN_GAP_MS);
});
