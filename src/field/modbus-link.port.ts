import type { ModbusBus } from '../fleet/plant.js';
import { AdapterError } from '../kernel/errors.js';
import type { DurationMs } from '../kernel/units.js';
import type { Words } from '../registers/words.js';

/** Coils and discrete inputs are read as 0 or 1, one to an address. */
export type RegisterTable = 'holding' | 'input' | 'coil' | 'discrete';

/** Exceptions after which the same request may succeed (Modbus application protocol 1.1b3, §7): failure, working on it, busy, gateway. */
const PASSING = new Set([4, 5, 6, 10, 11]);
/** The device knows the request and will never serve it: no such function, register or value. */
const DENYING = new Set([1, 2, 3]);
const MEANINGS: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'no such register',
  3: 'value not allowed',
  4: 'device failure',
  5: 'still working on it',
  6: 'busy',
  8: 'memory parity error',
  10: 'gateway has no path',
  11: 'no answer behind the gateway',
};

/** The device answered, and its answer was no. `code` is the Modbus exception code. */
export class ModbusException extends AdapterError {
  constructor(
    readonly code: number,
    what: string,
  ) {
    super(`${what}: exception ${code}, ${MEANINGS[code] ?? 'unknown'}`, PASSING.has(code));
  }

  get denies(): boolean {
    return DENYING.has(this.code);
  }
}

/** There is no way to the host or onto the line: refused, timed out, unknown name. */
export class HostUnreachable extends AdapterError {
  constructor(bus: string, why: string) {
    super(`cannot reach ${bus}: ${why}`, true);
  }
}

/**
 * One connection to one Modbus host, opened when it is first needed and again after it broke. Takes one request at a time:
 * a second one before the first has ended is a slip of the programmer. Every method throws an `AdapterError` when the host
 * cannot be reached or does not answer in time, and a `ModbusException` when it says no.
 */
export abstract class ModbusLink {
  /** How often a connection was made or lost: a device may be another one, or may have begun anew, after it changed. */
  abstract get connectionChanges(): number;
  /** `count` registers (1–125), coils or discrete inputs from `address`, counted from 0. */
  abstract read(table: RegisterTable, unitId: number, address: number, count: number, timeoutMs: DurationMs): Promise<Words>;
  /** Writes 1–123 holding registers in one request (function 16). Never repeated by itself. */
  abstract write(unitId: number, address: number, words: readonly number[], timeoutMs: DurationMs): Promise<void>;
  /** Writes one holding register by function 6. Never repeated by itself. */
  abstract writeSingle(unitId: number, address: number, word: number, timeoutMs: DurationMs): Promise<void>;
  /** Sets coils, each 0 or 1: a single one by function 5, several by function 15. Never repeated by itself. */
  abstract writeCoils(unitId: number, address: number, bits: readonly number[], timeoutMs: DurationMs): Promise<void>;
  abstract close(): Promise<void>;
}

/** Makes links; nothing is connected yet. */
export abstract class ModbusLinks {
  abstract link(bus: ModbusBus): ModbusLink;
}
