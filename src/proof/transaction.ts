import bs58 from 'bs58';
import { sameBytes, textOf } from './encoding.js';
import { verifySignature } from './signature.js';

/** A Solana transaction in the legacy wire format, as far as an anchor needs it read. */
export interface WireTransaction {
  readonly signatures: readonly Uint8Array[];
  /** What the signatures are over. */
  readonly message: Uint8Array;
  readonly accounts: readonly Uint8Array[];
  readonly recentBlockhash: Uint8Array;
  readonly instructions: readonly { readonly program: Uint8Array; readonly data: Uint8Array }[];
}

export const MEMO_PROGRAM = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr';
export const COMPUTE_BUDGET_PROGRAM = 'ComputeBudget111111111111111111111111111111';

const memoProgram = bs58.decode(MEMO_PROGRAM);
const computeBudgetProgram = bs58.decode(COMPUTE_BUDGET_PROGRAM);

class Malformed extends Error {}

/** Reads forward through bytes; throws `Malformed` past the end. */
class Cursor {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) throw new Malformed();
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  /** A length in Solana's compact-u16: seven bits a byte, lowest first, in its one shortest spelling. */
  length(): number {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw new Malformed();
        return value;
      }
    }
    throw new Malformed();
  }

  many<T>(read: () => T): T[] {
    return Array.from({ length: this.length() }, read);
  }

  rest(): Uint8Array {
    return this.bytes.slice(this.at);
  }
}

const readTransaction = (bytes: Uint8Array): WireTransaction => {
  const outer = new Cursor(bytes);
  const signatures = outer.many(() => outer.take(64));
  const message = outer.rest();
  const inner = new Cursor(message);
  const required = inner.byte();
  inner.take(2);
  const accounts = inner.many(() => inner.take(32));
  const recentBlockhash = inner.take(32);
  const instructions = inner.many(() => {
    const program = accounts[inner.byte()];
    const indices = inner.take(inner.length());
    const data = inner.take(inner.length());
    if (!program || indices.some((index) => index >= accounts.length)) throw new Malformed();
    return { program, data };
  });
  // A first byte of 128 or more marks a versioned message, which no anchor is.
  if (inner.rest().length > 0 || required >= 128 || required !== signatures.length || required > accounts.length) throw new Malformed();
  return { signatures, message, accounts, recentBlockhash, instructions };
};

/** A transaction from its bytes; undefined for anything that is not exactly one legacy transaction. */
export const parseTransaction = (bytes: Uint8Array): WireTransaction | undefined => {
  try {
    return readTransaction(bytes);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
};

/** Whether every signature a transaction needs is there and holds. */
export const signaturesHold = ({ signatures, message, accounts }: WireTransaction): boolean =>
  signatures.length > 0 && signatures.every((signature, index) => verifySignature(signature, message, accounts[index]!));

/** The one memo of a transaction that does nothing else but set its compute budget; undefined otherwise. From instruction data alone. */
export const memoOf = ({ instructions }: WireTransaction): string | undefined => {
  const others = instructions.filter(({ program }) => !sameBytes(program, computeBudgetProgram));
  const [memo] = others;
  return others.length === 1 && memo && sameBytes(memo.program, memoProgram) ? textOf(memo.data) : undefined;
};

/** Who pays for a transaction, and so signs it first; undefined where it can't be read. */
export const payerOf = (bytes: Uint8Array): Uint8Array | undefined => parseTransaction(bytes)?.accounts[0];

/** A transaction's name on chain: its first signature in base58. */
export const signatureText = ({ signatures }: WireTransaction): string => bs58.encode(signatures[0] ?? new Uint8Array(0));

export const base58 = (bytes: Uint8Array): string => bs58.encode(bytes);

/** A public key from base58 or from 64 hexadecimal digits; undefined for anything else. */
export const publicKeyOf = (text: string): Uint8Array | undefined => {
  if (/^[0-9a-f]{64}$/i.test(text)) return Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16));
  const bytes = bs58.decodeUnsafe(text);
  return bytes?.length === 32 ? bytes : undefined;
};
