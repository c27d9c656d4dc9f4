import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { BadInput } from '../kernel/errors.js';

const PRIVATE_FOLDER = 0o700;

/** Held by one process; the operating system takes it back from one that died. */
export interface FolderLock {
  release(): void;
}

/** What works in a plant's folder, one of each: the plant itself, and the supervisor beside it. */
const LOCKS = {
  plant: { file: 'lock.sqlite', taken: 'is in use by a plant that is running; stop that one, or name another folder' },
  supervisor: { file: 'supervisor-lock.sqlite', taken: 'has a supervisor that is running; one is enough' },
};

/**
 * Takes a plant's folder for this process alone: two plants on one folder would command and pay twice. The lock is an
 * exclusive transaction on a database of its own, since Node.js has no file locks. Throws `BadInput` where it is taken.
 */
export const lockFolder = (folder: string, as: keyof typeof LOCKS = 'plant'): FolderLock => {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const file = new Database(join(folder, LOCKS[as].file), { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw new BadInput(`${folder} ${LOCKS[as].taken}`);
    throw error;
  }
  return { release: () => file.close() };
};
