import { fc, test } from '../../test/prop.js';
import { InsertQueryBuilder, type InsertResult } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromHex, toHex } from './encoding.js';
import { consistencyProof, inclusionProof, rootOf } from './merkle.js';
import { ProofRecordEntity, ProofTileEntity } from './proof.entity.js';
import { freshDir, intervalsOf, type ProofPlant, removeDir, START_MS, startProof } from './proof-plant.fixture.js';
import { parseRecord, recordHash } from './record.js';
import { verifyBundle } from './verifier.js';

describe('the log', () => {
  let dir: string;
  let plant: ProofPlant;
  const restart = async (): Promise<void> => {
    const { clock } = plant;
    await plant.stop();
    plant = await startProof(dir, clock);
  };
  const rows = (): Promise<ProofRecordEntity[]> => plant.database.getRepository(ProofRecordEntity).find({ order: { leafIndex: 'ASC' } });
  const leaves = async (): Promise<Uint8Array[]> => (await rows()).map(({ leafHash }) => fromHex(leafHash, 32)!);
  beforeEach(async () => {
    dir = freshDir();
    plant = await startProof(dir);
  });
  afterEach(async () => {
    await plant.stop();
    removeDir(dir);
  });

  it('records an interval once, however often it is told, also within one call and after a restart', async () => {
    const intervals = intervalsOf(0);
    expect(await plant.recorder.recordIntervals([...intervals, ...intervals])).toEqual({ added: 6, alreadyRecorded: 6 });
    await restart();
    expect(await plant.recorder.recordIntervals(intervals)).toEqual({ added: 0, alreadyRecorded: 6 });
    expect(plant.log.size).toBe(6);
  });

  it.each([
    [
      'stored',
      (execute: () => Promise<InsertResult>): Promise<InsertResult> => execute().then(() => Promise.reject(new Error('connection lost'))),
    ],
    ['not stored', (): Promise<InsertResult> => Promise.reject(new Error('connection lost'))],
  ])('goes on after a connection that broke while leaves were %s', async (_what, breaking) => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    const broken = vi.spyOn(InsertQueryBuilder.prototype, 'execute').mockImplementationOnce(async function (
      this: InsertQueryBuilder<object>,
    ) {
      broken.mockRestore();
      return breaking(() => this.execute());
    });
    await expect(plant.recorder.recordIntervals(intervalsOf(1))).rejects.toThrow('connection lost');
    await plant.recorder.recordIntervals([...intervalsOf(1), ...intervalsOf(2)]);
    const meter = (await rows()).filter(({ deviceId }) => deviceId === 'meter-1').map(({ record }) => parseRecord(record!)!.sequence);
    expect(meter).toEqual([0, 1, 2]);
    expect(toHex(plant.log.root())).toBe(toHex(rootOf(await leaves())));
    expect(plant.log.size).toBe(18);
  });

  it('has the database refuse a second reading of an interval', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    const [row] = await rows();
    await expect(plant.database.getRepository(ProofRecordEntity).insert(Object.assign(row!, { leafIndex: 99 }))).rejects.toThrow(/UNIQUE/);
  });

  it('chains the records of a device and channel, across a restart', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    await restart();
    await plant.recorder.recordIntervals(intervalsOf(1));
    const meter = (await rows()).filter(({ deviceId, channel }) => deviceId === 'meter-1' && channel === 'grid');
    const [first, second] = meter.map(({ record }) => parseRecord(record!)!);
    expect([first!.sequence, second!.sequence]).toEqual([0, 1]);
    expect(second!.previous).toBe(recordHash(meter[0]!.record!));
  });

  it('states a gap as missing, and no energy with it', async () => {
    const [interval] = intervalsOf(0);
    await plant.recorder.recordIntervals([
      { ...interval!, quality: 'missing' },
      { ...interval!, flow: 'pv', toBusWh: Number.NaN, fromBusWh: undefined },
    ]);
    for (const { record } of await rows()) {
      expect(parseRecord(record!)).toMatchObject({ quality: 'missing' });
      expect(record).not.toMatch(/^(to|from)-bus /m);
    }
  });

  test.prop([fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat()], { numRuns: 6 })(
    'gives the proofs of RFC 6962 at every size it has been through, also after a restart',
    async (batches, some, other) => {
      let slot = plant.log.size / 6;
      for (const count of batches) {
        const intervals = Array.from({ length: count }, (_, at) => intervalsOf(slot + at)).flat();
        slot += count;
        await plant.recorder.recordIntervals(intervals);
      }
      await restart();
      const all = await leaves();
      const size = 1 + (some % all.length);
      const index = other % size;
      expect(toHex(plant.log.root())).toBe(toHex(rootOf(all)));
      expect(await plant.log.inclusionProof(index, size)).toEqual(inclusionProof(all.slice(0, size), index));
      expect(await plant.log.consistencyProof(index, size)).toEqual(consistencyProof(all.slice(0, size), index));
    },
    120_000,
  );

  it('makes tiles up for leaves that were stored without them, and upper tiles for lower ones', async () => {
    await plant.recorder.recordIntervals(Array.from({ length: 150 }, (_, slot) => intervalsOf(slot)).flat());
    const root = toHex(plant.log.root());
    await plant.database.getRepository(ProofTileEntity).delete({ level: 1 });
    await restart();
    expect(toHex(plant.log.root())).toBe(root);
    await plant.database.getRepository(ProofTileEntity).clear();
    await restart();
    expect(toHex(plant.log.root())).toBe(root);
  });

  it('forgets a site, and proves everyone else as before', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    await plant.proof.anchorNow();
    await plant.proof.eraseSite('home-1', START_MS);
    const all = await rows();
    const erased = all.filter(({ siteId }) => siteId === 'home-1');
    expect(erased.flatMap(({ record, salt, signature }) => [record, salt, signature])).toEqual(Array.from({ length: 6 }, () => null));
    for (const { leafIndex } of erased) expect(await plant.proof.bundle(leafIndex)).toEqual({ kind: 'erased', siteId: 'home-1' });
    for (const { leafIndex } of all.filter((row) => !erased.includes(row))) {
      const outcome = await plant.proof.bundle(leafIndex);
      expect(outcome.kind === 'bundle' && verifyBundle(outcome.file).ok).toBe(true);
    }
    expect(await plant.proof.proofsOf('home-1', { limit: 10 })).toEqual([]);
    await plant.recorder.recordIntervals(intervalsOf(1));
    expect(await plant.proof.anchorNow()).toMatchObject({ kind: 'anchored', size: 12 });
  });

  it('goes on under another key and pseudonym for a site that was erased, also after a restart', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    const before = parseRecord((await rows()).find(({ siteId }) => siteId === 'home-1')!.record!)!;
    expect(await plant.proof.eraseSite('home-1', START_MS)).toBe(2);
    await plant.recorder.recordIntervals(intervalsOf(1));
    await restart();
    await plant.recorder.recordIntervals(intervalsOf(2));
    const meter = (await rows()).filter(({ deviceId, record }) => deviceId === 'meter-1' && record !== null);
    const records = meter.map(({ record }) => parseRecord(record!)!);
    expect(records.map(({ sequence }) => sequence)).toEqual([0, 1]);
    for (const { site, signer } of records) {
      expect(site).not.toBe(before.site);
      expect(signer).not.toBe(before.signer);
    }
    expect(await plant.proof.eraseSite('home-1', START_MS)).toBe(4);
    await plant.recorder.recordIntervals(intervalsOf(3));
    const again = parseRecord((await rows()).find(({ siteId, record }) => siteId === 'home-1' && record !== null)!.record!)!;
    expect(again.site).not.toBe(records[0]!.site);
  });

  it('lists the newest proofs of a site, with their anchors', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    await plant.proof.anchorNow();
    await plant.recorder.recordIntervals(intervalsOf(1));
    const [newest, , older] = await plant.proof.proofsOf('home-2', { limit: 3 });
    expect(newest).toMatchObject({ deviceId: 'pv-2', channel: 'pv', toBusWh: 512, quality: 'measured' });
    expect(newest!.anchor).toBeUndefined();
    expect(older!.anchor).toMatchObject({ slot: expect.any(Number) as number });
    expect(await plant.proof.bundle(999)).toEqual({ kind: 'unknown' });
  });

  it('puts nothing on chain but origin, size, roots and policy', async () => {
    await plant.recorder.recordIntervals(intervalsOf(0));
    await plant.proof.anchorNow();
    const { memo, transaction } = (await plant.outbox.latest())!;
    expect(memo).toMatch(
      /^vpp1\|heliograph\.test\/plant\|6\|[A-Za-z0-9+/]{43}=\|47DEQpj8HBSa\+\/TImW\+5JCeuQeRkm5NMpJWZG3hSuFU=\|interval-1$/,
    );
    const text = Buffer.from(transaction!, 'base64').toString('latin1');
    for (const name of ['home', 'meter', 'pv-']) expect(text).not.toContain(name);
    const fee = plant.ledger.node.chain.find((await plant.outbox.latest())!.signature!)!.feeLamports;
    expect(fee).toBe(5_000);
  });
});
