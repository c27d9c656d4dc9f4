import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monotonicMs } from '../platform/clock.js';
import { ModbusSerialLink } from './adapters/modbus-serial-link.js';
import { Bus, type BusUnit, TCP_TIMING } from './bus.js';
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
    expect(performance.now() - beganAt).toBeLessThan(5_000);
  });

  describe('with a unit that needs a rest', () => {
    const REST_MS = 80;
    let slow: BusUnit;
    let askedAtMs: { unitId: number; atMs: number }[];
    beforeEach(() => {
      slow = bus.unit(1);
      slow.minGapMs = REST_MS;
      askedAtMs = [];
      server.script = ({ unitId }) => {
        askedAtMs.push({ unitId, atMs: monotonicMs() });
        return undefined;
      };
    });
    const times = (): number[] => askedAtMs.filter(({ unitId }) => unitId === 1).map(({ atMs }) => atMs);

    it('lets it rest, and goes on with the others meanwhile', async () => {
      const reads = [slow, slow, slow, ...Array.from({ length: 6 }, () => bus.unit(2))].map((unit) => unit.read('holding', 0, 1));
      await Promise.all(reads);
      expect(askedAtMs.map(({ unitId }) => unitId)).toEqual([1, 2, 2, 2, 2, 2, 2, 1, 1]);
      const [first, second, third] = times() as [number, number, number];
      expect(second - first).toBeGreaterThanOrEqual(REST_MS);
      expect(third - second).toBeGreaterThanOrEqual(REST_MS);
    });

    it('counts the rest from its answer, not from the request', async () => {
      const { script } = server;
      server.script = (request) => script(request) ?? { kind: 'late', afterMs: 60 };
      await Promise.all([slow.read('holding', 0, 1), slow.read('holding', 0, 1)]);
      const [first, second] = times() as [number, number];
      expect(second - first).toBeGreaterThanOrEqual(60 + REST_MS);
    });

    it('does not sleep over one that begins to ask while it waits', async () => {
      await slow.read('holding', 0, 1);
      const resting = slow.read('holding', 0, 1);
      await bus.unit(2).read('holding', 0, 1);
      expect(askedAtMs.map(({ unitId }) => unitId)).toEqual([1, 2]);
      await resting;
    });

    it('lets commands wait for the rest of their own unit alone', async () => {
      const control = bus.unit(1, 'control');
      control.minGapMs = REST_MS;
      await slow.read('holding', 0, 1);
      await Promise.all([control.write(0, [5]), slow.read('holding', 0, 1), bus.unit(2).read('holding', 0, 1)]);
      expect(server.requests.map(({ unitId, functionCode }) => [unitId, functionCode])).toEqual([
        [1, 3],
        [2, 3],
        [1, 16],
        [1, 3],
      ]);
      const [, second, third] = times() as [number, number, number];
      expect(third - second).toBeGreaterThanOrEqual(REST_MS);
    });

    it('does not wait for it when it is closed', async () => {
      slow.minGapMs = 60_000;
      await slow.read('holding', 0, 1);
      const outcomes = Promise.allSettled([slow.read('holding', 0, 1)]);
      await bus.close();
      expect(await outcomes).toMatchObject([{ status: 'rejected' }]);
    });
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
