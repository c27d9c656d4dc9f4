import { isSerial, type ModbusBus } from '../fleet/plant.js';
import { AdapterError } from '../kernel/errors.js';
import type { DurationMs } from '../kernel/units.js';
import { monotonicMs } from '../platform/clock.js';
import type { Words } from '../registers/words.js';
import { HostUnreachable, type ModbusLink, type RegisterTable } from './modbus-link.port.js';

/** `control` goes before everything that waits as `routine`: a setpoint never queues behind the polls of dead units. */
export type Urgency = 'control' | 'routine';

export interface BusTiming {
  /** How long a unit may take to answer. */
  readonly timeoutMs: DurationMs;
  /** Silence kept between an answer and the next request; serial lines behind gateways need some. */
  readonly minGapMs: DurationMs;
  /** After a failed connection attempt, requests fail at once for so long. */
  readonly reconnectPauseMs: DurationMs;
}

export const TCP_TIMING: BusTiming = { timeoutMs: 1_000, minGapMs: 0, reconnectPauseMs: 250 };

/**
 * At 9,600 baud the 3.5 characters of silence between frames are 4 ms (Modbus over serial line 1.02, §2.5.1.1); adapters and slow
 * units want some more of it.
 */
const SERIAL_TIMING: BusTiming = { timeoutMs: 1_000, minGapMs: 10, reconnectPauseMs: 1_000 };

export const timingOf = (bus: ModbusBus): BusTiming => (isSerial(bus) ? SERIAL_TIMING : TCP_TIMING);

interface Job {
  run(): Promise<void>;
  cancel(error: AdapterError): void;
}

/** The one way to one host: unit ids share it, and their requests go one after another. */
export class Bus {
  private readonly waiting: Record<Urgency, Job[]> = { control: [], routine: [] };
  private pumping = false;
  private closed = false;
  private lastEndMs = -Infinity;
  private unreachable: { readonly error: AdapterError; readonly untilMs: number } | undefined;

  constructor(
    private readonly link: ModbusLink,
    readonly timing: BusTiming = TCP_TIMING,
  ) {}

  get connectionChanges(): number {
    return this.link.connectionChanges;
  }

  unit(unitId: number, urgency: Urgency = 'routine'): BusUnit {
    return new BusUnit(this, unitId, urgency);
  }

  /** Runs one request when its turn comes. Throws what the link throws. */
  request<T>(urgency: Urgency, operation: (link: ModbusLink) => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new AdapterError('the bus is closed', false));
    return new Promise<T>((resolve, reject) => {
      this.waiting[urgency].push({ run: () => this.perform(operation).then(resolve, reject), cancel: reject });
      if (!this.pumping) void this.pump();
    });
  }

  /** Ends what waits and what is on the wire; all of it fails with an `AdapterError`. */
  async close(): Promise<void> {
    this.closed = true;
    const gone = new AdapterError('the bus was closed', false);
    for (const job of [...this.waiting.control.splice(0), ...this.waiting.routine.splice(0)]) job.cancel(gone);
    await this.link.close();
  }

  private async pump(): Promise<void> {
    this.pumping = true;
    for (let job = this.next(); job; job = this.next()) {
      if (this.timing.minGapMs > 0) await this.keepGap();
      await job.run();
    }
    this.pumping = false;
  }

  private next(): Job | undefined {
    return this.waiting.control.shift() ?? this.waiting.routine.shift();
  }

  private async keepGap(): Promise<void> {
    const waitMs = this.lastEndMs + this.timing.minGapMs - monotonicMs();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  private async perform<T>(operation: (link: ModbusLink) => Promise<T>): Promise<T> {
    if (this.unreachable && monotonicMs() < this.unreachable.untilMs) throw this.unreachable.error;
    try {
      const answer = await operation(this.link);
      this.unreachable = undefined;
      return answer;
    } catch (error) {
      // Nine devices behind a host that is down must not wait for nine connection attempts each second.
      if (error instanceof HostUnreachable) this.unreachable = { error, untilMs: monotonicMs() + this.timing.reconnectPauseMs };
      throw error;
    } finally {
      if (this.timing.minGapMs > 0) this.lastEndMs = monotonicMs();
    }
  }
}

/** One unit id on a bus. */
export class BusUnit {
  /** Shortened while the unit is silent, so that waiting for it costs the others little. */
  timeoutMs: DurationMs;
  /** Told of each write, by its first register, before it goes out. */
  written: (address: number) => void = () => undefined;

  constructor(
    private readonly bus: Bus,
    readonly unitId: number,
    private readonly urgency: Urgency,
  ) {
    this.timeoutMs = bus.timing.timeoutMs;
  }

  get connectionChanges(): number {
    return this.bus.connectionChanges;
  }

  /** The same unit, whose writes nobody is told of. */
  uncounted(): BusUnit {
    return new BusUnit(this.bus, this.unitId, this.urgency);
  }

  read(table: RegisterTable, address: number, count: number): Promise<Words> {
    return this.bus.request(this.urgency, (link) => link.read(table, this.unitId, address, count, this.timeoutMs));
  }

  write(address: number, words: readonly number[]): Promise<void> {
    this.written(address);
    return this.bus.request('control', (link) => link.write(this.unitId, address, words, this.timeoutMs));
  }

  /** Sets coils, each 0 or 1. */
  writeCoils(address: number, bits: readonly number[]): Promise<void> {
    this.written(address);
    return this.bus.request('control', (link) => link.writeCoils(this.unitId, address, bits, this.timeoutMs));
  }

  /** Another unit id of the same host or line, that answers as fast as this one. */
  beside(unitId: number): BusUnit {
    const unit = new BusUnit(this.bus, unitId, this.urgency);
    unit.timeoutMs = this.timeoutMs;
    return unit;
  }
}
