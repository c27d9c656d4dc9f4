import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { UnitRegisters } from './scripted-server.js';

/** The check sum of a Modbus RTU frame (Modbus over serial line 1.02, appendix B); sent low byte first. */
const crc16 = (bytes: Uint8Array): number => {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
};

const framed = (bytes: readonly number[]): Buffer => {
  const crc = crc16(Uint8Array.from(bytes));
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
};

const READ_BYTES = 8;
const DENIED = 2;

/** A serial line with units on it, as a gateway shows it over TCP: RTU frames, for function 3 alone. Units that are not there stay silent. */
export class RtuGateway {
  /** Added to each answer's delay, once. */
  lateMs = 0;
  requests = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly units: Readonly<Record<number, UnitRegisters>>,
  ) {
    server.on('connection', (socket) => this.serve(socket));
  }

  static async listening(units: Readonly<Record<number, UnitRegisters>>): Promise<RtuGateway> {
    const server = createServer({ noDelay: true });
    const gateway = new RtuGateway(server, units);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    socket.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      for (; pending.length >= READ_BYTES; pending = pending.subarray(READ_BYTES)) this.answer(socket, pending.subarray(0, READ_BYTES));
    });
  }

  private answer(socket: Socket, request: Buffer): void {
    this.requests += 1;
    const unit = this.units[request[0]!];
    // A damaged request is not answered: on a line it may have been meant for anybody.
    if (!unit || crc16(request.subarray(0, 6)) !== request.readUInt16LE(6)) return;
    const [address, count] = [request.readUInt16BE(2), request.readUInt16BE(4)];
    const words = Array.from({ length: count }, (_, index) => unit.holding.get(address + index));
    const known = words.every((word) => word !== undefined);
    const reply = known
      ? framed([request[0]!, 3, count * 2, ...words.flatMap((word) => [word >> 8, word & 0xff])])
      : framed([request[0]!, 0x83, DENIED]);
    const { lateMs } = this;
    this.lateMs = 0;
    setTimeout(() => socket.destroyed || socket.write(reply), lateMs);
  }
}
