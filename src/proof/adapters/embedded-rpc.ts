import { Message } from '@solana/web3.js';
import bs58 from 'bs58';
import { memoOf, parseTransaction } from '../transaction.js';
import { BLOCKHASH_LIFE, type ChainTransaction, type EmbeddedChain, FINALITY } from './embedded-chain.js';

/** An error as JSON-RPC knows it. */
export class RpcFault extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

export type Methods = Readonly<Record<string, (params: readonly unknown[]) => unknown>>;

const LAMPORTS_A_SIGNATURE = 5_000;
const MAX_LISTED = 1_000;

const textAt = (params: readonly unknown[], at: number): string => {
  const value = params[at];
  if (typeof value !== 'string') throw new RpcFault(-32602, `Invalid params: parameter ${at} must be a string`);
  return value;
};

const optionsAt = (params: readonly unknown[], at: number): Readonly<Record<string, unknown>> => {
  const value = params[at];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
};

const keyAt = (params: readonly unknown[], at: number): Uint8Array => {
  const bytes = bs58.decodeUnsafe(textAt(params, at));
  if (bytes?.length !== 32) throw new RpcFault(-32602, 'Invalid param: not a public key');
  return bytes;
};

const bytesAt = (params: readonly unknown[]): Uint8Array => {
  const text = textAt(params, 0);
  const bytes = optionsAt(params, 1)['encoding'] === 'base64' ? new Uint8Array(Buffer.from(text, 'base64')) : bs58.decodeUnsafe(text);
  if (!bytes) throw new RpcFault(-32602, 'Invalid param: transaction is not in its encoding');
  return bytes;
};

/** The JSON-RPC methods a `Connection` needs to send, follow and read anchors. */
export const embeddedMethods = (chain: EmbeddedChain): Methods => ({
  ...stateMethods(chain),
  ...transactionMethods(chain),
  ...historyMethods(chain),
});

const inContext = (chain: EmbeddedChain, value: unknown): unknown => ({ context: { slot: chain.slot(), apiVersion: '2.0.0' }, value });

const settledSlot = (chain: EmbeddedChain, options: Readonly<Record<string, unknown>>): number =>
  (options['commitment'] ?? 'finalized') === 'finalized' ? Math.max(0, chain.slot() - FINALITY) : chain.slot();

const stateMethods = (chain: EmbeddedChain): Methods => ({
  getHealth: () => 'ok',
  getVersion: () => ({ 'solana-core': 'embedded', 'feature-set': 0 }),
  getGenesisHash: () => chain.genesisHash(),
  getSlot: (params) => settledSlot(chain, optionsAt(params, 0)),
  getBlockHeight: (params) => settledSlot(chain, optionsAt(params, 0)),
  getEpochInfo: (params) => {
    const slot = settledSlot(chain, optionsAt(params, 0));
    return { absoluteSlot: slot, blockHeight: slot, epoch: 0, slotIndex: slot, slotsInEpoch: 432_000 };
  },
  getFirstAvailableBlock: () => 0,
  minimumLedgerSlot: () => 0,
  getBlockTime: ([slot]) => chain.blockTime(Number(slot)),
  getBalance: (params) => inContext(chain, chain.balance(keyAt(params, 0))),
  getMinimumBalanceForRentExemption: ([length]) => (128 + Number(length)) * 6_960,
  getRecentPrioritizationFees: () => [],
  getFeeForMessage: (params) => {
    const message = Buffer.from(textAt(params, 0), 'base64');
    return inContext(chain, (message[0] ?? 1) * LAMPORTS_A_SIGNATURE);
  },
  getLatestBlockhash: () => {
    const slot = chain.slot();
    return inContext(chain, { blockhash: chain.blockhash(slot), lastValidBlockHeight: slot + BLOCKHASH_LIFE });
  },
  isBlockhashValid: (params) => inContext(chain, chain.isLiving(textAt(params, 0))),
  getAccountInfo: (params) => {
    const { lamports, owner, data, executable } = chain.account(keyAt(params, 0));
    if (lamports === '0') return inContext(chain, null);
    const space = Buffer.from(data, 'base64').length;
    return inContext(chain, { lamports: Number(lamports), owner, data: [data, 'base64'], executable, rentEpoch: 0, space });
  },
});

const transactionMethods = (chain: EmbeddedChain): Methods => ({
  sendTransaction: (params) => {
    const bytes = bytesAt(params);
    const sent = chain.send(bytes);
    if (sent.kind === 'landed') return sent.signature;
    const data = { err: sent.error, logs: sent.logs, accounts: null, unitsConsumed: 0 };
    throw new RpcFault(-32002, `Transaction simulation failed: ${WORDS[sent.error] ?? sent.error}`, data);
  },
  simulateTransaction: (params) => {
    const { error, logs, units } = chain.simulate(bytesAt(params), optionsAt(params, 1)['sigVerify'] === true);
    return inContext(chain, { err: error, logs, accounts: null, unitsConsumed: units, returnData: null });
  },
  requestAirdrop: (params) => chain.airdrop(keyAt(params, 0), Number(params[1])),
});

const WORDS: Readonly<Record<string, string>> = {
  AlreadyProcessed: 'This transaction has already been processed',
  BlockhashNotFound: 'Blockhash not found',
  InsufficientFundsForFee: 'Transaction fee payer account has insufficient funds for fee',
  AccountNotFound: 'Attempt to debit an account but found no record of a prior credit.',
  SignatureFailure: 'Transaction did not pass signature verification',
};

const levelOf = (chain: EmbeddedChain, slot: number): 'confirmed' | 'finalized' =>
  slot + FINALITY <= chain.slot() ? 'finalized' : 'confirmed';

const historyMethods = (chain: EmbeddedChain): Methods => ({
  getSignatureStatuses: ([signatures]) => {
    if (!Array.isArray(signatures)) throw new RpcFault(-32602, 'Invalid params: a list of signatures is needed');
    return inContext(
      chain,
      signatures.map((signature) => statusOf(chain, chain.find(String(signature)))),
    );
  },
  getTransaction: (params) => {
    const found = chain.find(textAt(params, 0));
    return found?.kind === 'transaction' ? transactionView(found, optionsAt(params, 1)['encoding']) : null;
  },
  getSignaturesForAddress: (params) => {
    const { limit, before, until } = optionsAt(params, 1);
    const all = chain.history(textAt(params, 0)).filter(({ kind }) => kind === 'transaction');
    const from = before === undefined ? 0 : all.findIndex(({ signature }) => signature === before) + 1;
    const end = until === undefined ? -1 : all.findIndex(({ signature }) => signature === until);
    return all
      .slice(from, end < 0 ? undefined : end)
      .slice(0, Math.min(Number(limit ?? MAX_LISTED), MAX_LISTED))
      .map(({ signature, slot, timeMs, failure, bytes }) => ({
        signature,
        slot,
        err: failure,
        memo: listedMemo(bytes),
        blockTime: Math.floor(timeMs / 1_000),
        confirmationStatus: levelOf(chain, slot),
      }));
  },
});

const listedMemo = (base64: string): string | null => {
  const transaction = parseTransaction(Buffer.from(base64, 'base64'));
  const memo = transaction && memoOf(transaction);
  return memo === undefined ? null : `[${Buffer.byteLength(memo)}] ${memo}`;
};

const statusOf = (chain: EmbeddedChain, found: ChainTransaction | undefined): unknown => {
  if (!found) return null;
  const level = levelOf(chain, found.slot);
  const confirmations = level === 'finalized' ? null : chain.slot() - found.slot;
  return {
    slot: found.slot,
    confirmations,
    err: found.failure,
    status: found.failure === null ? { Ok: null } : { Err: found.failure },
    confirmationStatus: level,
  };
};

const transactionView = ({ bytes, slot, timeMs, failure, feeLamports, units }: ChainTransaction, encoding: unknown): unknown => {
  const wire = parseTransaction(Buffer.from(bytes, 'base64'))!;
  const meta = {
    err: failure,
    fee: feeLamports,
    preBalances: [],
    postBalances: [],
    innerInstructions: [],
    logMessages: null,
    preTokenBalances: [],
    postTokenBalances: [],
    loadedAddresses: { readonly: [], writable: [] },
    computeUnitsConsumed: units,
  };
  const { accountKeys, header, instructions, recentBlockhash } = Message.from(wire.message);
  const message = { accountKeys: accountKeys.map((key) => key.toBase58()), header, instructions, recentBlockhash };
  const transaction = encoding === 'base64' ? [bytes, 'base64'] : { signatures: wire.signatures.map((each) => bs58.encode(each)), message };
  return { slot, blockTime: Math.floor(timeMs / 1_000), meta, version: 'legacy', transaction };
};
