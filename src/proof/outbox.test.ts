import { fc, test } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../platform/clock.js';
import type { Fault } from './adapters/embedded-ledger.js';
import { base58, memoOf, parseTransaction } from './transaction.js';
import { freshDir, intervalsOf, type ProofPlant, removeDir, type Sabotage, START_MS, startProof } from './proof-plant.fixture.js';
import { forksAmong, verifyBundle } from './verifier.js';

class Crash extends Error {}

const WATCHED = ['insert', 'update', 'prepare', 'send', 'find', 'transaction', 'finalizedHeight', 'memoTransactions', 'oldestSlot'];

/** Lets `steps` calls pass, then the process "dies": before the next call, or after it and before its answer. Nothing passes from then on. */
const dyingAfter = (steps: number, when: 'before' | 'after'): { sabotage: Sabotage; died: () => boolean } => {
  let left = steps;
  const wrap = (target: object, name: string, call: (...args: unknown[]) => unknown) =>
    async function step(...args: unknown[]): Promise<unknown> {
      left -= 1;
      if (left < -1 || (left === -1 && when === 'before')) throw new Crash(name);
      const answer = await call.apply(target, args);
      if (left === -1) throw new Crash(name);
      return answer;
    };
  const sabotage: Sabotage = (target) =>
    new Proxy(target, {
      get: (inner, name) => {
        const value: unknown = Reflect.get(inner, name);
        if (typeof value !== 'function') return value;
        const call = value as (...args: unknown[]) => unknown;
        return WATCHED.includes(String(name)) ? wrap(inner, String(name), call) : call.bind(inner);
      },
    });
  return { sabotage, died: () => left < 0 };
};

/** Memos on chain under the plant's key, oldest first: what any outsider can see. */
const memosOnChain = ({ ledger, keys }: ProofPlant): string[] => {
  const address = base58(keys.anchor.publicKey);
  const memos = ledger.node.chain.history(address).map(({ bytes }) => {
    const transaction = parseTransaction(Buffer.from(bytes, 'base64'));
    return transaction && memoOf(transaction);
  });
  return memos.filter((memo) => memo !== undefined).toReversed();
};

const untilAnchored = async (plant: ProofPlant): Promise<void> => {
  for (let tries = 0; tries < 12; tries += 1) {
    await plant.proof.anchorNow();
    const { anchoredLeaves, leaves, unfinishedAnchors } = await plant.proof.status();
    if (anchoredLeaves === leaves && unfinishedAnchors === 0) return;
    plant.clock.set(plant.clock.now() + 20_000);
  }
  throw new Error('the outbox did not come to rest');
};

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
    await first.proof.recordInterval(intervalsOf(0));
    await untilAnchored(first);
    await stopAll();

    const { sabotage, died } = dyingAfter(steps, when);
    const dying = await start(clock, sabotage);
    await dying.proof.recordInterval(intervalsOf(1));
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
          fc.constantFrom('sendTransaction', 'getSignatureStatuses', 'getTransaction', 'getBlockHeight', 'getLatestBlockhash'),
          fc.constantFrom<Fault>('busy', 'lose-answer', 'drop'),
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
        await plant.proof.recordInterval(intervalsOf(slot));
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
    for (let slot = 0; slot < 8; slot += 1) await plant.proof.recordInterval(intervalsOf(slot));
    await untilAnchored(plant);
    await expectAnchoredOnce(plant, [48]);
    expect(await plant.proof.anchorNow()).toEqual({ kind: 'up-to-date' });
  });

  it('proves nothing that nobody here has seen', async () => {
    const plant = await start();
    const [seen, ...brought] = intervalsOf(0);
    const outcome = await plant.proof.recordInterval([seen!, ...brought.map((one) => ({ ...one, imported: true as const }))]);
    expect(outcome).toEqual({ added: 1, alreadyRecorded: 0 });
  });

  it('sends the very same bytes again while they can land', async () => {
    const plant = await start();
    await plant.proof.recordInterval(intervalsOf(0));
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
    await plant.proof.recordInterval(intervalsOf(0));
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
    await plant.proof.recordInterval(intervalsOf(0));
    plant.ledger.node.failNext('sendTransaction', 'drop');
    await plant.proof.anchorNow();
    const given = (await plant.outbox.latest())!.signature;
    plant.clock.set(plant.clock.now() + 300_000);
    vi.spyOn(plant.ledger, 'oldestSlot').mockResolvedValue(100_000);
    await plant.proof.pushOutbox();
    expect((await plant.proof.status()).fault?.message).toMatch(/forgotten/);
    expect((await plant.outbox.latest())!.signature).toBe(given);
  });

  it('takes an anchor out again that a dropped block took along, and sends it again', async () => {
    const plant = await start();
    await plant.proof.recordInterval(intervalsOf(0));
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
    await plant.proof.recordInterval(intervalsOf(0));
    plant.ledger.node.chain.drain(plant.keys.anchor.publicKey);
    await plant.proof.anchorNow();
    expect((await plant.proof.status()).fault).toMatchObject({ retryable: false });
    expect(await plant.proof.balance()).toEqual({ lamports: 0, anchorsLeft: 0 });
  });
});
