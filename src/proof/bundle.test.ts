import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, parseBundle, serializeBundle } from './bundle.js';
import { fromBase64, toBase64, toHex } from './encoding.js';
import { encodeMemo, parseMemo } from './memo.js';
import { freshDir, intervalsOf, type ProofPlant, removeDir, startProof } from './proof-plant.fixture.js';
import { encodeRecord, type IntervalReading, parseRecord } from './record.js';
import { signingKeyOf } from './signing-keys.js';
import { base58, parseTransaction, signatureText } from './transaction.js';
import { countedTwice } from './contradictions.js';
import { type ChainEvidence, forksAmong, type StepName, verifyBundle } from './verifier.js';

/** The second verifier, in plain JavaScript, that knows docs/proof.md alone. */
const { verifyBundle: verifyByTheBook } = (await import(new URL('../../test/verifier.mjs', import.meta.url).href)) as {
  verifyBundle: (text: string) => Record<string, string>;
};

const failedSteps = (bundle: Bundle | string, ...more: [object?, ChainEvidence?]): StepName[] =>
  verifyBundle(bundle, ...more)
    .steps.filter(({ ok }) => !ok)
    .map(({ name }) => name);

const failedByTheBook = (text: string): string[] =>
  Object.entries(verifyByTheBook(text))
    .filter(([, result]) => result !== 'ok')
    .map(([name]) => name);

/** The texts with one bit of one byte changed, for every byte. */
const flippedTexts = (text: string): string[] =>
  [...Buffer.from(text)].map((_, at) => {
    const bytes = Buffer.from(text);
    bytes[at]! ^= 1;
    return bytes.toString('latin1');
  });

const flippedHex = (hex: string): string[] =>
  Array.from({ length: hex.length / 2 }, (_, at) => {
    const bytes = Buffer.from(hex, 'hex');
    bytes[at]! ^= 1;
    return bytes.toString('hex');
  });

describe('a bundle', () => {
  let dir: string;
  let plant: ProofPlant;
  let bundle: Bundle;
  let file: string;
  let first: Bundle;
  const bundleOf = async (leafIndex: number): Promise<Bundle> => {
    const outcome = await plant.proof.bundle(leafIndex);
    if (outcome.kind !== 'bundle') throw new Error(outcome.kind);
    return outcome.bundle;
  };
  beforeAll(async () => {
    dir = freshDir();
    plant = await startProof(dir);
    for (const slot of [0, 1]) {
      await plant.recorder.recordIntervals(intervalsOf(slot));
      await plant.proof.anchorNow();
      plant.clock.set(plant.clock.now() + 20_000);
    }
    await plant.proof.pushOutbox();
    bundle = await bundleOf(8);
    first = await bundleOf(3);
    file = serializeBundle(bundle);
  });
  afterAll(async () => {
    await plant.stop();
    removeDir(dir);
  });

  const chainOf = async (of: Bundle): Promise<ChainEvidence> => {
    const landed = (await plant.ledger.transaction(signatureText(parseTransaction(fromBase64(of.anchor.transaction)!)!)))!;
    const memos = await plant.ledger.memoTransactions(plant.keys.anchor.publicKey, { limit: 100 });
    const anchor = { transaction: landed.bytes, slot: landed.slot, timeMs: landed.timeMs, finalized: true };
    return { anchor, memos: memos.transactions.map(({ memo }) => memo), searched: 100, complete: memos.complete };
  };

  it('passes whole, the first of a log too, by both verifiers, and says what was not checked', () => {
    for (const each of [bundle, first]) {
      const { ok, notChecked, record } = verifyBundle(serializeBundle(each));
      expect(ok).toBe(true);
      expect(record).toMatchObject({ type: 'interval-reading' });
      expect(notChecked.join('\n')).toMatch(/meter itself[^]*demo keys[^]*none was pinned[^]*hints until a node is asked/);
      expect(failedByTheBook(serializeBundle(each))).toEqual([]);
    }
  });

  it('fails with any one byte changed, by both verifiers', () => {
    const bytes = Buffer.from(file);
    for (let at = 0; at < bytes.length; at += 1)
      for (const change of [0x01, 0x20, 0x80]) {
        const changed = Uint8Array.from(bytes);
        changed[at]! ^= change;
        expect(verifyBundle(changed).ok, `byte ${at}`).toBe(false);
        expect(failedByTheBook(Buffer.from(changed).toString('utf8')).length, `byte ${at}`).toBeGreaterThan(0);
      }
  });

  it.each<[StepName, string, (whole: Bundle) => Bundle[]]>([
    ['signature', 'record', (whole) => flippedTexts(whole.record).map((record) => ({ ...whole, record }))],
    ['signature', 'signature', (whole) => flippedHex(whole.signature).map((signature) => ({ ...whole, signature }))],
    ['commitment', 'salt', (whole) => flippedHex(whole.salt).map((salt) => ({ ...whole, salt }))],
    ['commitment', 'commitment', (whole) => flippedHex(whole.commitment).map((commitment) => ({ ...whole, commitment }))],
    ['inclusion', 'leaf number', (whole) => [0, 7, 9, 11, 12, 2 ** 40].map((leafIndex) => ({ ...whole, leafIndex }))],
    [
      'inclusion',
      'inclusion path',
      (whole) =>
        whole.inclusion.flatMap((hash, at) => flippedHex(hash).map((bad) => ({ ...whole, inclusion: whole.inclusion.with(at, bad) }))),
    ],
    ['checkpoint', 'checkpoint', (whole) => flippedTexts(whole.checkpoint).map((checkpoint) => ({ ...whole, checkpoint }))],
    [
      'consistency',
      'earlier checkpoint',
      ({ earlier, ...whole }) =>
        flippedTexts(earlier!.checkpoint).map((checkpoint) => ({ ...whole, earlier: { ...earlier!, checkpoint } })),
    ],
    [
      'consistency',
      'consistency path',
      ({ earlier, ...whole }) =>
        earlier!.consistency.flatMap((hash, at) =>
          flippedHex(hash).map((bad) => ({ ...whole, earlier: { ...earlier!, consistency: earlier!.consistency.with(at, bad) } })),
        ),
    ],
    [
      'anchor',
      'anchor transaction',
      (whole) =>
        flippedHex(Buffer.from(whole.anchor.transaction, 'base64').toString('hex')).map((hex) => ({
          ...whole,
          anchor: { transaction: toBase64(Buffer.from(hex, 'hex')) },
        })),
    ],
    ['checkpoint', 'log key', (whole) => flippedHex(whole.keys.log).map((log) => ({ ...whole, keys: { ...whole.keys, log } }))],
    ['anchor', 'anchor key', (whole) => flippedHex(whole.keys.anchor).map((anchor) => ({ ...whole, keys: { ...whole.keys, anchor } }))],
  ])(
    'fails at "%s" where a forger changes any byte of the %s and puts the digest right',
    (step, _what, changed) => {
      const all = changed(bundle);
      expect(all.length).toBeGreaterThan(5);
      for (const [at, each] of all.entries()) expect(failedSteps(each), `change ${at}`).toContain(step);
      for (const each of all.filter((_, at) => at % 16 === 0)) expect(failedByTheBook(serializeBundle(each))).toContain(step);
    },
    120_000,
  );

  it('fails at "consistency" where the anchor before is left out', () => {
    const { earlier: _earlier, ...without } = bundle;
    expect(failedSteps(without)).toEqual(['consistency']);
    expect(failedByTheBook(serializeBundle(without))).toEqual(['consistency']);
  });

  it('fails for an energy made up by someone who holds the key', () => {
    const key = plant.keys.ofSite('home-1').key;
    const record = encodeRecord({ ...(parseRecord(bundle.record) as IntervalReading), toBusWh: 99_999 });
    const forged = { ...bundle, record, signature: toHex(key.sign(Buffer.from(record))) };
    expect(failedSteps(forged)).toEqual(['commitment']);
  });

  it('fails for keys other than those pinned', () => {
    const other = toHex(signingKeyOf(new Uint8Array(32)).publicKey);
    const { anchorKey, logKey, anchorAddress } = { ...bundleKeys(bundle), anchorAddress: base58(plant.keys.anchor.publicKey) };
    expect(failedSteps(bundle, { anchorKey, logKey, origin: 'heliograph.test/plant' })).toEqual([]);
    expect(failedSteps(bundle, { anchorKey: anchorAddress })).toEqual([]);
    expect(failedSteps(bundle, { anchorKey: other })).toEqual(['anchor']);
    expect(failedSteps(bundle, { logKey: other })).toEqual(['consistency', 'checkpoint']);
    expect(failedSteps(bundle, { signer: other })).toEqual(['signature']);
    expect(failedSteps(bundle, { origin: 'another.example' })).toEqual(['checkpoint']);
    expect(verifyBundle(bundle, { anchorKey, logKey }).notChecked.join('\n')).not.toMatch(/pinned/);
  });

  it('takes slot and time as hints, until a node is asked', async () => {
    const chain = await chainOf(bundle);
    expect(verifyBundle(bundle, {}, chain)).toMatchObject({ ok: true });
    expect(verifyBundle(bundle, {}, chain).notChecked.join('\n')).not.toMatch(/hints/);
    for (const hints of [
      { ...bundle.hints, slot: 5 },
      { ...bundle.hints, timeMs: 5 },
    ]) {
      expect(failedSteps({ ...bundle, hints })).toEqual([]);
      expect(failedSteps({ ...bundle, hints }, {}, chain)).toEqual(['landed']);
    }
  });

  it('fails at "landed" where the chain knows nothing, or something else', async () => {
    const chain = await chainOf(bundle);
    expect(failedSteps(bundle, {}, { ...chain, anchor: undefined })).toEqual(['landed']);
    const { transaction } = chain.anchor!;
    expect(
      failedSteps(bundle, {}, { ...chain, anchor: { ...chain.anchor!, transaction: transaction.with(9, transaction[9]! ^ 1) } }),
    ).toEqual(['landed']);
  });

  it('fails at "fork" where the key anchored a contradiction', async () => {
    const chain = await chainOf(bundle);
    const own = parseMemo(chain.memos[0]!)!;
    const root = own.root.with(0, own.root[0]! ^ 1);
    for (const lie of [
      { ...own, root },
      { ...own, size: own.size + 5, root },
    ])
      expect(failedSteps(bundle, {}, { ...chain, memos: [...chain.memos, encodeMemo(lie)] })).toEqual(['fork']);
    expect(forksAmong([...chain.memos, encodeMemo({ ...own, root, origin: 'another.example' })], own.origin)).toEqual([]);
  });

  it('tells two leaves for one interval', () => {
    expect(countedTwice([bundle, bundle, first])).toEqual([]);
    expect(countedTwice([bundle, { ...bundle, leafIndex: 9 }])).toEqual([[8, 9]]);
    const reading = parseRecord(bundle.record) as IntervalReading;
    const minute = encodeRecord({ ...reading, endMs: reading.startMs + 60_000 });
    expect(countedTwice([bundle, { ...bundle, record: minute, leafIndex: 20 }]), 'in part').toEqual([[8, 20]]);
    const after = encodeRecord({ ...reading, startMs: reading.endMs, endMs: reading.endMs + 60_000 });
    expect(countedTwice([bundle, { ...bundle, record: after, leafIndex: 21 }])).toEqual([]);
    const correction = encodeRecord({ ...reading, type: 'correction', supersedes: 'ab'.repeat(32), reason: 'late-readings' });
    const corrected = { ...bundle, record: correction, leafIndex: 22 };
    expect(countedTwice([bundle, corrected])).toEqual([]);
    expect(countedTwice([corrected, { ...corrected, leafIndex: 23 }]), 'one record corrected twice').toEqual([[22, 23]]);
  });

  it.each([
    ['an unknown member', (text: string) => text.replace('  "salt"', '  "note": "",\n  "salt"')],
    ['members in another order', (text: string) => text.replace(/( {2}"salt".*\n)( {2}"commitment".*\n)/, '$2$1')],
    ['another spelling of a number', (text: string) => text.replace('"leafIndex": 8', '"leafIndex": 8.0')],
    ['a member twice', (text: string) => text.replace(/( {2}"salt".*\n)/, '$1$1')],
    ['no last newline', (text: string) => text.slice(0, -1)],
    ['something after it', (text: string) => `${text} `],
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
    ['no digest', (text: string) => text.replace(/,\n {2}"digest".*\n/, '\n')],
    ['nothing', () => ''],
    ['another kind of JSON', () => '[]'],
    ['null', () => 'null'],
    ['a prototype', (text: string) => text.replace('  "salt"', '  "__proto__": {},\n  "salt"')],
  ])('is refused with %s', (_what, change) => {
    expect(parseBundle(change(file)).kind).toBe('malformed');
    expect(verifyBundle(change(file))).toMatchObject({ ok: false, steps: [{ name: 'format', ok: false }] });
    expect(failedByTheBook(change(file))).toContain('format');
  });
});

const bundleKeys = ({ keys }: Bundle): { anchorKey: string; logKey: string } => ({ anchorKey: keys.anchor, logKey: keys.log });
