import type { ProofPlant, Sabotage } from './proof-plant.fixture.js';
import { base58, memoOf, parseTransaction } from './transaction.js';

/** The end of a process, as far as the outbox can tell. */
export class Crash extends Error {}

const WATCHED = ['insert', 'update', 'prepare', 'send', 'find', 'transaction', 'finalized', 'memoTransactions', 'oldestSlot'];

/** Lets `steps` calls pass, then the process "dies": before the next call, or after it and before its answer. Nothing passes from then on. */
export const dyingAfter = (steps: number, when: 'before' | 'after'): { sabotage: Sabotage; died: () => boolean } => {
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
export const memosOnChain = ({ ledger, keys }: ProofPlant): string[] => {
  const address = base58(keys.anchor.publicKey);
  const memos = ledger.node.chain.history(address).map(({ bytes }) => {
    const transaction = parseTransaction(Buffer.from(bytes, 'base64'));
    return transaction && memoOf(transaction);
  });
  return memos.filter((memo) => memo !== undefined).toReversed();
};

/** Time goes on until everything recorded is anchored for good. */
export const untilAnchored = async (plant: ProofPlant): Promise<void> => {
  for (let tries = 0; tries < 12; tries += 1) {
    await plant.proof.anchorNow();
    const { anchoredLeaves, leaves, unfinishedAnchors } = await plant.proof.status();
    if (anchoredLeaves === leaves && unfinishedAnchors === 0) return;
    plant.clock.set(plant.clock.now() + 20_000);
  }
  throw new Error('the outbox did not come to rest');
};
