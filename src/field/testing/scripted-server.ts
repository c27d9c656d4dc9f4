import { createServer, type Server, type Socket } from 'node:net';

/** One Modbus request as it came over the wire. */
export interface WireRequest {
  readonly transaction: number;
  readonly unitId: number;
  readonly functionCode: number;
  readonly address: number;
  readonly count: number;
  /** Registers or coils to be written; empty for reads. */
  readonly words: readonly number[];
}

/** What the server does with a request instead of serving it. */
export type Misbehaviour =
  | { readonly kind: 'silent' }
  | { readonly kind: 'close' }
  | { readonly kind: 'late'; readonly afterMs: number }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'wrong-transaction' }
  | { readonly kind: 'short' };

/** The registers of one unit; what is not in them does not exist (exception 2). */
export interface UnitRegisters {
  readonly holding: Map<number, number>;
  readonly input: Map<number, number>;
  readonly coil: Map<number, number>;
  readonly discrete: Map<number, number>;
  /** Called after a write, so that a test can be a device with a mind of its own. */
  onWrite?: (address: number, words: readonly number[]) => void;
}

export const unitRegisters = (
  holding: Record<number, readonly number[]> = {},
  input: Record<number, readonly number[]> = {},
  bits: { coil?: Record<number, readonly number[]>; discrete?: Record<number, readonly number[]> } = {},
): UnitRegisters => ({
  holding: laidOut(holding),
  input: laidOut(input),
  coil: laidOut(bits.coil ?? {}),
  discrete: laidOut(bits.discrete ?? {}),
});

const laidOut = (blocks: Record<number, readonly number[]>): Map<number, number> => {
  const registers = new Map<number, number>();
  for (const [at, words] of Object.entries(blocks)) for (const [index, word] of words.entries()) registers.set(Number(at) + index, word);
  return registers;
};

/** A Modbus TCP server for tests, whose behaviour is a script: real sockets, and every fault a device can have. */
export class ScriptedServer {
  readonly units = new Map<number, UnitRegisters>();
  readonly requests: WireRequest[] = [];
  connections = 0;
  /** Decides per request; nothing serves it. */
  script: (request: WireRequest) => Misbehaviour | undefined = () => undefined;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  static async listening(units: Readonly<Record<number, UnitRegisters>> = {}): Promise<ScriptedServer> {
    const scripted = new ScriptedServer();
    for (const [id, registers] of Object.entries(units)) scripted.units.set(Number(id), registers);
    await scripted.listen(0);
    return scripted;
  }

  get port(): number {
    const address = this.server?.address();
    if (!address || typeof address === 'string') throw new Error('the server is not listening');
    return address.port;
  }

  get openConnections(): number {
    return this.sockets.size;
  }

  async listen(port: number): Promise<void> {
    const server = createServer((socket) => this.serve(socket));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    const { server } = this;
    this.dropConnections();
    this.server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private serve(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    socket.setNoDelay();
    let received = Buffer.alloc(0);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 6 && received.length >= 6 + received.readUInt16BE(4)) {
        const frame = received.subarray(0, 6 + received.readUInt16BE(4));
        received = received.subarray(frame.length);
        this.answer(socket, frame);
      }
    });
  }

  private answer(socket: Socket, frame: Buffer): void {
    const request = requestOf(frame);
    this.requests.push(request);
    const wrong = this.script(request);
    const send = (pdu: number[], transaction = request.transaction): void => {
      if (!socket.destroyed) socket.write(framed(transaction, request.unitId, pdu));
    };
    if (!wrong) return send(this.served(request));
    switch (wrong.kind) {
      case 'silent':
        return;
      case 'close':
        socket.destroy();
        return;
      case 'late':
        setTimeout(() => send(this.served(request)), wrong.afterMs);
        return;
      case 'exception':
        return send([request.functionCode | 0x80, wrong.code]);
      case 'wrong-transaction':
        return send(this.served(request), (request.transaction + 7) & 0xffff);
      case 'short':
        return send(this.served({ ...request, count: request.count - 1 }));
    }
  }

  private served({ unitId, functionCode, address, count, words }: WireRequest): number[] {
    const unit = this.units.get(unitId);
    if (!unit) return [functionCode | 0x80, 11];
    const table = tableOf(unit, functionCode);
    for (let at = address; at < address + count; at += 1) if (!table.has(at)) return [functionCode | 0x80, 2];
    if (words.length > 0) {
      for (const [index, word] of words.entries()) table.set(address + index, word);
      unit.onWrite?.(address, words);
      const confirmed = functionCode === 5 ? words[0]! * COIL_ON : functionCode === 6 ? words[0]! : count;
      return [functionCode, address >> 8, address & 0xff, confirmed >> 8, confirmed & 0xff];
    }
    if (functionCode <= 2) return [functionCode, Math.ceil(count / 8), ...packed(table, address, count)];
    const bytes: number[] = [];
    for (let at = address; at < address + count; at += 1) bytes.push(table.get(at)! >> 8, table.get(at)! & 0xff);
    return [functionCode, bytes.length, ...bytes];
  }
}

const tableOf = (unit: UnitRegisters, functionCode: number): Map<number, number> => {
  if (functionCode === 1 || functionCode === 5 || functionCode === 15) return unit.coil;
  if (functionCode === 2) return unit.discrete;
  return functionCode === 4 ? unit.input : unit.holding;
};

/** Bits eight to a byte, the first the lowest (Modbus application protocol 1.1b3, §6.1). */
const packed = (table: Map<number, number>, address: number, count: number): number[] => {
  const bytes = new Array<number>(Math.ceil(count / 8)).fill(0);
  for (let i = 0; i < count; i += 1) bytes[i >> 3]! |= table.get(address + i)! << (i & 7);
  return bytes;
};

const requestOf = (frame: Buffer): WireRequest => {
  const functionCode = frame.readUInt8(7);
  const count = functionCode === 5 || functionCode === 6 ? 1 : frame.readUInt16BE(10);
  const words = writtenBy(frame, functionCode, count);
  return { transaction: frame.readUInt16BE(0), unitId: frame.readUInt8(6), functionCode, address: frame.readUInt16BE(8), count, words };
};

/** What stands for 1 when a single coil is set. */
const COIL_ON = 0xff00;

const writtenBy = (frame: Buffer, functionCode: number, count: number): number[] => {
  const each = (word: (index: number) => number): number[] => Array.from({ length: count }, (_, index) => word(index));
  if (functionCode === 5) return [frame.readUInt16BE(10) === COIL_ON ? 1 : 0];
  if (functionCode === 6) return [frame.readUInt16BE(10)];
  if (functionCode === 15) return each((index) => (frame.readUInt8(13 + (index >> 3)) >> (index & 7)) & 1);
  return functionCode === 16 ? each((index) => frame.readUInt16BE(13 + index * 2)) : [];
};

const framed = (transaction: number, unitId: number, pdu: readonly number[]): Buffer => {
  const frame = Buffer.from([0, 0, 0, 0, 0, 0, unitId, ...pdu]);
  frame.writeUInt16BE(transaction, 0);
  frame.writeUInt16BE(pdu.length + 1, 4);
  return frame;
};
