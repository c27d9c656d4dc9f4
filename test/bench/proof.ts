import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { randomStream } from '../../src/kernel/random.js';
import { ManualClock, monotonicMs } from '../../src/platform/clock.js';
import { verifyInclusion } from '../../src/proof/merkle.js';
import { fromHex } from '../../src/proof/encoding.js';
import { Crash, dyingAfter, memosOnChain, untilAnchored } from '../../src/proof/outbox-crashes.fixture.js';
import { freshDir, intervalsOf, type ProofPlant, removeDir, START_MS, startProof } from '../../src/proof/proof-plant.fixture.js';
import { ProofRecordEntity } from '../../src/proof/proof.entity.js';
import { forksAmong, verifyBundle } from '../../src/proof/verifier.js';
import type { BenchOptions, BenchRow } from './bench-row.js';

/** 5,000 homes with a meter and an inverter each. */
const HOMES = 5_000;
const LEAVES = 1_000_000;
const PROOFS = 1_000;
const CRASHES = 500;

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const fromMs = monotonicMs();
  await work();
  return monotonicMs() - fromMs;
};

/** What this process itself worked, in ms: the same on a busy machine as on a quiet one. */
const worked = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Heap in use once everything that can be thrown away is gone. */
const heapMb = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const closeAnInterval = async (plant: ProofPlant, slot: number): Promise<{ wallMs: number; cpuMs: number }> => {
  const intervals = intervalsOf(slot, HOMES);
  let wallMs = 0;
  const cpuMs = await worked(async () => {
    wallMs = await timed(async () => {
      await plant.recorder.recordIntervals(intervals);
      plant.log.root();
    });
  });
  return { wallMs, cpuMs };
};

/** Rows as an earlier year has left them, up to a million leaves; the log makes up the tiles when it is loaded. */
const fillUp = async ({ database }: ProofPlant, from: number): Promise<void> => {
  await database.query(
    `INSERT INTO proof_records (leaf_index, kind, site_id, device_id, channel, start_ms, leaf_hash)
     WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${LEAVES - 2 * HOMES})
     SELECT i, 'interval-reading', 'home-' || (i % ${HOMES}), 'old-' || (i % ${2 * HOMES}), 'grid', 60000 * (i / ${2 * HOMES}), lower(hex(randomblob(32))) FROM n`,
  );
};

const proofTimes = async (plant: ProofPlant): Promise<{ makeMs: number; checkMs: number }> => {
  const { size } = plant.log;
  const root = plant.log.root();
  const random = randomStream(1);
  const places = Array.from({ length: PROOFS }, () => Math.floor(random() * size));
  const rows = plant.database.getRepository(ProofRecordEntity);
  const [made, checked]: [number[], number[]] = [[], []];
  for (const leafIndex of places) {
    let proof: Uint8Array[] = [];
    made.push(await timed(async () => (proof = await plant.log.inclusionProof(leafIndex, size))));
    const leaf = fromHex((await rows.findOneByOrFail({ leafIndex })).leafHash)!;
    let holds = false;
    checked.push(await timed(() => Promise.resolve((holds = verifyInclusion(leaf, leafIndex, size, proof, root)))));
    if (!holds) throw new Error(`the inclusion proof of leaf ${leafIndex} does not hold`);
  }
  return { makeMs: median(made), checkMs: median(checked) };
};

const logRows = async (): Promise<BenchRow[]> => {
  const dir = freshDir();
  let plant = await startProof(dir);
  try {
    await plant.recorder.recordIntervals(intervalsOf(0, HOMES));
    const empty = await closeAnInterval(plant, 1);
    await plant.stop();
    plant = await startProof(dir, plant.clock);
    const before = heapMb();
    await plant.proof.anchorNow();
    const fee = plant.ledger.node.chain.find((await plant.outbox.latest())!.signature!)!.feeLamports;
    const outcome = await plant.proof.bundle(7_777);
    if (outcome.kind !== 'bundle' || !verifyBundle(outcome.file).ok) throw new Error('the bundle does not hold');
    const bundleMs = (await timed(() => Promise.resolve(Array.from({ length: 50 }, () => verifyBundle(outcome.file))))) / 50;
    await fillUp(plant, plant.log.size);
    const { clock } = plant;
    await plant.stop();
    plant = await startProof(dir, clock);
    const full = await closeAnInterval(plant, 2);
    const after = heapMb();
    const { makeMs, checkMs } = await proofTimes(plant);
    return [
      { what: '10,000 device-intervals signed, committed, appended, root: young log', value: empty.wallMs / 1_000, unit: 's', bound: 2 },
      { what: '  work of this process in it', value: empty.cpuMs / 1_000, unit: 's of CPU' },
      { what: `the same as the last of ${plant.log.size.toLocaleString('en')} leaves`, value: full.wallMs / 1_000, unit: 's', bound: 2 },
      { what: '  work of this process in it', value: full.cpuMs / 1_000, unit: 's of CPU' },
      { what: 'heap with 20,000 and with a million leaves', value: `${before.toFixed(1)} → ${after.toFixed(1)}`, unit: 'MB' },
      { what: 'one inclusion proof among a million leaves, from disk (median)', value: makeMs, unit: 'ms', bound: 1 },
      { what: 'its verification (median)', value: checkMs, unit: 'ms', bound: 1 },
      { what: 'a whole bundle verified, four signatures and all', value: bundleMs, unit: 'ms' },
      { what: 'chain cost of an interval of 5,000 homes', value: fee, unit: 'lamports' },
    ];
  } finally {
    await plant.stop();
    removeDir(dir);
  }
};

/** A plant that dies over and over while it anchors; each time it comes back after some seconds or minutes. */
const crashRows = async (): Promise<BenchRow[]> => {
  const dir = freshDir();
  const random = randomStream(2);
  const clock = new ManualClock(START_MS);
  let [crashes, slot] = [0, 0];
  const tookMs = await timed(async () => {
    while (crashes < CRASHES) {
      const { sabotage, died } = dyingAfter(Math.floor(random() * 12), random() < 0.5 ? 'before' : 'after');
      const plant = await startProof(dir, clock, sabotage);
      if (random() < 0.6) await plant.recorder.recordIntervals(intervalsOf((slot += 1)));
      await plant.proof.anchorNow().catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
      });
      if (died()) crashes += 1;
      await plant.stop();
      clock.set(clock.now() + Math.floor(random() * (random() < 0.2 ? 300_000 : 20_000)));
    }
  });
  const plant = await startProof(dir, clock);
  try {
    await untilAnchored(plant);
    const memos = memosOnChain(plant);
    const sizes = memos.map((memo) => Number(memo.split('|')[2]));
    const twice = memos.length - new Set(memos).size + forksAmong(memos, memos[0]!.split('|')[1]!, true).length;
    const outOfOrder = sizes.filter((size, at) => at > 0 && size <= sizes[at - 1]!).length;
    let lost = plant.log.size - sizes.at(-1)!;
    for (let leafIndex = 0; leafIndex < plant.log.size; leafIndex += 6) {
      const outcome = await plant.proof.bundle(leafIndex);
      if (outcome.kind !== 'bundle' || !verifyBundle(outcome.file).ok) lost += 1;
    }
    return [
      { what: `${CRASHES} crashes of the outbox: intervals`, value: slot, unit: `in ${memos.length} anchors` },
      { what: 'anchored twice, forked or out of order', value: twice + outOfOrder, unit: 'anchors', bound: 1 },
      { what: 'lost, or not verified', value: lost, unit: 'intervals', bound: 1 },
      { what: 'time they took', value: tookMs / 1_000, unit: 's' },
    ];
  } finally {
    await plant.stop();
    removeDir(dir);
  }
};

/** The bar of the proof room: throughput, proofs, memory, cost, and crashes. */
export const proofBench = async ({ only }: BenchOptions): Promise<BenchRow[]> => [
  ...('log'.startsWith(only) ? await logRows() : []),
  ...('crashes'.startsWith(only) ? await crashRows() : []),
];
