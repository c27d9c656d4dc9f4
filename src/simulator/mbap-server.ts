import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { BadInput } from '../kernel/errors.js';
import type { Words } from '../registers/words.js';
import { EXCEPTION } from './faults.js';
import { MbapFrames, withPdu } from './mbap-frames.js';
import type { RegisterTable, WriteResult } from './virtual-unit.js';

/** What answers behind the wire. An exception code is a number; `silent` leaves the client waiting. */
export interface ModbusAnswerer {
  read(unitId: number, table: RegisterTable, address: number, count: number): Words | number | 'silent';
  write(unitId: number, address: number, words: Words): WriteResult | number | 'silent';
}

/** Modbus application protocol 1.1b3, §6: most registers of one request. */
const MOST_READ = 125;
const MOST_WRITTEN = 123;
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
    const frames = new MbapFrames();
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      const whole = frames.add(data);
      if (!whole) return void socket.destroy();
      for (const frame of whole) {
        const answer = this.answerTo(frame);
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
    return withPdu(frame, pdu);
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
