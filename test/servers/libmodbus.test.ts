import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModbusSerialLink } from '../../src/field/adapters/modbus-serial-link.js';
import { Bus } from '../../src/field/bus.js';
import { SunspecDriver } from '../../src/field/drivers/sunspec-driver.js';
import { type PollServer, startPollServer } from '../bench/poll-servers.js';

/** The server of `npm run bench -- poll --server libmodbus`, which the figures rest on. */
describe('libmodbus', () => {
  let server: PollServer;
  let bus: Bus;
  beforeAll(async () => {
    server = await startPollServer('libmodbus');
    bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }));
  });
  afterAll(async () => {
    await bus?.close();
    server?.stop();
  });

  it('serves the inverter of the benchmark to our reader', async () => {
    const unit = bus.unit(2);
    const driver = new SunspecDriver(unit, unit, { role: 'pv', direction: 1 });
    const told = { 'pv.powerW': 3_210, 'pv.toBusCounterWh': 12_345_678, 'pv.availableW': 3_300, 'device.limitPct': 100 };
    expect(await driver.read()).toEqual(told);
    await server.served();
    expect(await driver.read()).toEqual(told);
    const { requests, blocks } = await server.served();
    expect(requests).toBe(2);
    expect(blocks.map(([, count, times]) => [count, times])).toEqual([
      [27, 1],
      [70, 1],
    ]);
    expect(server.name).toMatch(/^libmodbus 3\./);
  });

  it('refuses what is not there, and leaves out the silent', async () => {
    await expect(bus.unit(2).read('holding', 100, 1)).rejects.toThrow('no such register');
    server.silence(1);
    await server.served();
    const silent = bus.unit(1);
    silent.timeoutMs = 100;
    await expect(silent.read('holding', 40_000, 2)).rejects.toThrow('no answer within 100 ms');
    expect(await bus.unit(2).read('holding', 40_000, 2)).toEqual([0x5375, 0x6e53]);
  });
});
