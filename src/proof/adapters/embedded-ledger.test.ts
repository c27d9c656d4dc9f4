import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Connection, Keypair, LAMPORTS_PER_SOL, PublicKey, SystemProgram, Transaction, TransactionInstruction } from '@solana/web3.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../platform/clock.js';
import { freshDir, removeDir, START_MS } from '../proof-plant.fixture.js';
import { signingKeyOf } from '../signing-keys.js';
import { MEMO_PROGRAM, memoOf, parseTransaction, signaturesHold, signatureText } from '../transaction.js';
import { EmbeddedLedger, EmbeddedNode } from './embedded-ledger.js';

/** Solana's own client, as anyone would use it, against our node over HTTP. */
describe('the embedded ledger', () => {
  let dir: string;
  let clock: ManualClock;
  let node: EmbeddedNode;
  let connection: Connection;
  const start = async (): Promise<void> => {
    node = await EmbeddedNode.start({ dir, clock });
    connection = new Connection(node.url, 'confirmed');
  };
  const pass = (ms: number): void => clock.set(clock.now() + ms);
  const memoBy = async (payer: Keypair, text: string): Promise<Transaction> => {
    const lifetime = await connection.getLatestBlockhash();
    const transaction = new Transaction({ feePayer: payer.publicKey, ...lifetime });
    const keys = [{ pubkey: payer.publicKey, isSigner: true, isWritable: false }];
    transaction.add(new TransactionInstruction({ programId: new PublicKey(MEMO_PROGRAM), keys, data: Buffer.from(text) }));
    transaction.sign(payer);
    return transaction;
  };
  const rich = async (): Promise<Keypair> => {
    const payer = Keypair.generate();
    await connection.requestAirdrop(payer.publicKey, LAMPORTS_PER_SOL);
    return payer;
  };
  beforeEach(async () => {
    dir = freshDir();
    clock = new ManualClock(START_MS);
    await start();
  });
  afterEach(async () => {
    await node.close();
    removeDir(dir);
  });

  it('answers as a node does', async () => {
    pass(4_000);
    expect(await connection.getVersion()).toMatchObject({ 'solana-core': 'embedded' });
    expect(await connection.getSlot('confirmed')).toBe(10);
    expect(await connection.getBlockHeight('finalized')).toBe(0);
    expect(await connection.getGenesisHash()).toMatch(/^\w{32,44}$/);
    expect(await connection.getBlockTime(10)).toBe(Math.floor((START_MS + 4_000) / 1_000));
    expect(await connection.getFirstAvailableBlock()).toBe(0);
    expect(await connection.getMinimumBalanceForRentExemption(0)).toBe(890_880);
    expect((await connection.isBlockhashValid((await connection.getLatestBlockhash()).blockhash)).value).toBe(true);
    expect(await connection.getAccountInfo(Keypair.generate().publicKey)).toBeNull();
    await expect(connection.getClusterNodes()).rejects.toThrow(/Method not found/);
  });

  it('runs a memo for its fee, and gives it back by name, key and slot', async () => {
    const payer = await rich();
    const transaction = await memoBy(payer, 'hello');
    expect((await connection.getFeeForMessage(transaction.compileMessage())).value).toBe(5_000);
    expect((await connection.simulateTransaction(transaction)).value).toMatchObject({ err: null });
    const raw = transaction.serialize();
    const signature = await connection.sendRawTransaction(raw);
    expect(await connection.getBalance(payer.publicKey)).toBe(LAMPORTS_PER_SOL - 5_000);
    expect((await connection.getAccountInfo(payer.publicKey))!.lamports).toBe(LAMPORTS_PER_SOL - 5_000);

    const { value } = await connection.getSignatureStatuses([signature, '1'.repeat(64)]);
    expect(value).toEqual([expect.objectContaining({ err: null, confirmationStatus: 'confirmed' }), null]);
    const found = (await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 }))!;
    expect(Buffer.from(found.transaction.message.serialize())).toEqual(transaction.compileMessage().serialize());
    expect(found).toMatchObject({ slot: value[0]!.slot, meta: { err: null, fee: 5_000 } });
    const [listed] = await connection.getSignaturesForAddress(payer.publicKey);
    expect(listed).toMatchObject({ signature, memo: '[5] hello', blockTime: found.blockTime, err: null });
    pass(14_000);
    expect((await connection.getSignatureStatuses([signature])).value[0]!.confirmationStatus).toBe('finalized');

    const wire = parseTransaction(raw)!;
    expect([memoOf(wire), signatureText(wire), signaturesHold(wire)]).toEqual(['hello', signature, true]);
  });

  it('runs other programs too: it is the real runtime', async () => {
    const [payer, other] = [await rich(), Keypair.generate()];
    const lifetime = await connection.getLatestBlockhash();
    const transfer = SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: other.publicKey, lamports: 2_000_000 });
    const transaction = new Transaction({ feePayer: payer.publicKey, ...lifetime }).add(transfer);
    await connection.sendTransaction(transaction, [payer]);
    expect(await connection.getBalance(other.publicKey)).toBe(2_000_000);
    expect(memoOf(parseTransaction(transaction.serialize())!)).toBeUndefined();
  });

  it('takes the same bytes once, the same memo under a new hash again', async () => {
    const payer = await rich();
    const raw = (await memoBy(payer, 'once')).serialize();
    await connection.sendRawTransaction(raw);
    await expect(connection.sendRawTransaction(raw)).rejects.toThrow(/already been processed/);
    await connection.sendRawTransaction((await memoBy(payer, 'once')).serialize());
    expect(await connection.getSignaturesForAddress(payer.publicKey)).toHaveLength(2);
  });

  it('refuses an expired hash, a bad signature, an empty account and rubbish', async () => {
    const payer = await rich();
    const late = (await memoBy(payer, 'late')).serialize();
    pass(62_000);
    await expect(connection.sendRawTransaction(late)).rejects.toThrow(/Blockhash not found/);
    const forged = (await memoBy(payer, 'forged')).serialize();
    forged[5]! ^= 1;
    await expect(connection.sendRawTransaction(forged)).rejects.toThrow(/signature verification/);
    await expect(connection.sendRawTransaction((await memoBy(Keypair.generate(), 'poor')).serialize())).rejects.toThrow(
      /no record of a prior credit/,
    );
    await expect(connection.sendRawTransaction(Buffer.from('rubbish'))).rejects.toThrow(/SanitizeFailure/);
    const answer = await fetch(node.url, { method: 'POST', body: '{' });
    expect(answer.status).toBe(400);
  });

  it('keeps balances, history, slots and block times across a restart, and cuts a torn line off', async () => {
    const payer = await rich();
    const raw = (await memoBy(payer, 'lasting')).serialize();
    const signature = await connection.sendRawTransaction(raw);
    const pending = (await memoBy(payer, 'pending')).serialize();
    const before = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
    const slot = await connection.getSlot('confirmed');
    await node.close();
    const [journal] = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
    expect(statSync(join(dir, journal!)).mode & 0o777).toBe(0o600);
    appendFileSync(join(dir, journal!), '{"kind":"transaction","sig');

    clock = new ManualClock(START_MS - 5_000);
    await start();
    expect(await connection.getSlot('confirmed'), 'though the clock went back').toBe(slot);
    expect(await connection.getBalance(payer.publicKey)).toBe(LAMPORTS_PER_SOL - 5_000);
    expect(await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })).toEqual(before);
    await expect(connection.sendRawTransaction(raw)).rejects.toThrow(/already been processed/);
    await connection.sendRawTransaction(pending);
    expect((await connection.getSignaturesForAddress(payer.publicKey)).map(({ memo }) => memo)).toEqual(['[7] pending', '[7] lasting']);
  });

  it('fills the anchor account up when it starts, not each time', async () => {
    await node.close();
    const key = signingKeyOf(new Uint8Array(32).fill(3));
    for (const restart of [0, 1]) {
      const ledger = await EmbeddedLedger.start({ dir, clock }, key.publicKey);
      expect(await ledger.balanceLamports(key.publicKey), `start ${restart}`).toBe(10_000_000_000);
      await ledger.close();
    }
    await start();
  });
});
