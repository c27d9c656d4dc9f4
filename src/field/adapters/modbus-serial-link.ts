import { Injectable } from '@nestjs/common';
import modbusSerial from 'modbus-serial';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { busName, isSerial, type ModbusBus, type SerialBus, type TcpBus } from '../../fleet/plant.js';
import { AdapterError, messageOf } from '../../kernel/errors.js';
import type { DurationMs } from '../../kernel/units.js';
import { monotonicMs } from '../../platform/clock.js';
import type { Words } from '../../registers/words.js';
import { HostUnreachable, ModbusException, ModbusLink, ModbusLinks, type RegisterTable } from '../modbus-link.port.js';

// The package's types speak of an ES default export, its code of `module.exports`.
const ModbusRTU = modbusSerial as unknown as typeof modbusSerial.default;
type ModbusClient = InstanceType<typeof ModbusRTU>;

type Answered<T> = (error: (Error & { modbusCode?: number; errno?: unknown }) | null, answer: T) => void;

interface Connection {
  readonly client: ModbusClient;
  /** Ends it; resolves once it is gone. */
  end(): Promise<void>;
}

/**
 * Modbus TCP, RTU over TCP and RTU on a serial line, by `modbus-serial`. After a time-out, or an answer that does not fit the
 * request, the connection is dropped: transaction numbers come round after 256 requests, and a late answer must never be taken
 * for a later request's. RTU has no such numbers, and a line cannot be dropped: there the next request waits until a late
 * answer would have come.
 */
export class ModbusSerialLink extends ModbusLink {
  private connection: Connection | undefined;
  private inFlight: ((error: AdapterError) => void) | undefined;
  private busy = false;
  private closed = false;
  private changes = 0;
  /** On the monotonic clock. */
  private quietUntilMs = 0;

  constructor(private readonly bus: ModbusBus) {
    super();
  }

  get connectionChanges(): number {
    return this.changes;
  }

  read(table: RegisterTable, unitId: number, address: number, count: number, timeoutMs: DurationMs): Promise<Words> {
    if (table === 'coil' || table === 'discrete') return this.readBits(table, unitId, address, count, timeoutMs);
    const send = (client: ModbusClient, answered: Answered<{ data: number[] }>): void => {
      if (table === 'holding') client.writeFC3(unitId, address, count, answered);
      else client.writeFC4(unitId, address, count, answered);
    };
    return this.exchange(unitId, timeoutMs, send, dataOf);
  }

  /** Bits come eight to a byte: what fills up the last one was not asked for. */
  private readBits(table: 'coil' | 'discrete', unitId: number, address: number, count: number, timeoutMs: DurationMs): Promise<Words> {
    const send = (client: ModbusClient, answered: Answered<{ data: boolean[] }>): void => {
      if (table === 'coil') client.writeFC1(unitId, address, count, answered);
      else client.writeFC2(unitId, address, count, answered);
    };
    return this.exchange(unitId, timeoutMs, send, ({ data }) => data.slice(0, count).map(Number));
  }

  async write(unitId: number, address: number, words: readonly number[], timeoutMs: DurationMs): Promise<void> {
    const send = (client: ModbusClient, answered: Answered<{ address: number; length: number }>): void =>
      client.writeFC16(unitId, address, [...words], answered);
    const answer = await this.exchange(unitId, timeoutMs, send, asItIs);
    this.expectConfirmed(unitId, answer.address === address && answer.length === words.length);
  }

  async writeSingle(unitId: number, address: number, word: number, timeoutMs: DurationMs): Promise<void> {
    const send = (client: ModbusClient, answered: Answered<{ address: number; value: number }>): void =>
      client.writeFC6(unitId, address, word, answered);
    const answer = await this.exchange(unitId, timeoutMs, send, asItIs);
    this.expectConfirmed(unitId, answer.address === address && answer.value === word);
  }

  async writeCoils(unitId: number, address: number, bits: readonly number[], timeoutMs: DurationMs): Promise<void> {
    const states = bits.map(Boolean);
    const [first, ...others] = states;
    if (first !== undefined && others.length === 0) {
      const sendOne = (client: ModbusClient, answered: Answered<{ address: number; state: boolean }>): void =>
        client.writeFC5(unitId, address, first, answered);
      const answer = await this.exchange(unitId, timeoutMs, sendOne, asItIs);
      return this.expectConfirmed(unitId, answer.address === address && answer.state === first);
    }
    const send = (client: ModbusClient, answered: Answered<{ address: number; length: number }>): void =>
      client.writeFC15(unitId, address, states, answered);
    const answer = await this.exchange(unitId, timeoutMs, send, asItIs);
    this.expectConfirmed(unitId, answer.address === address && answer.length === states.length);
  }

  private expectConfirmed(unitId: number, isConfirmed: boolean): void {
    if (isConfirmed) return;
    this.drop();
    throw new AdapterError(`${this.nameOf(unitId)} confirmed a write that was not asked for`, true);
  }

  async close(): Promise<void> {
    this.closed = true;
    const { connection } = this;
    this.connection = undefined;
    this.inFlight?.(this.closedError());
    await connection?.end();
  }

  private async exchange<Answer, T>(
    unitId: number,
    timeoutMs: DurationMs,
    send: (client: ModbusClient, answered: Answered<Answer>) => void,
    take: (answer: Answer) => T,
  ): Promise<T> {
    if (this.busy) throw new Error(`${this.nameOf(unitId)}: one request at a time`);
    if (this.closed) throw this.closedError();
    this.busy = true;
    try {
      const { client } = this.connection ?? (await this.connect(timeoutMs));
      if (this.quietUntilMs > 0) await this.untilQuiet();
      return await new Promise<T>((resolve, reject) => {
        this.inFlight = reject;
        client.setTimeout(timeoutMs);
        send(client, (error, answer) => {
          if (this.inFlight !== reject) return;
          if (error) reject(this.faultOf(error, unitId, timeoutMs));
          else resolve(take(answer));
        });
      });
    } finally {
      this.inFlight = undefined;
      this.busy = false;
      forgetRequests(this.connection?.client);
    }
  }

  private async untilQuiet(): Promise<void> {
    const waitMs = this.quietUntilMs - monotonicMs();
    this.quietUntilMs = 0;
    if (waitMs > 0) await pause(waitMs);
  }

  private faultOf(error: Error & { modbusCode?: number; errno?: unknown }, unitId: number, timeoutMs: DurationMs): AdapterError {
    if (error.modbusCode !== undefined) return new ModbusException(error.modbusCode, this.nameOf(unitId));
    const timedOut = error.errno === 'ETIMEDOUT';
    if (isSerial(this.bus)) this.quietUntilMs = monotonicMs() + timeoutMs;
    else this.drop();
    // What the library calls refused is a line or connection that is gone, before that was told. Its errors are none of JavaScript's.
    if (error.errno === 'ECONNREFUSED')
      return new HostUnreachable(busName(this.bus), `the ${isSerial(this.bus) ? 'line' : 'connection'} is gone`);
    return new AdapterError(`${this.nameOf(unitId)}: ${timedOut ? `no answer within ${timeoutMs} ms` : error.message}`, true);
  }

  private async connect(timeoutMs: DurationMs): Promise<Connection> {
    const connection = isSerial(this.bus) ? await this.openLine(this.bus) : await this.openSocket(this.bus, timeoutMs);
    if (this.closed) {
      await connection.end();
      throw this.closedError();
    }
    this.connection = connection;
    this.changes += 1;
    return connection;
  }

  private async openSocket({ host, port, framing }: TcpBus, timeoutMs: DurationMs): Promise<Connection> {
    const socket = createConnection({ host, port, noDelay: true, keepAlive: true });
    await this.connected(socket, timeoutMs);
    const client = new ModbusRTU();
    const connection: Connection = { client, end: () => ended(socket) };
    socket.on('error', (error) => this.lost(connection, messageOf(error)));
    socket.on('close', () => this.lost(connection, 'the connection was closed'));
    client.on('error', () => undefined);
    await (framing === 'rtu' ? client.linkTelnet(socket, {}) : client.linkTCP(socket, { port }));
    return connection;
  }

  private async openLine({ serial, baudRate, parity, stopBits }: SerialBus): Promise<Connection> {
    const client = new ModbusRTU();
    const connection: Connection = { client, end: () => new Promise((resolve) => client.close(() => resolve())) };
    client.on('error', () => undefined);
    try {
      await client.connectRTUBuffered(serial, { baudRate, parity, stopBits, dataBits: 8 });
    } catch (error) {
      throw new HostUnreachable(busName(this.bus), messageOf(error));
    }
    client.on('close', () => this.lost(connection, 'the line is gone'));
    return connection;
  }

  private connected(socket: Socket, timeoutMs: DurationMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(new HostUnreachable(busName(this.bus), why));
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
    void connection.end();
    this.inFlight?.(new AdapterError(`${busName(this.bus)}: ${why}`, true));
  }

  private drop(): void {
    const { connection } = this;
    if (connection) this.changes += 1;
    this.connection = undefined;
    void connection?.end();
  }

  private closedError(): AdapterError {
    return new AdapterError(`the connection to ${busName(this.bus)} was closed`, false);
  }

  private nameOf(unitId: number): string {
    return `${busName(this.bus)} unit ${unitId}`;
  }
}

/**
 * The client keeps its last 256 requests with all that their answers hold, which is most of the memory of a large fleet. With
 * one request at a time none is needed once it is over; and an answer that comes later finds nothing that it could belong to.
 */
const forgetRequests = (client: ModbusClient | undefined): void => {
  if (client) Reflect.set(client, '_transactions', {});
};

const dataOf = ({ data }: { data: number[] }): Words => data;
const asItIs = <T>(answer: T): T => answer;

const ended = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) return resolve();
    socket.once('close', () => resolve());
    socket.destroy();
  });

@Injectable()
export class ModbusSerialLinks extends ModbusLinks {
  link(bus: ModbusBus): ModbusLink {
    return new ModbusSerialLink(bus);
  }
}
