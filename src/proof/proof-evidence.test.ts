import { cpSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bundle, serializeBundle } from './bundle.js';
import { parseRecord } from './record.js';
import { beginNewLog } from './signing-keys.js';
import { forksAmong, verifyBundle } from './verifier.js';
import { contradictionsAmong } from './contradictions.js';
import { commitmentOf } from './commitment.js';
import { fromHex, toHex, utf8 } from './encoding.js';
import { freshDir, intervalsOf, ORIGIN, type ProofPlant, removeDir, START_MS, startProof } from './proof-plant.fixture.js';

/** A plant of which an older copy was restored: two logs under the same keys, on the same ledger. */
describe('evidence', () => {
  const dirs: string[] = [];
  let plant: ProofPlant;
  beforeEach(async () => {
    dirs.push(freshDir());
    plant = await startProof(dirs[0]!);
  });
  afterEach(async () => {
    await plant.stop();
    for (const dir of dirs.splice(0)) removeDir(dir);
  });

  const examine = (bundle: Bundle) => plant.evidence.examine(serializeBundle(bundle), { origin: ORIGIN, key: plant.keys.log.publicKey });
  const bundleOf = async (leafIndex: number): Promise<Bundle> => {
    const outcome = await plant.proof.bundle(leafIndex);
    if (outcome.kind !== 'bundle') throw new Error(outcome.kind);
    return outcome.bundle;
  };
  const anchored = async (slot: number): Promise<void> => {
    await plant.recorder.recordIntervals(intervalsOf(slot));
    await plant.proof.anchorNow();
    plant.clock.set(plant.clock.now() + 20_000);
    await plant.proof.pushOutbox();
  };
  /** The record with one energy written otherwise, and signed by the same key. */
  const retold = (bundle: Bundle): Bundle => {
    const record = bundle.record.replace('to-bus 120.500', 'to-bus 121.500');
    const signature = plant.keys.ofSite('home-0').key.sign(utf8(record));
    const commitment = toHex(commitmentOf(fromHex(bundle.salt)!, record, signature));
    return { ...bundle, record, signature: toHex(signature), commitment };
  };

  it('of two different signed records for one sequence is kept, once, and raises an alarm', async () => {
    await anchored(0);
    const bundle = await bundleOf(0);
    expect(await examine(bundle)).toEqual({ kind: 'agrees' });
    const other = retold(bundle);
    expect(contradictionsAmong([bundle, other])).toEqual([expect.stringMatching(/two different signed records stand at number 0/)]);
    for (const _ of [0, 1]) expect(await examine(other)).toMatchObject({ kind: 'contradicts' });
    expect(plant.alarms[0]).toMatchObject({ subject: 'proof', severity: 'critical', kind: 'contradiction' });
    const [kept, ...more] = await plant.evidence.list(10);
    expect(more).toEqual([]);
    expect(kept).toMatchObject({ kind: 'record', siteId: 'home-0' });
    expect(JSON.parse(kept!.evidence)).toMatchObject({ held: bundle.record, brought: expect.stringContaining('121.500') as string });
  });

  it('is what this plant signed, and nothing else', async () => {
    await anchored(0);
    const bundle = await bundleOf(0);
    const unsigned = { ...bundle, record: retold(bundle).record, checkpoint: bundle.checkpoint.replace('\n6\n', '\n7\n') };
    expect(await examine(unsigned)).toEqual({ kind: 'not-ours' });
    expect(await plant.evidence.examine('{}', { origin: ORIGIN, key: plant.keys.log.publicKey })).toMatchObject({ kind: 'malformed' });
    expect(await plant.evidence.count()).toBe(0);
    expect(contradictionsAmong([bundle, unsigned])).toEqual([]);
  });

  it('goes with the household it is of', async () => {
    await anchored(0);
    await examine(retold(await bundleOf(0)));
    await plant.proof.eraseSite('home-0', START_MS);
    expect(await plant.evidence.count()).toBe(0);
  });

  /** Restores the state after the first interval, once the second one is anchored on the same ledger. */
  const restored = async (): Promise<Bundle> => {
    await anchored(0);
    const copy = freshDir();
    dirs.push(copy);
    const { clock } = plant;
    await plant.stop();
    cpSync(dirs[0]!, copy, { recursive: true });
    plant = await startProof(dirs[0]!, clock);
    await anchored(1);
    const lost = await bundleOf(6);
    await plant.stop();
    // The chain forgets nothing.
    cpSync(`${dirs[0]!}/embedded-ledger.jsonl`, `${copy}/embedded-ledger.jsonl`);
    plant = await startProof(copy, clock);
    return lost;
  };

  it('of a restored older log is what its chain and its customers still hold', async () => {
    const lost = await restored();
    await plant.recorder.recordIntervals(intervalsOf(2));
    expect(await plant.proof.anchorNow()).toMatchObject({
      kind: 'pending',
      reason: expect.stringMatching(/older copy of the plant was restored/) as string,
    });
    expect((await plant.proof.status()).fault).toMatchObject({ retryable: false });
    expect(plant.ledger.node.chain.history((await plant.proof.status()).anchorAddress)).toHaveLength(3);
    const outcome = await examine(lost);
    expect(outcome).toMatchObject({ kind: 'contradicts' });
    const kinds = (await plant.evidence.list(10)).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['anchor', 'record', 'tree']);
  });

  it('ends where the restored plant begins a new log, and what the old one holds stays provable', async () => {
    const lost = await restored();
    const { clock, dir } = plant;
    await plant.stop();
    expect(beginNewLog(dir)).toEqual({ before: ORIGIN, origin: `${ORIGIN}#2` });
    plant = await startProof(dir, clock);
    await plant.recorder.recordIntervals(intervalsOf(2));
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'anchored', size: 12 });
    const [old, fresh] = [await bundleOf(0), await bundleOf(6)];
    expect([lost, old, fresh].map((each) => verifyBundle(each).ok)).toEqual([true, true, true]);
    expect(parseRecord(fresh.record)!.sequence).toBe(0);
    expect(contradictionsAmong([lost, old, fresh])).toEqual([]);
    const { transactions, complete } = await plant.ledger.memoTransactions(plant.keys.anchor.publicKey, { limit: 100 });
    const memos = transactions.map(({ memo }) => memo);
    expect(complete).toBe(true);
    for (const origin of [ORIGIN, `${ORIGIN}#2`]) expect(forksAmong(memos, origin, true)).toEqual([]);
    expect(forksAmong(memos.slice(0, 2), ORIGIN, true)).toEqual([expect.stringMatching(/follows a root never anchored/)]);
  });

  it('is not what the plant signed anew because it had expired', async () => {
    await anchored(0);
    await plant.recorder.recordIntervals(intervalsOf(1));
    plant.ledger.node.failNext('sendTransaction', 'drop');
    await plant.proof.anchorNow();
    plant.clock.set(plant.clock.now() + 300_000);
    await plant.proof.pushOutbox();
    await plant.recorder.recordIntervals(intervalsOf(2));
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'anchored', size: 18 });
  });
});
