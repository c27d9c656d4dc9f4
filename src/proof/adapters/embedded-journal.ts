import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BadInput } from '../../kernel/errors.js';

/** An account as it stood after a transaction; numbers that may pass 2^53 are texts, bytes base64. */
export interface JournalAccount {
  readonly key: string;
  readonly lamports: string;
  readonly owner: string;
  readonly data: string;
  readonly executable: boolean;
}

export type JournalEntry =
  | { readonly kind: 'genesis'; readonly timeMs: number; readonly seed: string }
  | {
      readonly kind: 'transaction' | 'airdrop';
      readonly signature: string;
      readonly slot: number;
      readonly timeMs: number;
      /** Base64; empty for an airdrop. */
      readonly bytes: string;
      readonly failure: string | null;
      readonly feeLamports: number;
      readonly units: number;
      readonly accounts: readonly JournalAccount[];
    };

/**
 * An append-only file, a line an entry, synced before the chain answers. A torn last line, left by a power cut or a full
 * disk, is cut off.
 */
export class EmbeddedJournal {
  private readonly handle: number;

  private constructor(
    file: string,
    readonly entries: readonly JournalEntry[],
    private intactBytes: number,
  ) {
    this.handle = openSync(file, 'a', 0o600);
    ftruncateSync(this.handle, intactBytes);
  }

  /** Throws `BadInput` where a line before the last is damaged. */
  static open(dir: string): EmbeddedJournal {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, 'embedded-ledger.jsonl');
    const bytes = readOrEmpty(file);
    const intact = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
    const lines = intact.toString('utf8').split('\n').slice(0, -1);
    return new EmbeddedJournal(
      file,
      lines.map((line, at) => entryOf(line, file, at + 1)),
      intact.length,
    );
  }

  /** Throws what the system says where there is no room; the file then ends with the entry before. */
  append(entry: JournalEntry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    try {
      for (let at = 0; at < line.length;) at += writeSync(this.handle, line, at);
      fsyncSync(this.handle);
    } catch (error) {
      ftruncateSync(this.handle, this.intactBytes);
      throw error;
    }
    this.intactBytes += line.length;
  }

  close(): void {
    closeSync(this.handle);
  }
}

const entryOf = (line: string, file: string, number: number): JournalEntry => {
  try {
    return JSON.parse(line) as JournalEntry;
  } catch {
    throw new BadInput(`${file}: line ${number} is damaged; restore the data folder from a backup (vpp restore)`);
  }
};

const readOrEmpty = (file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
};
