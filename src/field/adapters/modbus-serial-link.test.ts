import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdapterError } from '../../kernel/errors.js';
import { HostUnreachable, ModbusException } from '../modbus-link.port.js';
import { ScriptedServer, unitRegisters } from '../testing/scripted-server.js';
import { ModbusSerialLink } from './modbus-serial-link.js';

describe('a Modbus link', () => {
  let server: ScriptedServer;
  let link: ModbusSerialLink;

  beforeEach(async () => {
    server = await ScriptedServer.listening({ 3: unitRegisters({ 100: [11, 12, 13, 14] }, { 0: [7] }) });
    link = new ModbusSerialLink({ host: '127.0.0.1', port: server.port });
  });
  afterEach(async () => {
    await link.close();
    await server.close();
  });

  const read = (address = 100, count = 2, timeoutMs = 200) => link.read('holding', 3, address, count, timeoutMs);

  it('reads both tables of registers and writes', async () => {
    expect(await read()).toEqual([11, 12]);
    expect(await link.read('input', 3, 0, 1, 200)).toEqual([7]);
    await link.write(3, 101, [65_535, 0], 200);
    expect(await read(100, 4)).toEqual([11, 65_535, 0, 14]);
    expect(server.connections).toBe(1);
  });

  it('reads coils and discrete inputs as they were asked for', async () => {
    server.units.set(4, unitRegisters({}, {}, { coil: { 8: [1, 0, 0, 1, 0, 0, 0, 0, 1, 1] }, discrete: { 0: [0, 1] } }));
    expect(await link.read('coil', 4, 8, 10, 200)).toEqual([1, 0, 0, 1, 0, 0, 0, 0, 1, 1]);
    expect(await link.read('discrete', 4, 0, 2, 200)).toEqual([0, 1]);
    await expect(link.read('coil', 4, 17, 2, 200)).rejects.toThrow(ModbusException);
  });

  it('sets one coil by function 5 and several by function 15', async () => {
    server.units.set(4, unitRegisters({}, {}, { coil: { 8: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0] } }));
    await link.writeCoils(4, 8, [1], 200);
    await link.writeCoils(4, 9, [0, 0, 1, 1, 0, 0, 0, 0, 1], 200);
    expect(server.requests.map(({ functionCode }) => functionCode)).toEqual([5, 15]);
    expect(await link.read('coil', 4, 8, 10, 200)).toEqual([1, 0, 0, 1, 1, 0, 0, 0, 0, 1]);
    await link.writeCoils(4, 8, [0], 200);
    expect(await link.read('coil', 4, 8, 1, 200)).toEqual([0]);
    await expect(link.writeCoils(4, 17, [1, 1], 200)).rejects.toThrow(ModbusException);
  });

  it('never takes a late answer for that of a later request', async () => {
    server.script = ({ address }) => (address === 100 ? { kind: 'late', afterMs: 120 } : undefined);
    await expect(read(100, 1, 50)).rejects.toThrow('no answer within 50 ms');
    server.script = () => ({ kind: 'late', afterMs: 150 });
    expect(await read(102, 1, 1_000)).toEqual([13]);
    expect(server.connections).toBe(2);
  });

  it('ignores an answer with a foreign transaction number, and starts afresh', async () => {
    server.script = () => ({ kind: 'wrong-transaction' });
    await expect(read(100, 1, 60)).rejects.toThrow(AdapterError);
    server.script = () => undefined;
    expect(await read(101, 1)).toEqual([12]);
    expect(link.connectionChanges).toBe(3);
  });

  it('does not use an answer that is too short', async () => {
    server.script = () => ({ kind: 'short' });
    await expect(read(100, 2)).rejects.toThrow(/Data length error/);
    server.script = () => undefined;
    expect(await read(100, 2)).toEqual([11, 12]);
  });

  it('knows an exception from a failure, and keeps the connection', async () => {
    const refused: unknown = await read(500).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ModbusException);
    expect(refused).toMatchObject({ code: 2, denies: true, retryable: false });
    server.script = () => ({ kind: 'exception', code: 11 });
    await expect(read()).rejects.toMatchObject({ code: 11, denies: false, retryable: true });
    server.script = () => undefined;
    expect(await read()).toEqual([11, 12]);
    expect(server.connections).toBe(1);
  });

  it('fails at once, not after the time-out, when the connection breaks', async () => {
    server.script = () => ({ kind: 'close' });
    const beganAt = performance.now();
    await expect(read(100, 2, 20_000)).rejects.toMatchObject({ retryable: true });
    expect(performance.now() - beganAt).toBeLessThan(10_000);
    server.script = () => undefined;
    expect(await read()).toEqual([11, 12]);
  });

  it('finds the host again after it was away', async () => {
    expect(await read()).toEqual([11, 12]);
    const { port } = server;
    await server.close();
    await expect(read()).rejects.toThrow(AdapterError);
    await expect(read()).rejects.toThrow(HostUnreachable);
    await server.listen(port);
    expect(await read()).toEqual([11, 12]);
  });

  it('reads rightly after its transaction numbers have come round', async () => {
    for (let i = 0; i < 300; i += 1) expect(await read(100 + (i % 3), 1)).toEqual([11 + (i % 3)]);
  });

  it('takes one request at a time', async () => {
    const first = read();
    await expect(read()).rejects.toThrow('one request at a time');
    expect(await first).toEqual([11, 12]);
  });
});
