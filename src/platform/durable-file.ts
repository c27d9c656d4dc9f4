import { chmodSync, chownSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whom a file belongs to. */
interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** What a file is called until it is whole. */
export const draftOf = (file: string): string => `${file}.new`;

/**
 * Writes a file whole or not at all: a process that is killed, or a power cut, in the middle leaves it as it was. It and its
 * folder are for this user alone, unless another `mode` or `owner` is given. Throws what the file system throws.
 */
export const writeDurably = (file: string, text: string, mode = 0o600, owner?: FileOwner): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = draftOf(file);
  const handle = openSync(draft, 'w', mode);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  if (owner) chownSync(draft, owner.uid, owner.gid);
  chmodSync(draft, mode);
  renameSync(draft, file);
  syncFolder(dirname(file));
};

/** The same for what is too long to hold: a piece that cannot be made, or written, leaves the file as it was. */
export const streamDurably = async (
  file: string,
  pieces: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  mode = 0o600,
): Promise<void> => {
  const draft = draftOf(file);
  try {
    const handle = await open(draft, 'w', mode);
    try {
      await handle.chmod(mode);
      for await (const piece of pieces) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  if (process.platform === 'win32') return;
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** As `writeDurably`, for a process that has something else to do while a slow disk takes it. One at a time for a file. */
export const storeDurably = async (file: string, text: string, mode = 0o600): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await streamDurably(file, [text], mode);
};

/** The new name outlives a power cut only once its folder is on disk. Windows cannot open folders, and needs no such thing. */
export const syncFolder = (folder: string): void => {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};
