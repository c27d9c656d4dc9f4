import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { create, extract } from 'tar';
import { BadInput, messageOf } from '../../kernel/errors.js';
import { streamDurably } from '../../platform/durable-file.js';
import { FORMAT } from './manifest.js';

/** Behind the end of the archive, where `tar` no longer looks: what all of it before must be. */
const SEAL_BYTES = 512;
const SEAL = /^(heliograph-backup\/\d+) sha256=([0-9a-f]{64}) bytes=(\d+)\n\0*$/;

/** Packs files of a folder into one sealed file, for this user alone; never half of it under its name. */
export const pack = (file: string, folder: string, paths: readonly string[]): Promise<void> =>
  streamDurably(file, sealed(create({ cwd: folder, portable: true, noDirRecurse: true, strict: true }, [...paths])));

async function* sealed(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of archive) {
    hash.update(piece);
    bytes += piece.length;
    yield piece;
  }
  const seal = Buffer.alloc(SEAL_BYTES);
  seal.write(`${FORMAT} sha256=${hash.digest('hex')} bytes=${bytes}\n`);
  yield seal;
}

/** Unpacks a sealed file of which every byte is as it was written. Throws `BadInput`, and has written nothing, where one is not. */
export const unpack = async (file: string, folder: string): Promise<void> => {
  const bytes = await checkedBytes(file);
  const faults: string[] = [];
  const isPlain = (path: string, entry: object): boolean => {
    const { type } = entry as { type?: string };
    if (type === 'File' || type === 'OldFile') return true;
    faults.push(`${file}: holds "${path}", which is no file`);
    return false;
  };
  const sink = extract({ cwd: folder, strict: true, preserveOwner: false, filter: isPlain });
  try {
    await pipeline(createReadStream(file, { end: bytes - 1 }), sink as unknown as NodeJS.WritableStream);
  } catch (error) {
    throw new BadInput(`${file}: cannot be unpacked: ${messageOf(error)}`);
  }
  if (faults.length > 0) throw new BadInput(faults);
};

/** Length of the archive, without its seal. */
const checkedBytes = async (file: string): Promise<number> => {
  const seal = await sealOf(file);
  if (!seal) throw new BadInput(`${file}: is no whole backup of Heliograph: it was cut off, or is another kind of file`);
  if (seal.format !== FORMAT)
    throw new BadInput(`${file}: is of the form ${seal.format}, and this program reads ${FORMAT}; use a newer version`);
  const damaged = new BadInput(`${file}: is not as it was written (its check sum does not fit); use another copy`);
  if (statSync(file).size !== seal.bytes + SEAL_BYTES) throw damaged;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { end: seal.bytes - 1 }), hash);
  if (hash.digest('hex') !== seal.sha256) throw damaged;
  return seal.bytes;
};

const sealOf = async (file: string): Promise<{ format: string; sha256: string; bytes: number } | undefined> => {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size <= SEAL_BYTES) return undefined;
      const { buffer } = await handle.read(Buffer.alloc(SEAL_BYTES), 0, SEAL_BYTES, size - SEAL_BYTES);
      const [, format, sha256, bytes] = SEAL.exec(buffer.toString('latin1')) ?? [];
      return format === undefined ? undefined : { format, sha256: sha256!, bytes: Number(bytes) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new BadInput(`${file}: can't be read: ${messageOf(error)}`);
  }
};

export const sha256Of = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};
