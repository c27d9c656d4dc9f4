import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { BadInput } from '../kernel/errors.js';
import type { Words } from '../registers/words.js';
import { EXCEPTION } from './faults.js';
import type { RegisterTable, WriteResult } from './virtual-unit.js';

/** What answers behind the wire. An exception code is a number; `silent` leaves the client waiting. */
export interface ModbusAnswerer {
  read(unitId: number, table: RegisterTable, address: number, count: number): Words | number | 'silent';
  write(unitId: number, address: number, words: Words): WriteResult | number | 'silent';
}

/** Modbus application protocol 1.1b3, §6: most registers of one request. */
const MOST_READ = 125;
const MOST_WRITTEN = 123;
const HEADER_BYTES = 7;
/** Unit id and the longest protocol data unit. */
const LONGEST_LENGTH = 254;

/**
 * A Modbus TCP server for functions 3, 4, 6 and 16. (That of modbus-serial cannot take a free port, and spends on every request
 * what a hundred registers cost here.)
 */
export class MbapServer {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(private readonly answerer: ModbusAnswerer) {
    this.server = createServer({ noDelay: true }, (socket) => this.serve(socket));
  }

  /** Listens, and returns the port. Throws `BadInput` where the port cannot be had. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => reject(new BadInput(refusal(error, host, port))));
      this.server.listen(port, host, resolve);
    });
    this.server.removeAllListeners('error');
    // What goes wrong later concerns one connection, which is gone by then.
    this.server.on('error', () => undefined);
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(socket: Socket): void {
    let pending: Buffer = Buffer.alloc(0);
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
      while (pending.length >= HEADER_BYTES + 1) {
        const length = pending.readUInt16BE(4);
        // No Modbus: there is no telling where the next frame would begin.
        if (pending.readUInt16BE(2) !== 0 || length < 2 || length > LONGEST_LENGTH) return void socket.destroy();
        if (pending.length < 6 + length) return;
        const answer = this.answerTo(pending.subarray(0, 6 + length));
        pending = pending.subarray(6 + length);
        if (answer) socket.write(answer);
      }
    });
  }

  private answerTo(frame: Buffer): Buffer | undefined {
    const [unitId, code] = [frame[6]!, frame[7]!];
    const body = frame.subarray(8);
    const answer = this.perform(unitId, code, body);
    if (answer === 'silent') return undefined;
    const pdu = typeof answer === 'number' ? Buffer.from([code | 0x80, answer]) : answer;
    const head = Buffer.alloc(HEADER_BYTES);
    frame.copy(head, 0, 0, 4);
    head.writeUInt16BE(pdu.length + 1, 4);
    head[6] = unitId;
    return Buffer.concat([head, pdu]);
  }

  private perform(unitId: number, code: number, body: Buffer): Buffer | number | 'silent' {
    switch (code) {
      case 3:
      case 4:
        return this.performRead(unitId, code, body);
      case 6:
        return body.length === 4 ? this.performWrite(unitId, code, body, body.subarray(2)) : EXCEPTION.illegalValue;
      case 16: {
        if (body.length < 5) return EXCEPTION.illegalValue;
        const count = body.readUInt16BE(2);
        const fits = count >= 1 && count <= MOST_WRITTEN && body[4] === count * 2 && body.length === 5 + count * 2;
        return fits ? this.performWrite(unitId, code, body, body.subarray(5)) : EXCEPTION.illegalValue;
      }
      default:
        return EXCEPTION.illegalFunction;
    }
  }

  private performRead(unitId: number, code: 3 | 4, body: Buffer): Buffer | number | 'silent' {
    const count = body.length === 4 ? body.readUInt16BE(2) : 0;
    if (count < 1 || count > MOST_READ) return EXCEPTION.illegalValue;
    const words = this.answerer.read(unitId, code === 3 ? 'holding' : 'input', body.readUInt16BE(0), count);
    if (typeof words === 'number' || words === 'silent') return words;
    const pdu = Buffer.alloc(2 + count * 2);
    pdu[0] = code;
    pdu[1] = count * 2;
    for (let i = 0; i < count; i += 1) pdu.writeUInt16BE(words[i]!, 2 + i * 2);
    return pdu;
  }

  private performWrite(unitId: number, code: 6 | 16, body: Buffer, bytes: Buffer): Buffer | number | 'silent' {
    const words = Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(i * 2));
    const result = this.answerer.write(unitId, body.readUInt16BE(0), words);
    if (typeof result === 'number' || result === 'silent') return result;
    if (result === 'no-such-address') return EXCEPTION.illegalAddress;
    if (result === 'no-such-value') return EXCEPTION.illegalValue;
    return Buffer.concat([Buffer.from([code]), body.subarray(0, 4)]);
  }
}

const refusal = (error: NodeJS.ErrnoException, host: string, port: number): string => {
  if (error.code === 'EADDRINUSE')
    return `port ${port} on ${host} is taken by another program; stop that, or give the simulated site another port`;
  if (error.code === 'EACCES') return `port ${port} on ${host} is not this user's to open; take one above 1023`;
  return `cannot listen on ${host}:${port}: ${error.message}`;
};
