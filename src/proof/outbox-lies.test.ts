import { cpSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromBase64, toBase64 } from './encoding.js';
import { memosOnChain, untilAnchored } from './outbox-crashes.fixture.js';
import { ProofRecordEntity, ProofTileEntity } from './proof.entity.js';
import { freshDir, intervalsOf, ORIGIN, type ProofPlant, removeDir, startProof } from './proof-plant.fixture.js';
import { signingKeyOf } from './signing-keys.js';
import { parseTransaction } from './transaction.js';
import { verifyBundle } from './verifier.js';

/** A node, a database and a second plant that do not tell the outbox the truth. */
describe('the outbox', () => {
  let dir: string;
  let plant: ProofPlant;
  beforeEach(async () => {
    dir = freshDir();
    plant = await startProof(dir);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await plant.stop();
    removeDir(dir);
  });
  const latest = async () => (await plant.outbox.latest())!;
  const fault = async () => (await plant.proof.status()).fault;
  const saying = (words: RegExp, retryable: boolean): unknown => ({ retryable, message: expect.stringMatching(words) as string });
  const restart = async (): Promise<void> => {
    const { clock } = plant;
    await plant.stop();
    plant = await startProof(dir, clock);
  };
  /** An anchor that landed, of which nobody heard before its time was over. */
  const landedUnheard = async (): Promise<string> => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    plant.ledger.node.failNext('sendTransaction', 'lose-answer');
    await plant.proof.anchorNow();
    plant.clock.set(plant.clock.now() + 300_000);
    return (await latest()).signature!;
  };
  const expectOneAnchor = async (signature: string): Promise<void> => {
    expect(await latest()).toMatchObject({ signature, expiredSignatures: [] });
    vi.restoreAllMocks();
    await untilAnchored(plant);
    expect(memosOnChain(plant)).toHaveLength(1);
  };

  it('signs no second anchor while a node says that the first is in a block and does not tell its transaction', async () => {
    const signature = await landedUnheard();
    vi.spyOn(plant.ledger, 'transaction').mockResolvedValue(undefined);
    vi.spyOn(plant.ledger, 'memoTransactions').mockResolvedValue({ transactions: [], untold: 0, complete: true });
    await plant.proof.pushOutbox();
    expect(await fault()).toEqual(saying(/does not tell its transaction/, true));
    await expectOneAnchor(signature);
  });

  it('signs no second anchor while a node lists one of the key that it does not tell', async () => {
    const signature = await landedUnheard();
    vi.spyOn(plant.ledger, 'find').mockResolvedValue(undefined);
    vi.spyOn(plant.ledger.node.chain, 'find').mockReturnValue(undefined);
    await plant.proof.pushOutbox();
    expect(await fault()).toEqual(saying(/lists 1 transaction/, true));
    await expectOneAnchor(signature);
  });

  it('finds its anchor in the history of a node that keeps no memos', async () => {
    const signature = await landedUnheard();
    vi.spyOn(plant.ledger, 'find').mockResolvedValue(undefined);
    const { chain } = plant.ledger.node;
    const history = chain.history.bind(chain);
    // What lists memos reads them from the bytes; the answer to `getTransaction` is another one.
    vi.spyOn(chain, 'history').mockImplementation((address) => history(address).map((each) => ({ ...each, bytes: '' })));
    await plant.proof.pushOutbox();
    expect(await fault()).toBeUndefined();
    await expectOneAnchor(signature);
  });

  it.each([
    ['another transaction', (bytes: Uint8Array, slot: number) => ({ bytes: bytes.with(9, bytes[9]! ^ 1), slot })],
    ['another slot', (bytes: Uint8Array, slot: number) => ({ bytes, slot: slot + 1 })],
  ])('takes no anchor for landed on the word of a node that tells %s', async (_what, lie) => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    const honest = plant.ledger.transaction.bind(plant.ledger);
    vi.spyOn(plant.ledger, 'transaction').mockImplementation(async (signature) => {
      const found = await honest(signature);
      return found && { ...found, ...lie(found.bytes, found.slot) };
    });
    await plant.proof.anchorNow();
    expect((await latest()).state).toBe('signed');
    expect(await fault()).toEqual(saying(/contradicts itself/, true));
    await expectOneAnchor((await latest()).signature!);
  });

  it('says so where a node does not tell when a block was', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    const honest = plant.ledger.transaction.bind(plant.ledger);
    vi.spyOn(plant.ledger, 'transaction').mockImplementation(async (signature) => {
      const found = await honest(signature);
      return found && { ...found, timeMs: undefined };
    });
    await plant.proof.anchorNow();
    expect(await fault()).toEqual(saying(/does not tell when/, true));
  });

  it('believes no transaction of its key that the key has not signed', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    await untilAnchored(plant);
    const [landed] = plant.ledger.node.chain.history((await plant.proof.status()).anchorAddress);
    const forged = Buffer.from(Buffer.from(landed!.bytes, 'base64').toString('latin1').replace('|6|', '|5|'), 'latin1');
    expect(parseTransaction(forged)).toBeDefined();
    const { chain } = plant.ledger.node;
    const [find, history] = [chain.find.bind(chain), chain.history.bind(chain)];
    const lie = { ...landed!, signature: '1'.repeat(64), bytes: toBase64(forged) };
    vi.spyOn(chain, 'history').mockImplementation((address) => [lie, ...history(address)]);
    vi.spyOn(chain, 'find').mockImplementation((signature) => (signature === lie.signature ? lie : find(signature)));
    await plant.recorder.recordIntervals(intervalsOf(1));
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'anchored', size: 12 });
    expect(await plant.evidence.count()).toBe(0);
  });

  it('anchors no log that was shortened since its last anchor, or altered', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    await untilAnchored(plant);
    await plant.recorder.recordIntervals(intervalsOf(1));
    const records = () => plant.database.getRepository(ProofRecordEntity);
    const rewritten = async (leafHash: string): Promise<void> => {
      await records().update({ leafIndex: 3 }, { leafHash });
      await plant.database.getRepository(ProofTileEntity).clear();
      await restart();
    };
    const { leafHash } = await records().findOneByOrFail({ leafIndex: 3 });
    await rewritten('ab'.repeat(32));
    const refused = (words: RegExp): unknown => ({ kind: 'pending', size: plant.log.size, reason: expect.stringMatching(words) as string });
    expect(await plant.proof.anchorNow()).toEqual(refused(/6 entries were anchored, and those in the log are others/));
    expect((await fault())!.retryable).toBe(false);

    await rewritten(leafHash);
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'anchored', size: 12 });

    await records().delete({ leafIndex: 11 });
    await rewritten(leafHash);
    expect(await plant.proof.anchorNow()).toEqual(refused(/12 entries were anchored, and the log has 11: it was shortened/));
    expect(memosOnChain(plant)).toHaveLength(2);
  });

  it('anchors nothing under another key than the log had before, and hands out what the old one anchored', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    await untilAnchored(plant);
    const anchor = signingKeyOf(new Uint8Array(32).fill(7));
    const { clock } = plant;
    await plant.stop();
    plant = await startProof(dir, clock, undefined, anchor);
    await plant.recorder.recordIntervals(intervalsOf(1));
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'pending', reason: expect.stringMatching(/another key before/) as string });
    const old = await plant.proof.bundle(0);
    expect(old.kind === 'bundle' && verifyBundle(old.file).ok).toBe(true);
  });

  it('keeps two anchors of its key for one root as evidence, once, and raises an alarm', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    await untilAnchored(plant);
    const copy = freshDir();
    cpSync(dir, copy, { recursive: true });
    const twin = await startProof(copy, plant.clock);
    await twin.recorder.recordIntervals(intervalsOf(2));
    await twin.proof.anchorNow();
    const theirs = (await twin.outbox.latest())!.transaction!;
    const told = await twin.proof.bundle(6);
    await twin.stop();
    removeDir(copy);

    await plant.recorder.recordIntervals(intervalsOf(1));
    await plant.proof.anchorNow();
    const ours = (await latest()).transaction;
    await plant.ledger.send(fromBase64(theirs)!);
    await plant.recorder.recordIntervals(intervalsOf(3));
    for (const _ of [0, 1]) expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'pending' });
    const kept = await plant.evidence.list(10);
    expect(kept).toMatchObject([{ kind: 'anchor', siteId: null, detail: 'the anchor key signed two roots for 12 entries' }]);
    expect(JSON.parse(kept[0]!.evidence)).toEqual({ brought: theirs, held: ours });
    expect(plant.alarms[0]).toMatchObject({ subject: 'proof', kind: 'contradiction', severity: 'critical' });

    // Whoever holds a bundle of the twin's shows the same.
    const keys = { origin: ORIGIN, key: plant.keys.log.publicKey };
    const outcome = told.kind === 'bundle' ? await plant.evidence.examine(told.file, keys) : undefined;
    expect(outcome).toMatchObject({ kind: 'contradicts', details: expect.arrayContaining([kept[0]!.detail]) as string[] });
    expect((await plant.evidence.list(10)).filter(({ kind }) => kind === 'anchor')).toHaveLength(1);
  });
});
