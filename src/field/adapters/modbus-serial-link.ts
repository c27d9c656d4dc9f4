import { Injectable } from '@nestjs/common';
import modbusSerial from 'modbus-serial';
import { createConnection, type Socket } from 'node:net';
import { AdapterError, messageOf } from '../../kernel/errors.js';
import type { DurationMs } from '../../kernel/units.js';
import type { Words } from '../../registers/words.js';
import { HostUnreachable, ModbusException, ModbusLink, ModbusLinks, type RegisterTable } from '../modbus-link.port.js';

// The package's types speak of an ES default export, its code of `module.exports`.
const ModbusRTU = modbusSerial as unknown as typeof modbusSerial.default;
type ModbusClient = InstanceType<typeof ModbusRTU>;

type Answered<T> = (error: (Error & { modbusCode?: number; errno?: unknown }) | null, answer: T) => void;

interface Connection {
  readonly socket: Socket;
  readonly client: ModbusClient;
}

/**
 * Modbus TCP by `modbus-serial`. After a time-out, or an answer that does not fit the request, the connection is dropped:
 * transaction numbers come round after 256 requests, and a late answer must never be taken for a later request's.
 */
export class ModbusSerialLink extends ModbusLink {
  private connection: Connection | undefined;
  private inFlight: ((error: AdapterError) => void) | undefined;
  private busy = false;
  private closed = false;
  private changes = 0;

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {
    super();
  }

  get connectionChanges(): number {
    return this.changes;
  }

  async read(table: RegisterTable, unitId: number, address: number, count: number, timeoutMs: DurationMs): Promise<Words> {
    if (table === 'coil' || table === 'discrete') return this.readBits(table, unitId, address, count, timeoutMs);
    const answer = await this.exchange<{ data: number[] }>(unitId, timeoutMs, (client, answered) => {
      if (table === 'holding') client.writeFC3(unitId, address, count, answered);
      else client.writeFC4(unitId, address, count, answered);
    });
    return answer.data;
  }

  /** Bits come eight to a byte: what fills up the last one was not asked for. */
  private async readBits(
    table: 'coil' | 'discrete',
    unitId: number,
    address: number,
    count: number,
    timeoutMs: DurationMs,
  ): Promise<Words> {
    const answer = await this.exchange<{ data: boolean[] }>(unitId, timeoutMs, (client, answered) => {
      if (table === 'coil') client.writeFC1(unitId, address, count, answered);
      else client.writeFC2(unitId, address, count, answered);
    });
    return answer.data.slice(0, count).map(Number);
  }

  async write(unitId: number, address: number, words: readonly number[], timeoutMs: DurationMs): Promise<void> {
    const answer = await this.exchange<{ address: number; length: number }>(unitId, timeoutMs, (client, answered) =>
      client.writeFC16(unitId, address, [...words], answered),
    );
    if (answer.address === address && answer.length === words.length) return;
    this.drop();
    throw new AdapterError(`${this.nameOf(unitId)} confirmed a write that was not asked for`, true);
  }

  async close(): Promise<void> {
    this.closed = true;
    const socket = this.connection?.socket;
    this.connection = undefined;
    this.inFlight?.(this.closedError());
    if (!socket || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.destroy();
    });
  }

  private async exchange<T>(
    unitId: number,
    timeoutMs: DurationMs,
    send: (client: ModbusClient, answered: Answered<T>) => void,
  ): Promise<T> {
    if (this.busy) throw new Error(`${this.nameOf(unitId)}: one request at a time`);
    if (this.closed) throw this.closedError();
    this.busy = true;
    try {
      const { client } = this.connection ?? (await this.connect(timeoutMs));
      return await new Promise<T>((resolve, reject) => {
        this.inFlight = reject;
        client.setTimeout(timeoutMs);
        send(client, (error, answer) => {
          if (this.inFlight !== reject) return;
          if (error) reject(this.faultOf(error, unitId, timeoutMs));
          else resolve(answer);
        });
      });
    } finally {
      this.inFlight = undefined;
      this.busy = false;
    }
  }

  private faultOf(error: Error & { modbusCode?: number; errno?: unknown }, unitId: number, timeoutMs: DurationMs): AdapterError {
    if (error.modbusCode !== undefined) return new ModbusException(error.modbusCode, this.nameOf(unitId));
    this.drop();
    const timedOut = error.errno === 'ETIMEDOUT';
    return new AdapterError(`${this.nameOf(unitId)}: ${timedOut ? `no answer within ${timeoutMs} ms` : messageOf(error)}`, true);
  }

  private async connect(timeoutMs: DurationMs): Promise<Connection> {
    const socket = createConnection({ host: this.host, port: this.port, noDelay: true, keepAlive: true });
    await this.connected(socket, timeoutMs);
    const client = new ModbusRTU();
    const connection = { socket, client };
    socket.on('error', (error) => this.lost(connection, messageOf(error)));
    socket.on('close', () => this.lost(connection, 'the connection was closed'));
    client.on('error', () => undefined);
    await client.linkTCP(socket, { port: this.port });
    if (this.closed) {
      socket.destroy();
      throw this.closedError();
    }
    this.connection = connection;
    this.changes += 1;
    return connection;
  }

  private connected(socket: Socket, timeoutMs: DurationMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(new HostUnreachable(this.host, this.port, why));
      };
      const timer = setTimeout(() => fail(`no connection within ${timeoutMs} ms`), timeoutMs);
      const failed = (error: Error & { code?: string }): void => fail(error.code ?? messageOf(error));
      socket.once('error', failed);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', failed);
        resolve();
      });
    });
  }

  private lost(connection: Connection, why: string): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    this.changes += 1;
    connection.socket.destroy();
    this.inFlight?.(new AdapterError(`${this.host}:${this.port}: ${why}`, true));
  }

  private drop(): void {
    const socket = this.connection?.socket;
    if (socket) this.changes += 1;
    this.connection = undefined;
    socket?.destroy();
  }

  private closedError(): AdapterError {
    return new AdapterError(`the connection to ${this.host}:${this.port} was closed`, false);
  }

  private nameOf(unitId: number): string {
    return `${this.host}:${this.port} unit ${unitId}`;
  }
}

@Injectable()
export class ModbusSerialLinks extends ModbusLinks {
  link(host: string, port: number): ModbusLink {
    return new ModbusSerialLink(host, port);
  }
}
