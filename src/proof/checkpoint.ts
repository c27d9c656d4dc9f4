import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64, prefixed, sameBytes, toBase64, utf8 } from './encoding.js';
import { HASH_LENGTH } from './merkle.js';
import { verifySignature } from './signature.js';

/** What a log says of itself at a moment (C2SP tlog-checkpoint): this many leaves, under this root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** A text and the signature lines below it (C2SP signed-note). `text` ends with a newline. */
export interface SignedNote {
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly keyId: Uint8Array; readonly signature: Uint8Array }[];
}

const ED25519_ALGORITHM = Uint8Array.of(1);

/** The four bytes by which a signature line names its key: SHA-256(name || newline || 0x01 || public key), cut. */
export const keyIdOf = (name: string, publicKey: Uint8Array): Uint8Array =>
  sha256(prefixed(`${name}\n`, ED25519_ALGORITHM, publicKey)).slice(0, 4);

export const isKeyName = (name: string): boolean => /^[!-*,-~]{1,64}$/.test(name) && !name.includes('|');

export const encodeCheckpoint = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${toBase64(root)}\n`;

/** A checkpoint from its text, without extension lines; undefined for anything else. */
export const parseCheckpoint = (text: string): Checkpoint | undefined => {
  const [, origin, sizeText, rootText] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n$/.exec(text) ?? [];
  const root = fromBase64(rootText ?? '', HASH_LENGTH);
  const size = Number(sizeText);
  return origin !== undefined && root && isKeyName(origin) && Number.isSafeInteger(size) ? { origin, size, root } : undefined;
};

/** The note over `text`, signed by `sign` in the name of the key. */
export const signNote = (text: string, name: string, publicKey: Uint8Array, sign: (message: Uint8Array) => Uint8Array): string =>
  `${text}\n— ${name} ${toBase64(Uint8Array.of(...keyIdOf(name, publicKey), ...sign(utf8(text))))}\n`;

/** Text and signatures of a note; undefined where it is no note. Says nothing about whether the signatures hold. */
export const parseNote = (note: string): SignedNote | undefined => {
  const split = note.lastIndexOf('\n\n');
  // A note has no control characters but newlines (C2SP signed-note).
  if (split < 0 || !note.endsWith('\n') || /[^\P{Cc}\n]/u.test(note)) return undefined;
  const signatures = [];
  for (const line of note.slice(split + 2, -1).split('\n')) {
    const [, name, base64] = /^— ([^\s+]+) (\S+)$/.exec(line) ?? [];
    const bytes = fromBase64(base64 ?? '');
    if (name === undefined || !bytes || bytes.length < 5) return undefined;
    signatures.push({ name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) });
  }
  return { text: note.slice(0, split + 1), signatures };
};

/** Whether a note carries a signature of this name and key, and it holds. One of theirs that does not hold spoils the note. */
export const verifyNote = (note: SignedNote, name: string, publicKey: Uint8Array): boolean => {
  const keyId = keyIdOf(name, publicKey);
  const theirs = note.signatures.filter((line) => line.name === name && sameBytes(line.keyId, keyId));
  return theirs.length > 0 && theirs.every(({ signature }) => verifySignature(signature, utf8(note.text), publicKey));
};

/** A checkpoint as the signed note under which it is published. */
export const signCheckpoint = (checkpoint: Checkpoint, publicKey: Uint8Array, sign: (message: Uint8Array) => Uint8Array): string =>
  signNote(encodeCheckpoint(checkpoint), checkpoint.origin, publicKey, sign);
