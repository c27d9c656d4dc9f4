import { fc, test } from '../../test/prop.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../platform/clock.js';
import type { Fault } from './adapters/embedded-ledger.js';
import { Crash, dyingAfter, memosOnChain, untilAnchored } from './outbox-crashes.fixture.js';
import { freshDir, intervalsOf, type ProofPlant, removeDir, type Sabotage, START_MS, startProof } from './proof-plant.fixture.js';
import { forksAmong, verifyBundle } from './verifier.js';

const expectAnchoredOnce = async (plant: ProofPlant, sizes: readonly number[]): Promise<void> => {
  const memos = memosOnChain(plant);
  expect(memos.map((memo) => Number(memo.split('|')[2]))).toEqual(sizes);
  expect(forksAmong(memos, memos[0]!.split('|')[1]!)).toEqual([]);
  for (let leafIndex = 0; leafIndex < plant.log.size; leafIndex += 5) {
    const outcome = await plant.proof.bundle(leafIndex);
    if (outcome.kind !== 'bundle') throw new Error(`leaf ${leafIndex}: ${outcome.kind}`);
    expect(verifyBundle(outcome.file).ok).toBe(true);
  }
};

describe('the outbox', () => {
  let dir: string;
  const plants: ProofPlant[] = [];
  const start = async (clock?: ManualClock, sabotage?: Sabotage): Promise<ProofPlant> => {
    const plant = await startProof(dir, clock, sabotage);
    plants.push(plant);
    return plant;
  };
  const stopAll = async (): Promise<void> => {
    for (const plant of plants.splice(0)) await plant.stop();
  };
  beforeEach(() => {
    dir = freshDir();
  });
  afterEach(async () => {
    await stopAll();
    removeDir(dir);
  });

  /** One anchor in peace, then one during which the process dies, then a restart `pauseMs` later. */
  const dieAndRestart = async (steps: number, when: 'before' | 'after', pauseMs: number): Promise<boolean> => {
    const clock = new ManualClock(START_MS);
    const first = await start(clock);
    await first.recorder.recordIntervals(intervalsOf(0));
    await untilAnchored(first);
    await stopAll();

    const { sabotage, died } = dyingAfter(steps, when);
    const dying = await start(clock, sabotage);
    await dying.recorder.recordIntervals(intervalsOf(1));
    // A crash takes the process with it, so nothing after it runs; only other errors are a fault of the outbox.
    await dying.proof.anchorNow().catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
    await stopAll();

    clock.set(clock.now() + pauseMs);
    const after = await start(clock);
    await untilAnchored(after);
    await expectAnchoredOnce(after, [6, 12]);
    await stopAll();
    removeDir(dir);
    dir = freshDir();
    return died();
  };

  it('neither loses nor doubles an anchor, whatever step a crash comes before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      let steps = 0;
      while (await dieAndRestart(steps, when, 0)) steps += 1;
      expect(steps, 'the steps an anchor takes').toBeGreaterThanOrEqual(7);
    }
  }, 180_000);

  it('does the same where the bytes have expired by the time it is back', async () => {
    for (const when of ['before', 'after'] as const) {
      let steps = 0;
      while (await dieAndRestart(steps, when, 300_000)) steps += 1;
      expect(steps).toBeGreaterThanOrEqual(7);
    }
  }, 180_000);

  test.prop(
    [
      fc.array(
        fc.tuple(
          fc.constantFrom('sendTransaction', 'getSignatureStatuses', 'getTransaction', 'getEpochInfo', 'getLatestBlockhash'),
          fc.constantFrom<Fault>('busy', 'lose-answer', 'drop', 'expired', 'duplicate', 'behind', 'slow'),
        ),
        {
          maxLength: 6,
        },
      ),
      fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 3, maxLength: 5 }),
    ],
    { numRuns: 12, endOnFailure: true },
  )(
    'bears a node that is busy, falls silent or loses its answer, while time passes',
    async (faults, pausesMs) => {
      await stopAll();
      removeDir(dir);
      dir = freshDir();
      const plant = await start();
      for (const [method, fault] of faults) plant.ledger.node.failNext(method, fault);
      for (const [slot, pauseMs] of pausesMs.entries()) {
        await plant.recorder.recordIntervals(intervalsOf(slot));
        await plant.proof.anchorNow();
        plant.clock.set(plant.clock.now() + pauseMs);
      }
      await untilAnchored(plant);
      const memos = memosOnChain(plant);
      expect(new Set(memos).size).toBe(memos.length);
      await expectAnchoredOnce(
        plant,
        memos.map((memo) => Number(memo.split('|')[2])),
      );
    },
    120_000,
  );

  it('covers all that closed during an outage with one anchor', async () => {
    const plant = await start();
    for (let slot = 0; slot < 8; slot += 1) await plant.recorder.recordIntervals(intervalsOf(slot));
    await untilAnchored(plant);
    await expectAnchoredOnce(plant, [48]);
    expect(await plant.proof.anchorNow()).toEqual({ kind: 'up-to-date' });
  });

  it('proves nothing that nobody here has seen', async () => {
    const plant = await start();
    const [seen, ...brought] = intervalsOf(0);
    const outcome = await plant.recorder.recordIntervals([seen!, ...brought.map((one) => ({ ...one, imported: true as const }))]);
    expect(outcome).toEqual({ added: 1, alreadyRecorded: 0 });
  });

  it('sends the very same bytes again while they can land', async () => {
    const plant = await start();
    await plant.recorder.recordIntervals(intervalsOf(0));
    plant.ledger.node.failNext('sendTransaction', 'busy');
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'pending', size: 6 });
    expect((await plant.proof.status()).fault).toMatchObject({ retryable: true });
    const waiting = (await plant.outbox.latest())!;
    await plant.proof.pushOutbox();
    const { state, transaction, signature } = (await plant.outbox.latest())!;
    expect({ state, transaction, signature }).toEqual({
      state: 'confirmed',
      transaction: waiting.transaction,
      signature: waiting.signature,
    });
    expect((await plant.proof.status()).fault).toBeUndefined();
  });

  it('signs anew only when the height has passed, and remembers what it gave up', async () => {
    const plant = await start();
    await plant.recorder.recordIntervals(intervalsOf(0));
    plant.ledger.node.failNext('sendTransaction', 'drop');
    await plant.proof.anchorNow();
    const given = (await plant.outbox.latest())!.signature;
    plant.clock.set(plant.clock.now() + 65_000);
    // The hash has expired, but a block that holds it might still become final: wait.
    await plant.proof.pushOutbox();
    expect((await plant.outbox.latest())!.signature).toBe(given);
    plant.clock.set(plant.clock.now() + 15_000);
    await plant.proof.pushOutbox();
    expect((await plant.outbox.latest())!).toMatchObject({ state: 'confirmed', expiredSignatures: [given] });
    await expectAnchoredOnce(plant, [6]);
  });

  it('gives no anchor up on the word of a node that has forgotten the time', async () => {
    const plant = await start();
    await plant.recorder.recordIntervals(intervalsOf(0));
    plant.ledger.node.failNext('sendTransaction', 'drop');
    await plant.proof.anchorNow();
    const given = (await plant.outbox.latest())!.signature;
    plant.clock.set(plant.clock.now() + 300_000);
    vi.spyOn(plant.ledger, 'oldestSlot').mockResolvedValue(100_000);
    await plant.proof.pushOutbox();
    expect((await plant.proof.status()).fault?.message).toMatch(/forgotten/);
    expect((await plant.outbox.latest())!.signature).toBe(given);
  });

  it('believes no node that is behind when it says that an anchor never landed', async () => {
    const plant = await start();
    plant.clock.set(plant.clock.now() + 600_000);
    await plant.recorder.recordIntervals(intervalsOf(0));
    // It lands, and nobody hears of it until its time is over.
    plant.ledger.node.failNext('sendTransaction', 'lose-answer');
    await plant.proof.anchorNow();
    plant.clock.set(plant.clock.now() + 100_000);
    for (const _ of [0, 1]) plant.ledger.node.failNext('getSignatureStatuses', 'behind');
    await plant.proof.pushOutbox();
    expect((await plant.proof.status()).fault).toMatchObject({
      retryable: true,
      message: expect.stringMatching(/the node is behind/) as string,
    });
    // Nor where the one behind is asked for the key's history.
    const blind = vi.spyOn(plant.ledger, 'find').mockResolvedValue(undefined);
    plant.ledger.node.failNext('getSlot', 'behind');
    await plant.proof.pushOutbox();
    expect((await plant.proof.status()).fault?.message).toMatch(/the node is behind/);
    blind.mockRestore();
    await untilAnchored(plant);
    expect((await plant.outbox.latest())!.expiredSignatures).toEqual([]);
    await expectAnchoredOnce(plant, [6]);
  });

  it('takes what only the history still tells for landed', async () => {
    const plant = await start();
    await plant.recorder.recordIntervals(intervalsOf(0));
    plant.ledger.node.failNext('sendTransaction', 'lose-answer');
    await plant.proof.anchorNow();
    plant.clock.set(plant.clock.now() + 300_000);
    const forgetful = vi.spyOn(plant.ledger, 'find').mockResolvedValue(undefined);
    const given = (await plant.outbox.latest())!.signature;
    await plant.proof.pushOutbox();
    expect((await plant.outbox.latest())!).toMatchObject({ signature: given, expiredSignatures: [] });
    forgetful.mockRestore();
    await untilAnchored(plant);
    await expectAnchoredOnce(plant, [6]);
  });

  it('waits out a hash that a node calls expired while it lives, and a transaction that arrives twice', async () => {
    const plant = await start();
    await plant.recorder.recordIntervals(intervalsOf(0));
    plant.ledger.node.failNext('sendTransaction', 'expired');
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'pending' });
    const given = (await plant.outbox.latest())!.signature;
    plant.ledger.node.failNext('sendTransaction', 'duplicate');
    await plant.proof.pushOutbox();
    expect((await plant.outbox.latest())!).toMatchObject({ state: 'confirmed', signature: given });
    await expectAnchoredOnce(plant, [6]);
  });

  it('makes no anchor while it can not see what its key has anchored, and says so', async () => {
    const plant = await start();
    await plant.recorder.recordIntervals(intervalsOf(0));
    plant.ledger.node.failNext('getSignaturesForAddress', 'drop');
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'pending', reason: expect.stringMatching(/history/) as string });
    expect((await plant.proof.status()).fault).toMatchObject({ retryable: true });
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'anchored', size: 6 });
    expect((await plant.proof.status()).fault).toBeUndefined();
  });

  it('takes an anchor out again that a dropped block took along, and sends it again', async () => {
    const plant = await start();
    await plant.recorder.recordIntervals(intervalsOf(0));
    await plant.proof.anchorNow();
    const node = vi.spyOn(plant.ledger, 'find').mockResolvedValue(undefined);
    await plant.proof.pushOutbox();
    expect((await plant.outbox.latest())!.state).toBe('signed');
    expect(await plant.proof.bundle(0)).toMatchObject({ kind: 'not-anchored' });
    node.mockRestore();
    await untilAnchored(plant);
    await expectAnchoredOnce(plant, [6]);
  });

  it('says that an empty account can not be helped by waiting', async () => {
    const plant = await start();
    await plant.recorder.recordIntervals(intervalsOf(0));
    plant.ledger.node.chain.drain(plant.keys.anchor.publicKey);
    await plant.proof.anchorNow();
    expect((await plant.proof.status()).fault).toMatchObject({ retryable: false });
    expect(await plant.balances.now()).toEqual({ lamports: 0, anchorsLeft: 0, daysLeft: 0 });
  });
});
