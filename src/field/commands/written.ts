import { AdapterError, messageOf } from '../../kernel/errors.js';
import type { DurationMs } from '../../kernel/units.js';
import { monotonicMs } from '../../platform/clock.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import { ModbusException } from '../modbus-link.port.js';

/** How long a device may take until it shows what was written. */
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
): Promise<CommandOutcome> => {
  try {
    await write();
  } catch (error) {
    return outcomeOf(error);
  }
  const seen = await readBackInTime(readBack);
  return seen.kind === 'refused' ? undone(seen.reason, undo) : seen;
};

const readBackInTime = async (readBack: () => Promise<CommandOutcome>): Promise<CommandOutcome> => {
  try {
    const deadlineMs = monotonicMs() + READ_BACK_DEADLINE_MS;
    let seen = await readBack();
    while (seen.kind !== 'confirmed' && monotonicMs() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, READ_BACK_PAUSE_MS));
      seen = await readBack();
    }
    return seen;
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

/** A failed write as an outcome: what the device said no to is refused, everything else may have happened. */
export const outcomeOf = (error: unknown): CommandOutcome => {
  if (!(error instanceof AdapterError)) throw error;
  const refused = error instanceof ModbusException && (error.denies || error.code === BUSY);
  return { kind: refused ? 'refused' : 'unknown', reason: error.message };
};

/** The Modbus exception of a device that did not take the request up. */
const BUSY = 6;

/** Longest time a 16-bit reversion timer holds; 65535 means "not implemented". */
const LONGEST_16_BIT_S = 65_534;

export const timer16 = (leaseS: number): number => Math.min(leaseS, LONGEST_16_BIT_S);
