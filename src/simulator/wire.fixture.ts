import modbusSerial from 'modbus-serial';
import { afterEach } from 'vitest';
import { SECOND_MS } from '../kernel/units.js';
import { decodeModel, type GroupValues, pointOf } from '../registers/sunspec/model.js';
import { SUNSPEC_END_ID, SUNSPEC_MARKER, SUNSPEC_MODELS } from '../registers/sunspec/models.js';
import { type FleetOptions, type RunningFleet, startFleet } from './modbus-fleet.js';
import { JUNE_MORNING_MS } from './sites.fixture.js';
import type { VirtualSite } from './spec.js';

// The package's types speak of an ES default export, its code of `module.exports`.
const ModbusRTU = modbusSerial as unknown as typeof modbusSerial.default;

/** A Modbus client for tests of the wire, independent of the plant's own. */
export class WireClient {
  private constructor(private readonly modbus: InstanceType<typeof ModbusRTU>) {}

  static async connect({ host, port }: { host: string; port: number }): Promise<WireClient> {
    const modbus = new ModbusRTU();
    await modbus.connectTCP(host, { port });
    modbus.setTimeout(1_000);
    return new WireClient(modbus);
  }

  async holding(unitId: number, address: number, count: number): Promise<number[]> {
    this.modbus.setID(unitId);
    return (await this.modbus.readHoldingRegisters(address, count)).data;
  }

  async input(unitId: number, address: number, count: number): Promise<number[]> {
    this.modbus.setID(unitId);
    return (await this.modbus.readInputRegisters(address, count)).data;
  }

  async write(unitId: number, address: number, words: number[]): Promise<void> {
    this.modbus.setID(unitId);
    await this.modbus.writeRegisters(address, words);
  }

  async writeOne(unitId: number, address: number, word: number): Promise<void> {
    this.modbus.setID(unitId);
    await this.modbus.writeRegister(address, word);
  }

  /** Where each model of a SunSpec unit begins, in the order of its chain. */
  async chain(unitId: number): Promise<Map<number, number>> {
    const marker = await this.holding(unitId, 40_000, 2);
    if (marker[0] !== SUNSPEC_MARKER[0] || marker[1] !== SUNSPEC_MARKER[1]) throw new Error(`unit ${unitId} has no SunSpec marker`);
    const chain = new Map<number, number>();
    for (let at = 40_002; ;) {
      const [id, length] = (await this.holding(unitId, at, 2)) as [number, number];
      if (id === SUNSPEC_END_ID) return chain;
      chain.set(id, at);
      at += 2 + length;
    }
  }

  /** One model of a unit, decoded. */
  async model(unitId: number, id: number): Promise<GroupValues> {
    const at = (await this.chain(unitId)).get(id);
    if (at === undefined) throw new Error(`unit ${unitId} has no model ${id}`);
    const length = (await this.holding(unitId, at + 1, 1))[0]!;
    const words: number[] = [];
    while (words.length < length + 2)
      words.push(...(await this.holding(unitId, at + words.length, Math.min(100, length + 2 - words.length))));
    return decodeModel(SUNSPEC_MODELS.get(id)!, words);
  }

  /** The address of a point of a unit. */
  async addressOf(unitId: number, id: number, point: string): Promise<number> {
    return (await this.chain(unitId)).get(id)! + pointOf(SUNSPEC_MODELS.get(id)!, point).offset;
  }

  close(): Promise<void> {
    if (!this.modbus.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.modbus.close(() => resolve());
    });
  }
}

/** The code of the exception a request was answered with, or what else came of it. */
export const exceptionOf = async (request: Promise<unknown>): Promise<number | string> => {
  try {
    await request;
    return 'no exception';
  } catch (error) {
    const { modbusCode, message } = error as { modbusCode?: number; message?: string };
    return modbusCode ?? String(message);
  }
};

const cleanUps: (() => Promise<void>)[] = [];

/** Something to be undone after the test that is running. */
export const afterThisTest = (cleanUp: () => Promise<void>): unknown => cleanUps.push(cleanUp);

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

export interface Bench {
  readonly fleet: RunningFleet;
  readonly client: WireClient;
  /** Lets the clock go on, second by second. */
  readonly pass: (seconds: number) => void;
  readonly site: VirtualSite;
}

/** One site on the wire, with a clock that stands still until it is told to go on. */
export const bench = async (site: VirtualSite, options: Partial<FleetOptions> = {}, startMs = JUNE_MORNING_MS): Promise<Bench> => {
  let nowMs = startMs;
  const fleet = await startFleet([site], { now: () => nowMs, ticks: 'caller', ...options });
  cleanUps.push(() => fleet.stop());
  const client = await WireClient.connect(fleet.addresses.get(site.id)!);
  cleanUps.push(() => client.close());
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i += 1) fleet.tick((nowMs += SECOND_MS));
  };
  return { fleet, client, pass, site };
};
