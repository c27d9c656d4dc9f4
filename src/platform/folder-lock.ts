import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { BadInput } from '../kernel/errors.js';

const LOCK_FILE = 'lock.sqlite';
const PRIVATE_FOLDER = 0o700;

/** Held by one process; the operating system takes it back from one that died. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes a plant's folder for this process alone: two plants on one folder would command and pay twice. The lock is an
 * exclusive transaction on a database of its own, since Node.js has no file locks. Throws `BadInput` where it is taken.
 */
export const lockFolder = (folder: string): FolderLock => {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const file = new Database(join(folder, LOCK_FILE), { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY'))
      throw new BadInput(`${folder} is in use by a plant that is running; stop that one, or name another folder`);
    throw error;
  }
  return { release: () => file.close() };
};
