import { AdapterError, messageOf } from '../../kernel/errors.js';
import type { DurationMs } from '../../kernel/units.js';
import { monotonicMs } from '../../platform/clock.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import type { Fallback } from '../setpoint.js';
import { ModbusException } from '../modbus-link.port.js';

/** How long a device may take until it shows what was written, unless its profile says more. */
const READ_BACK_DEADLINE_MS: DurationMs = 1_500;
const READ_BACK_PAUSE_MS: DurationMs = 120;

/**
 * Writes once, then reads back until the device shows what it was told or the deadline is over. A write that was lost may
 * have arrived: its outcome is `unknown`, also where the registers look right, since they may do so from an earlier lease
 * whose timer was not set anew. What was written and turned out to be refused is undone: a control that is on without its
 * timer would stay on for ever.
 */
export const writtenAndReadBack = async (
  write: () => Promise<void>,
  readBack: () => Promise<CommandOutcome>,
  undo: () => Promise<boolean>,
  deadlineMs: DurationMs = READ_BACK_DEADLINE_MS,
): Promise<CommandOutcome> => {
  try {
    await write();
  } catch (error) {
    return outcomeOf(error);
  }
  const seen = await readBackInTime(readBack, deadlineMs);
  return seen.kind === 'refused' ? undone(seen.reason, undo) : seen;
};

/** Looks again until what is seen will do or the time is over; what was seen last counts. */
export const lookUntil = async <T>(look: () => Promise<T>, willDo: (seen: T) => boolean, deadlineMs: DurationMs): Promise<T> => {
  const endsAtMs = monotonicMs() + deadlineMs;
  let seen = await look();
  while (!willDo(seen) && monotonicMs() < endsAtMs) {
    await new Promise((resolve) => setTimeout(resolve, READ_BACK_PAUSE_MS));
    seen = await look();
  }
  return seen;
};

const readBackInTime = async (readBack: () => Promise<CommandOutcome>, deadlineMs: DurationMs): Promise<CommandOutcome> => {
  try {
    return await lookUntil(readBack, ({ kind }) => kind === 'confirmed', deadlineMs);
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    return { kind: 'unknown', reason: `written, but not read back: ${error.message}` };
  }
};

const undone = async (reason: string, undo: () => Promise<boolean>): Promise<CommandOutcome> => {
  try {
    if (await undo()) return { kind: 'refused', reason };
    return { kind: 'unknown', reason: `${reason}; the device does not show that it let go` };
  } catch (error) {
    return { kind: 'unknown', reason: `${reason}; letting go failed: ${messageOf(error)}` };
  }
};

/** The outcome on a device that falls back to nothing but itself, where something else was asked for. */
export const withoutFallback = (outcome: CommandOutcome, fallback: Fallback | undefined): CommandOutcome =>
  fallback !== undefined && (outcome.kind === 'confirmed' || outcome.kind === 'clamped') ? { ...outcome, noFallback: true } : outcome;

/** A failed write as an outcome: what the device said no to is refused, everything else may have happened. */
export const outcomeOf = (error: unknown): CommandOutcome => {
  if (!(error instanceof AdapterError)) throw error;
  const refused = error instanceof ModbusException && (error.denies || error.code === BUSY);
  return { kind: refused ? 'refused' : 'unknown', reason: error.message };
};

/** The Modbus exception of a device that did not take the request up. */
const BUSY = 6;

export const KEEPS_NO_TIMER: CommandOutcome = { kind: 'refused', reason: 'the device keeps no reversion timer: it would never let go' };

/** Longest time a 16-bit reversion timer holds; 65535 means "not implemented". */
const LONGEST_16_BIT_S = 65_534;
/** A reversion time of 0 is none (SunSpec models 123, 124 and 704). */
const NO_TIMER = 0;

export const timer16 = (leaseS: number | undefined): number => Math.min(leaseS ?? NO_TIMER, LONGEST_16_BIT_S);
export const timer32 = (leaseS: number | undefined): number => leaseS ?? NO_TIMER;
