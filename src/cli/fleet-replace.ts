import { closeSync, fchownSync, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { BadInput, messageOf } from '../kernel/errors.js';
import { draftOf, writeDurably } from '../platform/durable-file.js';

/** Throws `BadInput` where a file could not be replaced, or not without taking it from its owner; the file stays as it is. */
export const checkReplaceable = (file: string): void => {
  try {
    const { real, owner } = targetOf(file);
    const draft = draftOf(real);
    const handle = openSync(draft, 'w', 0o600);
    try {
      fchownSync(handle, owner.uid, owner.gid);
    } finally {
      closeSync(handle);
      rmSync(draft);
    }
  } catch (error) {
    throw new BadInput(`--fleet: ${file} cannot be written (${messageOf(error)}): nothing was done; --dry-run does without`);
  }
};

/** Under its own name, also where that is a link, and for whom it was before. Throws what the file system throws. */
export const replaceFile = (file: string, text: string): void => {
  const { real, mode, owner } = targetOf(file);
  writeDurably(real, text, mode, owner);
};

const targetOf = (file: string) => {
  const real = realpathSync(file);
  const { mode, uid, gid } = statSync(real);
  return { real, mode: mode & 0o777, owner: { uid, gid } };
};
