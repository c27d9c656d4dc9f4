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
  readonly unitId: number;
  run(): void;
  cancel(error: AdapterError): void;
}

/** Who asks: a unit, and the silence it needs between its last answer and the next request to it. */
interface Asking {
  readonly unitId: number;
  readonly minGapMs: DurationMs;
}

/**
 * The one way to one host: unit ids share it, and their requests go one after another. A unit that needs a rest between requests
 * holds up nobody but itself.
 */
export class Bus {
  private readonly waiting: Record<Urgency, Job[]> = { control: [], routine: [] };
  /** Units that rest, and until when on the monotonic clock. */
  private readonly resting = new Map<number, DurationMs>();
  /** Until then the line is kept silent. */
  private silentUntilMs = -Infinity;
  /** Set while jobs wait, nothing is on the wire, and time must pass. */
  private alarm: NodeJS.Timeout | undefined;
  private busy = false;
  private closed = false;
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

  /** Runs one request of a unit when its turn comes. Throws what the link throws. */
  request<T>(asking: Asking, urgency: Urgency, operation: (link: ModbusLink) => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new AdapterError('the bus is closed', false));
    // Most buses have one device that asks nothing while it waits for an answer: its request needs no queue.
    if (!this.busy && this.waitingCount() === 0 && this.resting.size === 0 && this.timing.minGapMs === 0)
      return this.perform(asking, operation);
    return new Promise<T>((resolve, reject) => {
      const run = (): void => void this.perform(asking, operation).then(resolve, reject);
      this.waiting[urgency].push({ unitId: asking.unitId, run, cancel: reject });
      this.goOn();
    });
  }

  /** Ends what waits and what is on the wire; all of it fails with an `AdapterError`. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.alarm);
    const gone = new AdapterError('the bus was closed', false);
    for (const job of [...this.waiting.control.splice(0), ...this.waiting.routine.splice(0)]) job.cancel(gone);
    await this.link.close();
  }

  private waitingCount(): number {
    return this.waiting.control.length + this.waiting.routine.length;
  }

  /** Starts what may start now; where that is nothing yet, looks again when it may. */
  private goOn(): void {
    clearTimeout(this.alarm);
    if (this.busy || this.waitingCount() === 0) return;
    const nowMs = monotonicMs();
    if (this.silentUntilMs > nowMs) return this.goOnAfter(this.silentUntilMs - nowMs);
    const job = this.next(nowMs);
    if (job) job.run();
    else this.goOnAfter(Math.min(...this.resting.values()) - nowMs);
  }

  /** Timers may come a fraction of a millisecond early. */
  private goOnAfter(waitMs: DurationMs): void {
    this.alarm = setTimeout(() => this.goOn(), Math.ceil(waitMs));
  }

  /** The first in the queue whose unit does not rest; absent where all of them do. */
  private next(nowMs: DurationMs): Job | undefined {
    if (this.resting.size === 0) return this.waiting.control.shift() ?? this.waiting.routine.shift();
    for (const [unitId, untilMs] of this.resting) if (untilMs <= nowMs) this.resting.delete(unitId);
    for (const queue of [this.waiting.control, this.waiting.routine]) {
      const at = queue.findIndex(({ unitId }) => !this.resting.has(unitId));
      if (at >= 0) return queue.splice(at, 1)[0];
    }
    return undefined;
  }

  private async perform<T>({ unitId, minGapMs }: Asking, operation: (link: ModbusLink) => Promise<T>): Promise<T> {
    this.busy = true;
    const away = this.unreachable;
    try {
      if (away && monotonicMs() < away.untilMs) {
        // All that wait are told so, one turn of the loop after another instead of one inside another.
        await Promise.resolve();
        throw away.error;
      }
      const answer = await operation(this.link);
      this.unreachable = undefined;
      return answer;
    } catch (error) {
      // Nine devices behind a host that is down must not wait for nine connection attempts each second.
      if (error instanceof HostUnreachable && error !== away?.error)
        this.unreachable = { error, untilMs: monotonicMs() + this.timing.reconnectPauseMs };
      throw error;
    } finally {
      this.busy = false;
      if (this.timing.minGapMs > 0) this.silentUntilMs = monotonicMs() + this.timing.minGapMs;
      if (minGapMs > 0) this.resting.set(unitId, monotonicMs() + minGapMs);
      if (this.waitingCount() > 0) this.goOn();
    }
  }
}

/** How a kind of device wants to be asked. */
interface Pace {
  readonly minGapMs: DurationMs;
  readonly answersWithinMs?: DurationMs | undefined;
}

/** Gives a unit the time its profile says it may take to answer, and the silence it needs: its address's, or the profile's. */
export const paceUnit = (unit: BusUnit, minGapMs: DurationMs | undefined, { answersWithinMs, minGapMs: usualMs }: Pace = AT_ONCE): void => {
  unit.timeoutMs = Math.max(unit.timeoutMs, answersWithinMs ?? 0);
  unit.minGapMs = minGapMs ?? usualMs;
};

const AT_ONCE: Pace = { minGapMs: 0 };

/** One unit id on a bus. */
export class BusUnit {
  /** Shortened while the unit is silent, so that waiting for it costs the others little. */
  timeoutMs: DurationMs;
  /** Silence that this unit needs between its last answer and the next request to it. */
  minGapMs: DurationMs = 0;
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
    const unit = new BusUnit(this.bus, this.unitId, this.urgency);
    unit.minGapMs = this.minGapMs;
    return unit;
  }

  read(table: RegisterTable, address: number, count: number): Promise<Words> {
    return this.bus.request(this, this.urgency, (link) => link.read(table, this.unitId, address, count, this.timeoutMs));
  }

  write(address: number, words: readonly number[]): Promise<void> {
    this.written(address);
    return this.bus.request(this, 'control', (link) => link.write(this.unitId, address, words, this.timeoutMs));
  }

  /** One register by function 6, for devices that take no other. */
  writeSingle(address: number, word: number): Promise<void> {
    this.written(address);
    return this.bus.request(this, 'control', (link) => link.writeSingle(this.unitId, address, word, this.timeoutMs));
  }

  /** Sets coils, each 0 or 1. */
  writeCoils(address: number, bits: readonly number[]): Promise<void> {
    this.written(address);
    return this.bus.request(this, 'control', (link) => link.writeCoils(this.unitId, address, bits, this.timeoutMs));
  }

  /** Another unit id of the same host or line, that answers as fast as this one. */
  beside(unitId: number): BusUnit {
    const unit = new BusUnit(this.bus, unitId, this.urgency);
    unit.timeoutMs = this.timeoutMs;
    unit.minGapMs = this.minGapMs;
    return unit;
  }
}
