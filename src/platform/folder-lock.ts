import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { BadInput, messageOf } from '../kernel/errors.js';

const PRIVATE_FOLDER = 0o700;

/** Held by one process; the operating system takes it back from one that died. */
export interface FolderLock {
  release(): void;
}

/** What works in a plant's folder, one of each: the plant itself, the supervisor beside it, and who commissions a device. */
const LOCKS = {
  plant: { file: 'lock.sqlite', taken: 'is in use by a plant that is running; stop that one, or name another folder' },
  commissioning: { file: 'commissioning-lock.sqlite', taken: 'is in use: a commissioning is under way; wait until it has ended' },
  supervisor: { file: 'supervisor-lock.sqlite', taken: 'has a supervisor that is running; one is enough' },
};

/** A data folder that this user cannot write to. */
export const unusableFolder = (folder: string, error: unknown): BadInput =>
  new BadInput(`${folder} cannot be written to (${messageOf(error)}): name another folder with VPP_DATA_DIR, or let this user write there`);

/**
 * Takes a plant's folder for this process alone: two plants on one folder would command and pay twice. The lock is an
 * exclusive transaction on a database of its own, since Node.js has no file locks. Throws `BadInput` where it is taken, or cannot be.
 */
export const lockFolder = (folder: string, as: keyof typeof LOCKS = 'plant'): FolderLock => {
  let file: Database.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
    const opened = new Database(join(folder, LOCKS[as].file), { timeout: 0 });
    file = opened;
    opened.exec('BEGIN EXCLUSIVE');
    return { release: () => opened.close() };
  } catch (error) {
    file?.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY'))
      throw new BadInput(`${folder} ${takenBy(folder, as)}`);
    throw unusableFolder(folder, error);
  }
};

/** A commissioning holds the plant's lock too, so that none starts. */
const takenBy = (folder: string, as: keyof typeof LOCKS): string =>
  LOCKS[as === 'plant' && isFolderLocked(folder, 'commissioning') ? 'commissioning' : as].taken;

/** Whether a process holds a plant's folder. Takes nothing, and makes nothing where there is no folder. */
export const isFolderLocked = (folder: string, as: keyof typeof LOCKS = 'plant'): boolean => {
  const path = join(folder, LOCKS[as].file);
  if (!existsSync(path)) return false;
  const file = new Database(path, { timeout: 0, readonly: true });
  try {
    // Whoever holds it keeps readers out as well.
    file.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return true;
    throw error;
  } finally {
    file.close();
  }
};
