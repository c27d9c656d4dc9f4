import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { BadInput } from '../kernel/errors.js';
import type { DurationMs } from '../kernel/units.js';
import { MbapFrames } from './mbap-frames.js';
import { distorted, type WireFault, type WireMemory } from './wire-fault.js';

export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
}

/** What is asked of one unit only, where it is named. */
interface Placed {
  readonly fault: WireFault;
  readonly unitId: number | undefined;
}

/**
 * Stands between Modbus TCP clients and a device, and puts a fault on the wire: a reading fault for one unit behind it or for
 * all, a fault of the connection for all. Without one it passes everything on.
 */
export class FaultProxy {
  private server: Server | undefined;
  private port = 0;
  private placed: Placed | undefined;
  private memory: WireMemory = { firstAnswers: new Map(), resetAt: new Map() };
  private readonly clients = new Set<Socket>();
  private comesBack: NodeJS.Timeout | undefined;

  private constructor(
    private readonly target: ProxyAddress,
    private readonly host: string,
  ) {}

  /** Listens on `port` (0 takes a free one). Throws `BadInput` where it cannot be had. */
  static async listen(target: ProxyAddress, { host, port }: ProxyAddress): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, host);
    await proxy.open(port);
    return proxy;
  }

  get address(): ProxyAddress {
    return { host: this.host, port: this.port };
  }

  /** Puts a fault on the wire, for one unit where `unitId` says so, or takes it off. */
  async set(fault: WireFault | undefined, unitId?: number): Promise<void> {
    clearTimeout(this.comesBack);
    this.memory = { firstAnswers: new Map(), resetAt: new Map() };
    this.placed = fault && { fault, unitId };
    if (fault?.kind === 'refused') await this.shut();
    else if (!this.server && fault?.kind !== 'reboot') await this.open(this.port);
    // Who is already there has the device for itself; the others go.
    if (fault?.kind === 'single-client') for (const client of [...this.clients].slice(1)) client.destroy();
  }

  async close(): Promise<void> {
    clearTimeout(this.comesBack);
    this.placed = undefined;
    await this.shut();
  }

  private async open(port: number): Promise<void> {
    const server = createServer({ noDelay: true }, (client) => this.serve(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new BadInput(`cannot listen on ${this.host}:${port}: ${error.message}`)));
      server.listen(port, this.host, resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  private async shut(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const client of this.clients) client.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  private serve(client: Socket): void {
    if (this.placed?.fault.kind === 'single-client' && this.clients.size > 0) return void client.destroy();
    const device = createConnection({ ...this.target, noDelay: true });
    this.clients.add(client);
    const end = (): void => {
      this.clients.delete(client);
      client.destroy();
      device.destroy();
    };
    for (const socket of [client, device]) socket.on('error', end).on('close', end);
    const [asked, answered] = [new MbapFrames(), new MbapFrames()];
    const waiting: Buffer[] = [];
    client.on('data', (data) => {
      for (const request of asked.add(data) ?? []) {
        waiting.push(request);
        device.write(request);
      }
    });
    device.on('data', (data) => {
      for (const answer of answered.add(data) ?? []) {
        // A device with units that fall silent does not answer in step: the transaction tells which request this is for.
        const index = waiting.findIndex((request) => request.readUInt16BE(0) === answer.readUInt16BE(0));
        if (index >= 0) this.pass(client, waiting.splice(0, index + 1).at(-1)!, answer);
      }
    });
  }

  private pass(client: Socket, request: Buffer, answer: Buffer): void {
    const fault = this.faultFor(request);
    if (!fault) return void client.write(answer);
    if (fault.kind === 'half-open') return;
    if (fault.kind === 'reboot') return this.reboot(client, answer, fault.forMs);
    const changed = distorted(fault, request, answer, this.memory);
    if (fault.kind !== 'late') return void client.write(changed);
    setTimeout(() => client.destroyed || client.write(changed), fault.byMs).unref();
  }

  private faultFor(request: Buffer): WireFault | undefined {
    const { placed } = this;
    return placed && (placed.unitId === undefined || placed.unitId === request[6]) ? placed.fault : undefined;
  }

  private reboot(client: Socket, answer: Buffer, forMs: DurationMs): void {
    this.placed = undefined;
    client.write(answer.subarray(0, Math.ceil(answer.length / 2)), () => {
      void this.shut();
      this.comesBack = setTimeout(() => void this.open(this.port).catch(() => undefined), forMs);
    });
  }
}
