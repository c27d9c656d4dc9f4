import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModbusSerialLink } from './adapters/modbus-serial-link.js';
import { Bus, TCP_TIMING } from './bus.js';
import { ScriptedServer, unitRegisters } from './testing/scripted-server.js';

describe('a bus', () => {
  let server: ScriptedServer;
  let bus: Bus;

  beforeEach(async () => {
    server = await ScriptedServer.listening({
      1: unitRegisters({ 0: [101] }),
      2: unitRegisters({ 0: [102] }),
      3: unitRegisters({ 0: [103] }),
    });
    bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }), { ...TCP_TIMING, timeoutMs: 100 });
  });
  afterEach(async () => {
    await bus.close();
    await server.close();
  });

  it('gives each unit its own answer when all are asked at once', async () => {
    const asked = Array.from({ length: 60 }, (_, i) => (i % 3) + 1);
    const answers = await Promise.all(asked.map(async (unitId) => (await bus.unit(unitId).read('holding', 0, 1))[0]));
    expect(answers).toEqual(asked.map((unitId) => 100 + unitId));
    expect(server.connections).toBe(1);
  });

  it('lets a command pass the polls that wait', async () => {
    const polls = Array.from({ length: 5 }, () => bus.unit(1).read('holding', 0, 1));
    await bus.unit(2).write(0, [9]);
    await Promise.all(polls);
    expect(server.requests.findIndex(({ unitId }) => unitId === 2)).toBe(1);
  });

  it('goes on after a unit that does not answer', async () => {
    server.script = ({ unitId }) => (unitId === 2 ? { kind: 'silent' } : undefined);
    const outcomes = await Promise.allSettled([1, 2, 3].map((unitId) => bus.unit(unitId).read('holding', 0, 1)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('tells all that wait at once when the host is away', async () => {
    await server.close();
    const beganAt = performance.now();
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => bus.unit(i).read('holding', 0, 1)));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(performance.now() - beganAt).toBeLessThan(1_000);
  });

  it('fails what waits when it is closed', async () => {
    server.script = () => ({ kind: 'silent' });
    const waiting = [1, 2, 3].map((unitId) => bus.unit(unitId).read('holding', 0, 1));
    const outcomes = Promise.allSettled(waiting);
    await bus.close();
    expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true);
    await expect(bus.unit(1).read('holding', 0, 1)).rejects.toThrow('closed');
  });
});
