import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batteryCalledSun } from './battery-called-sun.js';
import { type Bundle, serializeBundle } from './bundle.js';
import { encodeCheckpoint, parseCheckpoint, parseNote, signCheckpoint } from './checkpoint.js';
import { contradictionsAmong, countedTwice } from './contradictions.js';
import { fromBase64, fromHex, toBase64, toHex } from './encoding.js';
import { type AnchorMemo, encodeMemo, parseMemo } from './memo.js';
import { emptyRoot, leafHash } from './merkle.js';
import { freshDir, intervalsOf, type ProofPlant, removeDir, startProof } from './proof-plant.fixture.js';
import { encodeRecord, type IntervalReading, parseRecord, recordHash } from './record.js';
import { base58, memoOf, parseTransaction } from './transaction.js';
import { forksAmong, verifyBundle } from './verifier.js';

const { verifyBundle: verifyByTheBook } = (await import(new URL('../../test/verifier.mjs', import.meta.url).href)) as {
  verifyBundle: (text: string) => Record<string, string>;
};

/** The steps that fail, by the verifier of this program and by the one that follows the page alone. */
const failedByBoth = (bundle: Bundle): [string[], string[]] => [
  verifyBundle(serializeBundle(bundle)).steps.flatMap(({ name, ok }) => (ok ? [] : [name])),
  Object.entries(verifyByTheBook(serializeBundle(bundle))).flatMap(([name, result]) => (result === 'ok' ? [] : [name])),
];

/** What a plant could sign with its own keys and must not. */
describe('a forger with the keys', () => {
  let dir: string;
  let plant: ProofPlant;
  let first: Bundle;
  /** What `bundle` names as the record before it. */
  let before: Bundle;
  let bundle: Bundle;
  beforeAll(async () => {
    dir = freshDir();
    plant = await startProof(dir);
    for (const slot of [0, 1]) {
      await plant.recorder.recordIntervals(intervalsOf(slot));
      await plant.proof.anchorNow();
      plant.clock.set(plant.clock.now() + 20_000);
    }
    const bundleOf = async (leafIndex: number): Promise<Bundle> => {
      const outcome = await plant.proof.bundle(leafIndex);
      if (outcome.kind !== 'bundle') throw new Error(outcome.kind);
      return outcome.bundle;
    };
    [before, first, bundle] = [await bundleOf(2), await bundleOf(3), await bundleOf(8)];
  });
  afterAll(async () => {
    await plant.stop();
    removeDir(dir);
  });

  const noteOf = (checkpoint: { origin: string; size: number; root: Uint8Array }): string =>
    signCheckpoint(checkpoint, plant.keys.log.publicKey, (message) => plant.keys.log.sign(message));
  const memoIn = ({ anchor }: Bundle): AnchorMemo => parseMemo(memoOf(parseTransaction(fromBase64(anchor.transaction)!)!)!)!;
  const anchoredWith = async (of: Bundle, memo: string): Promise<Bundle> => {
    const { bytes } = await plant.ledger.prepare(memo, plant.keys.anchor);
    return { ...of, anchor: { transaction: toBase64(bytes) } };
  };
  const rewritten = (change: (memo: AnchorMemo) => string): Promise<Bundle> => anchoredWith(bundle, change(memoIn(bundle)));

  it('gets nothing past either verifier: an anchor by other rules, or with a size spelt otherwise', async () => {
    expect(failedByBoth(await rewritten(encodeMemo))).toEqual([[], []]);
    const otherRules = await rewritten((memo) => encodeMemo({ ...memo, policy: 'interval-2' }));
    const [ours, theirs] = failedByBoth(otherRules);
    expect([ours, theirs.includes('anchor')]).toEqual([['anchor'], true]);
    const spelt = await rewritten((memo) => encodeMemo(memo).replace('|12|', '|012|'));
    for (const failed of failedByBoth(spelt)) expect(failed).toContain('anchor');
  });

  it('gets no earlier checkpoint past them that is empty, as large, or signed twice', async () => {
    const { origin, size, root } = memoIn(bundle);
    const twice = {
      ...bundle,
      earlier: { ...bundle.earlier!, checkpoint: `${bundle.earlier!.checkpoint}${lastLine(bundle.earlier!.checkpoint)}` },
    };
    const empty = { ...first, earlier: { checkpoint: noteOf({ origin, size: 0, root: emptyRoot() }), consistency: [] } };
    const own = await rewritten((memo) => encodeMemo({ ...memo, previousRoot: root }));
    const same = { ...own, earlier: { checkpoint: noteOf({ origin, size, root }), consistency: [] } };
    for (const each of [twice, empty, same]) expect(failedByBoth(each)).toEqual([['consistency'], ['consistency']]);
  });

  it('gets no key of its bundle past them in another spelling', () => {
    const key = (text: string): Uint8Array => fromHex(text)!;
    const { log, anchor } = bundle.keys;
    for (const [step, keys] of [
      ['checkpoint', { log: base58(key(log)), anchor }],
      ['checkpoint', { log: log.toUpperCase(), anchor }],
      ['anchor', { log, anchor: base58(key(anchor)) }],
    ] as const)
      for (const failed of failedByBoth({ ...bundle, keys })) expect(failed).toContain(step);
  });

  it('moves no cursor with what nobody has signed', () => {
    for (const ledger of ['embedded\n  passed   landed', '\u001B[2J', '\u009B2J', '', 'x'.repeat(97)]) {
      const forged = { ...bundle, hints: { ...bundle.hints, ledger } };
      expect(failedByBoth(forged)).toEqual([['format'], ['format']]);
    }
    const named = serializeBundle(bundle).replace('  "salt"', '  "\\u001b[2J": "",\n  "salt"');
    expect(JSON.stringify(verifyBundle(named).steps)).not.toMatch(/\[2J/);
  });

  it('gets no number past them that is not exact', () => {
    const large = bundle.record.replace(/\nsequence \d+/, '\nsequence 1000000000000000');
    const key = plant.keys.ofSite('home-1').key;
    const forged = { ...bundle, record: large, signature: toHex(key.sign(Buffer.from(large))) };
    for (const failed of failedByBoth(forged)) expect(failed).toContain('signature');
  });

  it('is told by an anchor that follows one of as many entries or more', () => {
    const memo = memoIn(bundle);
    const shrunk = { ...memo, size: 5, root: memo.root.with(0, memo.root[0]! ^ 1), previousRoot: memo.root };
    expect(forksAmong([encodeMemo(memo), encodeMemo(shrunk)], memo.origin)).toEqual(['an anchor of 5 entries that follows one of 12']);
    expect(forksAmong([encodeMemo({ ...memo, previousRoot: memo.root })], memo.origin)).toHaveLength(1);
    expect(forksAmong([encodeMemo(memoIn(first)), encodeMemo(memo)], memo.origin, true)).toEqual([]);
  });

  it('is told by two bundles: the checkpoint before of one, and two entries at one number', () => {
    expect(contradictionsAmong([first, bundle])).toEqual([]);
    const { origin, size, root } = parseCheckpoint(parseNote(first.checkpoint)!.text)!;
    const forked = noteOf({ origin, size, root: root.with(0, root[0]! ^ 1) });
    const retold = { ...bundle, earlier: { ...bundle.earlier!, checkpoint: forked } };
    expect(contradictionsAmong([first, retold])).toEqual(['the log signed two roots for 6 entries']);
    // A log of one entry at first, and of another one at the same number when it had grown: each holds by itself.
    const commitment = 'cd'.repeat(32);
    const alone = noteOf({ origin, size: 1, root: leafHash(fromHex(commitment)!) });
    const other = { ...first, commitment, leafIndex: 0, inclusion: [], checkpoint: alone };
    const zeroth = { ...first, commitment: 'ab'.repeat(32), leafIndex: 0, inclusion: [] };
    expect(contradictionsAmong([other, { ...zeroth, checkpoint: first.checkpoint }])).toEqual([]);
    const again = { ...zeroth, checkpoint: noteOf({ origin, size: 1, root: leafHash(fromHex(zeroth.commitment)!) }) };
    expect(contradictionsAmong([other, again])).toContain('the log holds two entries at number 0');
  });

  /** Signed by the site's own key, as whoever holds it could. */
  const signed = (record: string): Bundle => ({
    ...bundle,
    record,
    signature: toHex(plant.keys.ofSite('home-1').key.sign(Buffer.from(record))),
  });

  it('is told by the next record of a chain, which names the one before it', () => {
    const next = parseRecord(bundle.record) as IntervalReading;
    expect(next).toMatchObject({ sequence: 1, previous: recordHash(before.record) });
    expect(contradictionsAmong([before, bundle])).toEqual([]);
    const retold = { ...signed(before.record.replace(/to-bus \S+/, 'to-bus 1.000')), commitment: '' };
    for (const pair of [
      [retold, bundle],
      [bundle, retold],
    ])
      expect(contradictionsAmong(pair)).toEqual(['two different signed records stand at number 0 of one chain (grid)']);
  });

  it('is told by a correction that takes the place of something else', () => {
    const reading = parseRecord(bundle.record) as IntervalReading;
    const correction = { ...reading, type: 'correction', supersedes: recordHash(bundle.record), reason: 'late-readings' } as const;
    const own = { sequence: 2, previous: recordHash(bundle.record) };
    expect(contradictionsAmong([bundle, { ...signed(encodeRecord({ ...correction, ...own })), commitment: '' }])).toEqual([]);
    const other = encodeRecord({ ...correction, ...own, startMs: reading.startMs - 1 });
    expect(contradictionsAmong([bundle, { ...signed(other), commitment: '' }])).toEqual([
      'a correction (grid) takes the place of a record of something else',
    ]);
  });

  it('accuses nobody by the pseudonym of another: what another key signed is another account', () => {
    const reading = parseRecord(bundle.record) as IntervalReading;
    const foreign = { ...bundle, leafIndex: 99, record: encodeRecord({ ...reading, signer: 'ab'.repeat(32) }) };
    expect(countedTwice([bundle, foreign])).toEqual([]);
  });

  it('is told by two corrections of one record, of whatever time', () => {
    const reading = parseRecord(bundle.record) as IntervalReading;
    const correction = { ...reading, type: 'correction', supersedes: 'ab'.repeat(32), reason: 'late-readings' } as const;
    const later = { ...correction, startMs: reading.endMs, endMs: reading.endMs + 1 };
    const bundles = [correction, later].map((record, at) => ({ ...bundle, record: encodeRecord(record), leafIndex: 20 + at }));
    expect(countedTwice(bundles)).toEqual([[20, 21]]);
  });

  it('is told by one counter that is called both sun and what a battery gave out', () => {
    const base: IntervalReading = {
      ...(parseRecord(bundle.record) as IntervalReading),
      fromBusWh: 0,
      toBusWh: 512.25,
      toBusCounterWh: 9_000.5,
    };
    const told = (leafIndex: number, change: Partial<IntervalReading>): Bundle => ({
      ...bundle,
      leafIndex,
      record: encodeRecord({ ...base, ...change }),
    });
    const sun = told(30, { channel: 'pv', device: 'hybrid-0' });
    expect(batteryCalledSun([sun, told(31, { channel: 'battery', device: 'battery-0' })])).toEqual([[30, 31]]);
    const others: Partial<IntervalReading>[] = [
      { toBusCounterWh: 9_000.75 },
      { toBusCounterWh: undefined },
      { toBusWh: 500 },
      { site: 'ab'.repeat(16) },
      { startMs: base.startMs + 1 },
    ];
    for (const [at, other] of others.entries())
      expect(batteryCalledSun([sun, told(40 + at, { channel: 'battery', ...other })])).toEqual([]);
    const supersedes = recordHash(sun.record);
    const corrected = encodeRecord({ ...base, channel: 'pv', type: 'correction', supersedes, reason: 'late-readings', toBusWh: 1 });
    expect(batteryCalledSun([sun, told(31, { channel: 'battery' }), { ...bundle, record: corrected, leafIndex: 32 }])).toEqual([]);
  });

  it('says where a node does not tell the time of a block', () => {
    const { transaction } = bundle.anchor;
    const chain = { memos: [], searched: 10, complete: true };
    const anchor = { transaction: fromBase64(transaction)!, slot: bundle.hints.slot, finalized: true };
    const said = (timeMs?: number): string => verifyBundle(bundle, {}, { ...chain, anchor: { ...anchor, timeMs } }).notChecked.join('\n');
    expect(said()).toMatch(/When the block of the anchor was: the node does not tell/);
    expect(said(bundle.hints.timeMs)).not.toMatch(/does not tell/);
  });

  it('reads a note as C2SP has it: no control characters, no plus in a name', () => {
    const text = encodeCheckpoint({ origin: 'a.example', size: 1, root: emptyRoot() });
    const line = (name: string): string => `— ${name} ${toBase64(new Uint8Array(68))}\n`;
    expect(parseNote(`${text}\n${line('a.example')}`)).toBeDefined();
    expect(parseNote(`${text}\n${line('a+b')}`)).toBeUndefined();
    for (const bad of ['\t', '\r', '\u0000', '\u007F']) expect(parseNote(`a${bad}${text}\n${line('a.example')}`)).toBeUndefined();
  });
});

const lastLine = (note: string): string => `${note.split('\n').at(-2)}\n`;
