import {
  ComputeBudgetProgram,
  Connection,
  type ConfirmedSignatureInfo,
  PublicKey,
  SendTransactionError,
  Transaction,
  TransactionInstruction,
  VersionedTransaction,
  type VersionedTransactionResponse,
} from '@solana/web3.js';
import bs58 from 'bs58';
import { AdapterError, messageOf } from '../../kernel/errors.js';
import {
  type FinalizedHead,
  Ledger,
  type LandedTransaction,
  type Landing,
  type MemoHistory,
  type MemoSearch,
  type PreparedAnchor,
} from '../ledger.port.js';
import { sameBytes } from '../encoding.js';
import type { AnchorSigner } from '../signing-keys.js';
import { MEMO_PROGRAM, memoOf, parseTransaction, signaturesHold } from '../transaction.js';

const REQUEST_TIMEOUT_MS = 10_000;
/** More than a memo of 250 bytes has ever taken; used where the node can't simulate. */
const FALLBACK_UNITS = 120_000;
/** What a priority fee may cost at most: a tenth of the base fee of 5,000 lamports. */
const MAX_PRIORITY_LAMPORTS = 500;
const TRANSACTIONS_A_REQUEST = 20;
/** What a node lists at once. */
const SIGNATURES_A_PAGE = 1_000;

const behind = (slot: number, wantedSlot: number): string => `the node is behind: it is at slot ${slot}, and ${wantedSlot} has passed`;

export interface SolanaLedgerOptions {
  readonly url: string;
  readonly name?: string;
  readonly requestTimeoutMs?: number;
}

/** Anchors on a Solana cluster, or on anything that speaks its JSON-RPC. Polls; opens no websocket. */
export class SolanaLedger extends Ledger {
  readonly name: string;
  readonly rpcUrl: string;
  protected readonly connection: Connection;

  constructor({ url, name, requestTimeoutMs = REQUEST_TIMEOUT_MS }: SolanaLedgerOptions) {
    super();
    this.rpcUrl = url;
    this.name = name ?? new URL(url).host;
    this.connection = new Connection(url, {
      commitment: 'confirmed',
      disableRetryOnRateLimit: true,
      fetch: (input, init) => fetch(input, { ...(init as RequestInit), signal: AbortSignal.timeout(requestTimeoutMs) }),
    });
  }

  prepare(memo: string, key: AnchorSigner): Promise<PreparedAnchor> {
    return this.call('prepare the anchor', async () => {
      const payer = new PublicKey(key.publicKey);
      const units = await this.unitsFor(memo, payer);
      const price = await this.priceFor(units);
      const { context, value } = await this.connection.getLatestBlockhashAndContext('confirmed');
      const transaction = transactionOf(memo, payer, value, units, price);
      transaction.addSignature(payer, Buffer.from(await key.sign(transaction.serializeMessage())));
      const signature = bs58.encode(transaction.signature!);
      return {
        bytes: new Uint8Array(transaction.serialize()),
        signature,
        lastValidBlockHeight: value.lastValidBlockHeight,
        preparedSlot: context.slot,
      };
    });
  }

  send(bytes: Uint8Array): Promise<'accepted' | 'expired'> {
    return this.call('send the anchor', async () => {
      try {
        await this.connection.sendRawTransaction(bytes, { maxRetries: 0, preflightCommitment: 'confirmed' });
        return 'accepted';
      } catch (error) {
        const text = messageOf(error);
        if (/already been processed|AlreadyProcessed/.test(text)) return 'accepted';
        if (/Blockhash not found|BlockhashNotFound/.test(text)) return 'expired';
        throw error;
      }
    });
  }

  find(signature: string, atLeastSlot = 0): Promise<Landing | undefined> {
    return this.call('look for the anchor', async () => {
      const { context, value } = await this.connection.getSignatureStatuses([signature], { searchTransactionHistory: true });
      const [status] = value;
      if (!status && context.slot < atLeastSlot) throw new Error(behind(context.slot, atLeastSlot));
      if (!status) return undefined;
      return { slot: status.slot, level: status.confirmationStatus ?? 'processed', failed: status.err !== null };
    });
  }

  finalized(): Promise<FinalizedHead> {
    return this.call('read the block height', async () => {
      const { absoluteSlot, blockHeight } = await this.connection.getEpochInfo('finalized');
      if (blockHeight === undefined) throw new Error('the node does not tell its block height');
      return { height: blockHeight, slot: absoluteSlot };
    });
  }

  oldestSlot(): Promise<number> {
    return this.call('read the oldest block', () => this.connection.getFirstAvailableBlock());
  }

  transaction(signature: string): Promise<LandedTransaction | undefined> {
    return this.call('read the anchor', async () => {
      const found = await this.connection.getTransaction(signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 });
      return landedOf(found);
    });
  }

  memoTransactions(publicKey: Uint8Array, { limit, memo, known, atLeastSlot }: MemoSearch): Promise<MemoHistory> {
    return this.call("search the key's history", async () => {
      const slot = atLeastSlot === undefined ? undefined : await this.connection.getSlot('confirmed');
      if (slot !== undefined && slot < atLeastSlot!) throw new Error(behind(slot, atLeastSlot!));
      const { listed, complete } = await this.listed(new PublicKey(publicKey), limit, atLeastSlot);
      const wanted = listed.filter((entry) => mayCarry(entry, memo) && !known?.has(entry.signature)).map(({ signature }) => signature);
      const landed: LandedTransaction[] = [];
      let untold = 0;
      for (let at = 0; at < wanted.length; at += TRANSACTIONS_A_REQUEST) {
        const some = wanted.slice(at, at + TRANSACTIONS_A_REQUEST);
        const options = { commitment: 'confirmed', maxSupportedTransactionVersion: 0 } as const;
        for (const found of await this.connection.getTransactions(some, options)) {
          if (!found?.meta) untold += 1;
          landed.push(...[landedOf(found) ?? []].flat());
        }
      }
      // The list's own memo is a hint of the node; what counts is the instruction.
      const transactions = landed.flatMap((each) => {
        const transaction = parseTransaction(each.bytes);
        // Anyone can name the key in a transaction of their own, and a node can make one up; only what the key signed first is its word.
        const payer = transaction?.accounts[0];
        const isItsWord = transaction && payer && sameBytes(payer, publicKey) && signaturesHold(transaction);
        const carried = isItsWord ? memoOf(transaction) : undefined;
        return carried !== undefined && (memo === undefined || carried === memo) ? { ...each, memo: carried } : [];
      });
      return { transactions, untold, complete: complete && untold === 0 };
    });
  }

  /** Pages back through the key's transactions. */
  private async listed(
    key: PublicKey,
    limit: number,
    minContextSlot?: number,
  ): Promise<{ listed: ConfirmedSignatureInfo[]; complete: boolean }> {
    const listed: ConfirmedSignatureInfo[] = [];
    while (listed.length < limit) {
      const asked = Math.min(limit - listed.length, SIGNATURES_A_PAGE);
      const before = listed.at(-1)?.signature;
      const options = { limit: asked, ...(before !== undefined && { before }), ...(minContextSlot !== undefined && { minContextSlot }) };
      const page = await this.connection.getSignaturesForAddress(key, options, 'confirmed');
      listed.push(...page);
      if (page.length < asked) return { listed, complete: true };
    }
    return { listed, complete: false };
  }

  balanceLamports(publicKey: Uint8Array): Promise<number> {
    return this.call('read the balance', () => this.connection.getBalance(new PublicKey(publicKey), 'confirmed'));
  }

  async close(): Promise<void> {}

  private async unitsFor(memo: string, payer: PublicKey): Promise<number> {
    const blank = { blockhash: PublicKey.default.toBase58(), lastValidBlockHeight: 0 };
    try {
      const { value } = await this.connection.simulateTransaction(
        new VersionedTransaction(transactionOf(memo, payer, blank, FALLBACK_UNITS, 0).compileMessage()),
        { sigVerify: false, replaceRecentBlockhash: true, commitment: 'confirmed' },
      );
      return value.err === null && value.unitsConsumed ? Math.ceil(value.unitsConsumed * 1.25) + 500 : FALLBACK_UNITS;
    } catch (error) {
      // A node that refuses to simulate may still take the transaction; one that is away will say so at the next request.
      if (error instanceof Error) return FALLBACK_UNITS;
      throw error;
    }
  }

  /** Median of what others paid lately, in millionths of a lamport a unit, within our limit. */
  private async priceFor(units: number): Promise<number> {
    const fees = (await this.connection.getRecentPrioritizationFees()).map(({ prioritizationFee }) => prioritizationFee);
    const median = fees.sort((a, b) => a - b)[Math.floor(fees.length / 2)] ?? 0;
    return Math.min(median, Math.floor((MAX_PRIORITY_LAMPORTS * 1_000_000) / units));
  }

  private async call<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      const hopeless =
        error instanceof SendTransactionError && /insufficient|debit an account|invalid|signature verification/i.test(error.message);
      throw new AdapterError(`${this.name} could not ${what}: ${messageOf(error)}`, !hopeless, { cause: error });
    }
  }
}

const transactionOf = (
  memo: string,
  payer: PublicKey,
  lifetime: { blockhash: string; lastValidBlockHeight: number },
  units: number,
  priceMicroLamports: number,
): Transaction => {
  const transaction = new Transaction({ feePayer: payer, ...lifetime });
  transaction.add(ComputeBudgetProgram.setComputeUnitLimit({ units }));
  if (priceMicroLamports > 0) transaction.add(ComputeBudgetProgram.setComputeUnitPrice({ microLamports: priceMicroLamports }));
  const keys = [{ pubkey: payer, isSigner: true, isWritable: false }];
  return transaction.add(new TransactionInstruction({ programId: new PublicKey(MEMO_PROGRAM), keys, data: Buffer.from(memo, 'utf8') }));
};

/** The list shows memos as `[length] text`, several joined by `; `. Where it shows none, some nodes do not keep them. */
const mayCarry = ({ err, memo: listed }: ConfirmedSignatureInfo, memo: string | undefined): boolean =>
  err === null && (memo === undefined || typeof listed !== 'string' || listed.includes(memo));

const landedOf = (found: VersionedTransactionResponse | null): LandedTransaction | undefined => {
  if (!found?.meta || found.meta.err !== null) return undefined;
  const { signatures, message } = found.transaction;
  const [signature] = signatures;
  if (signature === undefined) return undefined;
  const bytes = new Uint8Array(
    Buffer.concat([Uint8Array.of(signatures.length), ...signatures.map((each) => bs58.decode(each)), message.serialize()]),
  );
  return { signature, bytes, slot: found.slot, timeMs: typeof found.blockTime === 'number' ? found.blockTime * 1_000 : undefined };
};
