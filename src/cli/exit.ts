import { CommanderError } from 'commander';
import { AdapterError, BadInput, messageOf } from '../kernel/errors.js';

/** What a failure prints, one line each, and the code the process ends with: 2 for what the user can mend, 1 for the rest. */
export const endingOf = (error: unknown): { lines: readonly string[]; code: number } => {
  if (error instanceof BadInput) return { lines: error.faults, code: 2 };
  if (error instanceof CommanderError) return { lines: [], code: error.exitCode === 0 ? 0 : 2 };
  if (error instanceof AdapterError) return { lines: [error.message], code: 1 };
  return { lines: [error instanceof Error ? (error.stack ?? error.message) : messageOf(error)], code: 1 };
};
