import { setTimeout as pause } from 'node:timers/promises';
import modbusSerial from 'modbus-serial';
import { SupervisorSocket } from '../../src/field/adapters/supervisor-socket.js';
import { ModbusSerialLinks } from '../../src/field/adapters/modbus-serial-link.js';
import { ModbusFieldControl } from '../../src/field/field-control.js';
import { HeldControls } from '../../src/field/held-controls.js';
import { FieldDevices } from '../../src/field/field-devices.js';
import { FieldService } from '../../src/field/field.service.js';
import type { HealthChange, Sample, SelfWord } from '../../src/field/sample.js';
import { SampleSink } from '../../src/field/sample-sink.port.js';
import type { Device, Plant } from '../../src/fleet/plant.js';
import { SystemClock } from '../../src/platform/clock.js';
import { Gatekeeper } from '../../src/telemetry/gatekeeper.js';
import { type DeviceState, plantImage, SILENT_DEVICE, withSample } from '../../src/telemetry/plant-image.js';

// The package's types speak of an ES default export, its code of `module.exports`.
const ModbusRTU = modbusSerial as unknown as typeof modbusSerial.default;

export interface PollRun {
  /** `bare-paced`: each device at its own moment of the second, as ours does; `bare-burst`: all of them at once. */
  readonly poller: 'ours' | 'bare-paced' | 'bare-burst';
  readonly port: number;
  readonly devices: number;
  readonly forMs: number;
  /** What the bare loop reads of each device: what ours was seen to read. */
  readonly blocks: readonly (readonly [address: number, count: number])[];
  /** Devices that are left out of the lateness: the dead ones. */
  readonly leftOut: number;
}

export interface PollResult {
  readonly reads: number;
  readonly cpuMs: number;
  readonly residentMb: number;
  /** How much later than a whole number of periods after its first each reading came, in milliseconds; sorted. */
  readonly p99LateMs: number;
  /** Share of the periods in which a device told nothing. */
  readonly missedShare: number;
}

const PERIOD_MS = 1_000;
/** Until every device is connected, and its map walked. */
const SETTLE_MS = 15_000;

/** Each device has an address of its own on the loopback network, and so a connection and a bus. Dead ones have the unit id 1. */
const hostOf = (index: number): string => `127.1.${index >> 8}.${index & 255}`;
const unitOf = (index: number, leftOut: number): number => (index < leftOut ? 1 : 2);

const times = new Map<number, number[]>();
let reads = 0;
const noteRead = (index: number): void => {
  reads += 1;
  const own = times.get(index);
  if (own) own.push(performance.now());
  else times.set(index, [performance.now()]);
};

const plantOf = ({ devices, port, leftOut }: PollRun): Plant => ({
  name: 'bench',
  zone: 'UTC',
  currency: 'EUR',
  households: [],
  sites: Array.from({ length: devices }, (_, index) => ({
    id: `site-${index}`,
    name: `site-${index}`,
    kind: 'home' as const,
    zone: 'UTC',
    importLimitW: 10_000,
    exportLimitW: 10_000,
    devices: [inverterOf(index, { host: hostOf(index), port, unitId: unitOf(index, leftOut) })],
  })),
});

const inverterOf = (index: number, address: Device['address']): Device => ({
  id: `${index}`,
  siteId: `site-${index}`,
  name: 'inverter',
  role: 'pv',
  profile: 'sunspec',
  address,
  direction: 1,
  pollPeriodMs: PERIOD_MS,
  reversion: 'none',
  ratedW: 5_000,
});

/** What telemetry does with a sample before it is stored: the gate, and the image of now. */
class GatedImage extends SampleSink {
  private readonly gatekeeper: Gatekeeper;
  private readonly states = new Map<string, DeviceState>();
  private readonly clock = new SystemClock();

  constructor(private readonly plant: Plant) {
    super();
    this.gatekeeper = new Gatekeeper(plant);
  }

  accept(sample: Sample): void {
    const accepted = this.gatekeeper.pass(sample, this.clock.now())?.accepted;
    if (!accepted) return;
    this.states.set(sample.deviceId, withSample(this.states.get(sample.deviceId) ?? SILENT_DEVICE, accepted));
    noteRead(Number(sample.deviceId));
  }

  healthChanged(_change: HealthChange): void {
    // Nothing is made of it here.
  }

  saidOfItself(_word: SelfWord): void {
    // Nor of this.
  }

  image(): void {
    plantImage(this.plant, this.states, this.clock.now());
  }
}

const pollOurs = (run: PollRun): (() => Promise<unknown>) => {
  const plant = plantOf(run);
  const sink = new GatedImage(plant);
  const devices = new FieldDevices(new ModbusSerialLinks());
  const clock = new SystemClock();
  const field = new FieldService(
    devices,
    new ModbusFieldControl(devices, new SupervisorSocket('nowhere'), new HeldControls(undefined, 0), clock),
    sink,
    clock,
  );
  field.start(plant.sites.flatMap((site) => site.devices));
  const images = setInterval(() => sink.image(), PERIOD_MS);
  return () => {
    clearInterval(images);
    return field.stop();
  };
};

/** The least that reads the same registers with the same library: one client a device. */
const pollBare = async ({ poller, port, devices, blocks, leftOut }: PollRun): Promise<() => Promise<unknown>> => {
  const clients: InstanceType<typeof ModbusRTU>[] = [];
  const timers: NodeJS.Timeout[] = [];
  for (let index = 0; index < devices; index += 1) {
    const client = new ModbusRTU();
    await client.connectTCP(hostOf(index), { port });
    client.setID(unitOf(index, leftOut));
    client.setTimeout(PERIOD_MS);
    clients.push(client);
  }
  const poll = async (index: number): Promise<void> => {
    try {
      for (const [address, count] of blocks) await clients[index]!.readHoldingRegisters(address, count);
      noteRead(index);
    } catch {
      // A read that fails is one that is missed.
    }
  };
  const beganMs = performance.now();
  /** A timer of equal delay is fired together with its neighbours: each next moment is counted from the first, or they bunch up. */
  const pollAt = (index: number, dueMs: number): void => {
    timers[index] = setTimeout(() => {
      void poll(index);
      pollAt(index, dueMs + PERIOD_MS);
    }, dueMs - performance.now());
  };
  if (poller === 'bare-burst') timers.push(setInterval(() => clients.forEach((_, index) => void poll(index)), PERIOD_MS));
  else clients.forEach((_, index) => pollAt(index, beganMs + (index / devices) * PERIOD_MS));
  return () => {
    for (const timer of timers) clearTimeout(timer);
    return Promise.all(clients.map((client) => new Promise<void>((resolve) => client.close(() => resolve()))));
  };
};

const live = async (run: PollRun): Promise<PollResult> => {
  const stop = run.poller === 'ours' ? pollOurs(run) : await pollBare(run);
  await pause(SETTLE_MS);
  times.clear();
  reads = 0;
  const cpu = process.cpuUsage();
  await pause(run.forMs);
  const spent = process.cpuUsage(cpu);
  const late: number[] = [];
  let missed = 0;
  for (let index = run.leftOut; index < run.devices; index += 1) {
    const own = times.get(index) ?? [];
    const periods = new Set<number>();
    for (const at of own) {
      // The first reading of the stretch says where in the period the device's place is.
      const elapsed = at - own[0]!;
      periods.add(Math.round(elapsed / PERIOD_MS));
      late.push(elapsed - Math.round(elapsed / PERIOD_MS) * PERIOD_MS);
    }
    missed += Math.max(0, Math.floor(run.forMs / PERIOD_MS) - 1 - periods.size);
  }
  late.sort((a, b) => a - b);
  const result: PollResult = {
    reads,
    cpuMs: (spent.user + spent.system) / 1_000,
    residentMb: process.memoryUsage().rss / 1_048_576,
    p99LateMs: late[Math.floor(late.length * 0.99)] ?? NaN,
    missedShare: missed / ((run.devices - run.leftOut) * (run.forMs / PERIOD_MS)),
  };
  await stop();
  return result;
};

process.on('message', (run: PollRun) => {
  void live(run).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
