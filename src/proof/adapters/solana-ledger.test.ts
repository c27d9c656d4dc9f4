import { ComputeBudgetProgram, Connection, Keypair, PublicKey, Transaction, TransactionInstruction } from '@solana/web3.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshDir, intervalsOf, type ProofPlant, removeDir, startProof } from '../proof-plant.fixture.js';
import { MEMO_PROGRAM } from '../transaction.js';

describe('anchors on a cluster', () => {
  let dir: string;
  let plant: ProofPlant;
  beforeEach(async () => {
    dir = freshDir();
    plant = await startProof(dir);
  });
  afterEach(async () => {
    await plant.stop();
    removeDir(dir);
  });

  it('takes nobody else’s transaction that names its key for its own', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    await plant.proof.anchorNow();
    const { memo } = (await plant.outbox.latest())!;
    const stranger = Keypair.generate();
    const connection = new Connection(plant.ledger.rpcUrl, 'confirmed');
    await connection.requestAirdrop(stranger.publicKey, 1_000_000_000);
    const named = { pubkey: new PublicKey(plant.keys.anchor.publicKey), isSigner: false, isWritable: false };
    const lie = memo.replace('|6|', '|5|');
    const transaction = new Transaction({ feePayer: stranger.publicKey, ...(await connection.getLatestBlockhash()) });
    // The budget program looks at no account, so that the key can be named there.
    const { programId, data } = ComputeBudgetProgram.setComputeUnitLimit({ units: 100_000 });
    transaction.add(new TransactionInstruction({ programId, data, keys: [named] }));
    transaction.add(new TransactionInstruction({ programId: new PublicKey(MEMO_PROGRAM), keys: [], data: Buffer.from(lie) }));
    transaction.sign(stranger);
    await connection.sendRawTransaction(transaction.serialize());
    const listed = await connection.getSignaturesForAddress(new PublicKey(plant.keys.anchor.publicKey));
    expect(listed.map((each) => each.memo)).toContain(`[${lie.length}] ${lie}`);
    const { transactions } = await plant.ledger.memoTransactions(plant.keys.anchor.publicKey, { limit: 10 });
    expect(transactions.map((each) => each.memo)).toEqual([memo]);
    await plant.recorder.recordIntervals(intervalsOf(1));
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'anchored', size: 12 });
  });
});
