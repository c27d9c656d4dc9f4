import { createHash, randomBytes } from 'node:crypto';
import bs58 from 'bs58';
import { Account, Clock as ClusterClock, FailedTransactionMetadata, LiteSVM, SimulatedTransactionInfo, TransactionMetadata } from 'litesvm';
import type { Clock } from '../../platform/clock.js';
import { parseTransaction, signatureText, type WireTransaction } from '../transaction.js';
import { EmbeddedJournal, type JournalAccount, type JournalEntry } from './embedded-journal.js';

export const SLOT_MS = 400;
/** How many blocks long a block hash may be used. */
export const BLOCKHASH_LIFE = 150;
/** How many blocks later a block is for good. */
export const FINALITY = 32;

export type ChainTransaction = Extract<JournalEntry, { kind: 'transaction' | 'airdrop' }>;

export type SendResult =
  | { readonly kind: 'landed'; readonly signature: string }
  | { readonly kind: 'refused'; readonly error: string; readonly logs: readonly string[] };

/** Names of LiteSVM's plain errors, as a cluster spells them. */
const ERRORS: Readonly<Record<number, string>> = {
  2: 'AccountNotFound',
  4: 'InsufficientFundsForFee',
  5: 'InvalidAccountForFee',
  6: 'AlreadyProcessed',
};
const SIGNATURE_FAILURE = 'SignatureFailure';

/** The part of LiteSVM's inner object that takes raw bytes; its typed surface takes another library's transactions. */
interface Runtime {
  sendLegacyTransaction(bytes: Uint8Array): TransactionMetadata | FailedTransactionMetadata;
  simulateLegacyTransaction(bytes: Uint8Array): SimulatedTransactionInfo | FailedTransactionMetadata;
  airdrop(key: Uint8Array, lamports: bigint): TransactionMetadata | FailedTransactionMetadata | null;
  getAccount(key: Uint8Array): Account | null;
  setAccount(key: Uint8Array, account: Account): void;
  getBalance(key: Uint8Array): bigint | null;
  getClock(): ClusterClock;
  setClock(clock: ClusterClock): void;
  setSigverify(check: boolean): void;
  setBlockhashCheck(check: boolean): void;
  setTransactionHistory(capacity: bigint): void;
}

/**
 * A chain of one: LiteSVM runs the transactions, as a validator would; slots, block hashes, their expiry, finality and the raw
 * history are kept here, and in a journal that outlives the process. Each transaction gets a block of its own.
 */
export class EmbeddedChain {
  private readonly runtime: Runtime;
  private readonly bySignature = new Map<string, ChainTransaction>();
  private readonly byAddress = new Map<string, ChainTransaction[]>();
  private readonly genesis: { readonly timeMs: number; readonly seed: string };
  private lastSlot = 0;
  private slotsBehind = 0;

  private constructor(
    private readonly clock: Clock,
    private readonly journal: EmbeddedJournal,
  ) {
    this.runtime = new LiteSVM()['inner'] as Runtime;
    // Both are kept by this class, with a life and a memory that survive a restart.
    this.runtime.setBlockhashCheck(false);
    this.runtime.setTransactionHistory(0n);
    const [first] = journal.entries;
    if (first?.kind === 'genesis') {
      this.genesis = first;
    } else {
      this.genesis = { timeMs: clock.now(), seed: bs58.encode(randomBytes(32)) };
      journal.append({ kind: 'genesis', ...this.genesis });
    }
    for (const entry of journal.entries) if (entry.kind !== 'genesis') this.restore(entry);
  }

  static open(dir: string, clock: Clock): EmbeddedChain {
    return new EmbeddedChain(clock, EmbeddedJournal.open(dir));
  }

  /** The slot of now; block heights are the same, since no slot is skipped. Never goes back, though the clock may. */
  slot(): number {
    return Math.max(0, this.latestSlot() - this.slotsBehind);
  }

  /** What `ask` answers on a node that is so many slots behind, and knows nothing of what came since. */
  asOf<T>(slotsBehind: number, ask: () => T): T {
    this.slotsBehind = slotsBehind;
    try {
      return ask();
    } finally {
      this.slotsBehind = 0;
    }
  }

  private latestSlot(): number {
    return Math.max(this.lastSlot, Math.floor((this.clock.now() - this.genesis.timeMs) / SLOT_MS));
  }

  genesisHash(): string {
    return this.genesis.seed;
  }

  blockhash(slot: number): string {
    return bs58.encode(createHash('sha256').update(`${this.genesis.seed} ${slot}`).digest());
  }

  isLiving(blockhash: string): boolean {
    const newest = this.slot();
    for (let slot = newest; slot >= 0 && slot >= newest - BLOCKHASH_LIFE; slot -= 1) if (this.blockhash(slot) === blockhash) return true;
    return false;
  }

  /** Seconds since 1970 at which a slot was, as a cluster tells it. */
  blockTime(slot: number): number {
    return Math.floor((this.genesis.timeMs + slot * SLOT_MS) / 1_000);
  }

  send(bytes: Uint8Array): SendResult {
    const transaction = parseTransaction(bytes);
    if (!transaction) return refused('SanitizeFailure');
    const signature = signatureText(transaction);
    if (this.bySignature.has(signature)) return refused('AlreadyProcessed');
    if (!this.isLiving(bs58.encode(transaction.recentBlockhash))) return refused('BlockhashNotFound');
    const simulated = this.simulate(bytes, true);
    if (simulated.error !== null) return refused(simulated.error, simulated.logs);
    const [payer] = transaction.accounts;
    const before = this.balance(payer!);
    const { slot, timeMs } = this.nextBlock();
    const outcome = this.runtime.sendLegacyTransaction(bytes);
    const meta = outcome instanceof FailedTransactionMetadata ? outcome.meta() : outcome;
    this.keep({
      kind: 'transaction',
      signature,
      slot,
      timeMs,
      bytes: Buffer.from(bytes).toString('base64'),
      failure: outcome instanceof FailedTransactionMetadata ? errorName(outcome) : null,
      feeLamports: before - this.balance(payer!),
      units: Number(meta.computeUnitsConsumed()),
      accounts: this.accountsOf(transaction),
    });
    return { kind: 'landed', signature };
  }

  /** Runs a transaction without keeping what it does. */
  simulate(bytes: Uint8Array, checkSignatures: boolean): { error: string | null; logs: readonly string[]; units: number } {
    this.runtime.setSigverify(checkSignatures);
    const outcome = this.runtime.simulateLegacyTransaction(bytes);
    this.runtime.setSigverify(true);
    const meta = outcome.meta();
    const error = outcome instanceof FailedTransactionMetadata ? errorName(outcome) : null;
    return { error, logs: meta.logs(), units: Number(meta.computeUnitsConsumed()) };
  }

  airdrop(key: Uint8Array, lamports: number): string {
    const { slot, timeMs } = this.nextBlock();
    this.runtime.airdrop(key, BigInt(lamports));
    const signature = bs58.encode(createHash('sha512').update(`airdrop ${this.genesis.seed} ${slot}`).digest());
    this.keep({
      kind: 'airdrop',
      signature,
      slot,
      timeMs,
      bytes: '',
      failure: null,
      feeLamports: 0,
      units: 0,
      accounts: [this.account(key)],
    });
    return signature;
  }

  /** Empties an account, as if it had been spent: for tests of what happens then. Not kept. */
  drain(key: Uint8Array): void {
    this.runtime.setAccount(key, new Account(0n, new Uint8Array(0), new Uint8Array(32), false, 0n));
  }

  find(signature: string): ChainTransaction | undefined {
    const found = this.bySignature.get(signature);
    return found && found.slot <= this.slot() ? found : undefined;
  }

  /** Newest first. */
  history(address: string): ChainTransaction[] {
    return (this.byAddress.get(address) ?? []).filter(({ slot }) => slot <= this.slot()).toReversed();
  }

  balance(key: Uint8Array): number {
    return Number(this.runtime.getBalance(key) ?? 0n);
  }

  account(key: Uint8Array): JournalAccount {
    const account = this.runtime.getAccount(key);
    return {
      key: bs58.encode(key),
      lamports: String(account?.lamports() ?? 0n),
      owner: bs58.encode(account?.owner() ?? new Uint8Array(32)),
      data: Buffer.from(account?.data() ?? []).toString('base64'),
      executable: account?.executable() ?? false,
    };
  }

  close(): void {
    this.journal.close();
  }

  private nextBlock(): { slot: number; timeMs: number } {
    const slot = Math.max(this.slot(), this.lastSlot + 1);
    const timeMs = this.blockTime(slot) * 1_000;
    const cluster = this.runtime.getClock();
    cluster.slot = BigInt(slot);
    cluster.unixTimestamp = BigInt(Math.floor(timeMs / 1_000));
    this.runtime.setClock(cluster);
    return { slot, timeMs };
  }

  private keep(entry: ChainTransaction): void {
    this.journal.append(entry);
    this.remember(entry);
  }

  private remember(entry: ChainTransaction): void {
    const kept = { ...entry, accounts: [] };
    this.lastSlot = entry.slot;
    this.bySignature.set(entry.signature, kept);
    for (const { key } of entry.accounts) this.byAddress.set(key, [...(this.byAddress.get(key) ?? []), kept]);
  }

  private restore(entry: ChainTransaction): void {
    for (const { key, lamports, owner, data, executable } of entry.accounts)
      this.runtime.setAccount(
        bs58.decode(key),
        new Account(BigInt(lamports), Buffer.from(data, 'base64'), bs58.decode(owner), executable, 0n),
      );
    this.remember(entry);
  }

  /** Accounts a transaction can have changed, and its programs are none of those. */
  private accountsOf({ accounts, instructions }: WireTransaction): JournalAccount[] {
    const programs = new Set(instructions.map(({ program }) => bs58.encode(program)));
    return accounts.filter((key) => !programs.has(bs58.encode(key))).map((key) => this.account(key));
  }
}

const refused = (error: string, logs: readonly string[] = []): SendResult => ({ kind: 'refused', error, logs });

const errorName = (failed: FailedTransactionMetadata): string => {
  const error: unknown = failed.err();
  if (typeof error === 'number') return ERRORS[error] ?? (error === 11 ? SIGNATURE_FAILURE : `TransactionError${error}`);
  return String(error);
};
