import type { EpochMs } from '../kernel/units.js';
import type { AnchorSigner } from './signing-keys.js';

/** A signed transaction, not sent yet. */
export interface PreparedAnchor {
  readonly bytes: Uint8Array;
  /** Its name on chain, base58; known before it is sent. */
  readonly signature: string;
  /** The last block height at which it can still land. */
  readonly lastValidBlockHeight: number;
  /** A slot before which it can't have landed. */
  readonly preparedSlot: number;
}

export interface Landing {
  readonly slot: number;
  readonly level: 'processed' | 'confirmed' | 'finalized';
  /** The transaction is in a block but did nothing, and only paid its fee. */
  readonly failed: boolean;
}

export interface LandedTransaction {
  readonly signature: string;
  readonly bytes: Uint8Array;
  readonly slot: number;
  readonly timeMs?: EpochMs;
}

/** One that carries a memo, as its instruction says. */
export interface MemoTransaction extends LandedTransaction {
  readonly memo: string;
}

export interface MemoSearch {
  /** Among so many newest transactions of the key. */
  readonly limit: number;
  /** Only those with this very memo. */
  readonly memo?: string;
  /** Signatures that need not be told. */
  readonly known?: ReadonlySet<string>;
  /** A node that has not come as far as this slot is not believed. */
  readonly atLeastSlot?: number;
}

export interface MemoHistory {
  readonly transactions: readonly MemoTransaction[];
  /** How many the node lists as the key's without telling what they are. */
  readonly untold: number;
  /** Whether the key has no older ones, and the node told all. */
  readonly complete: boolean;
}

/** Where the chain stands for good. */
export interface FinalizedHead {
  readonly height: number;
  readonly slot: number;
}

/**
 * The chain on which anchors are kept. Every method throws `AdapterError`: retryable where the node is away, slow or busy; not
 * retryable where asking again can't help, such as an empty account.
 */
export abstract class Ledger {
  /** `embedded`, or the host of the node. */
  abstract readonly name: string;
  /** Where the node listens. */
  abstract readonly rpcUrl: string;
  /** Builds and signs a memo transaction on the newest block hash. Sends nothing. */
  abstract prepare(memo: string, key: AnchorSigner): Promise<PreparedAnchor>;
  /** Hands bytes to the node. `expired`: their block hash is not, or no longer, known to it. Sending twice lands once. */
  abstract send(bytes: Uint8Array): Promise<'accepted' | 'expired'>;
  /**
   * Whether a transaction is in a block, as far back as the node remembers. Throws (retryable) where the node that answers has
   * not come as far as `atLeastSlot`: behind one address there may be several, and one behind can't say that there is none.
   */
  abstract find(signature: string, atLeastSlot?: number): Promise<Landing | undefined>;
  /** The height and slot below which no block can be dropped any more. */
  abstract finalized(): Promise<FinalizedHead>;
  /** A transaction as the chain holds it, where it succeeded. */
  abstract transaction(signature: string): Promise<LandedTransaction | undefined>;
  /** The oldest slot the node still remembers. */
  abstract oldestSlot(): Promise<number>;
  /** Transactions of a key that carry a memo and succeeded; newest first. */
  abstract memoTransactions(publicKey: Uint8Array, search: MemoSearch): Promise<MemoHistory>;
  abstract balanceLamports(publicKey: Uint8Array): Promise<number>;
  abstract close(): Promise<void>;
}
