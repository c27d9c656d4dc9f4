import { createPublicKey, verify } from 'node:crypto';
import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { FLOWS } from '../kernel/flow.js';
import { keyIdOf, parseCheckpoint, parseNote, signCheckpoint, verifyNote } from './checkpoint.js';
import { commitmentOf } from './commitment.js';
import { fromBase64, fromHex, toHex, utf8 } from './encoding.js';
import { MAX_MEMO_BYTES, parseMemo, encodeMemo, POLICY } from './memo.js';
import { encodeRecord, FIRST_PREVIOUS, type IntervalReading, parseRecord, recordableWh } from './record.js';
import { verifySignature } from './signature.js';
import { signingKeyOf } from './signing-keys.js';

const READING: IntervalReading = {
  type: 'interval-reading',
  signer: 'ab'.repeat(32),
  site: 'cd'.repeat(16),
  device: 'meter-3',
  channel: 'grid',
  sequence: 0,
  previous: FIRST_PREVIOUS,
  startMs: 1_700_000_100_000,
  endMs: 1_700_001_000_000,
  quality: 'measured',
  toBusWh: 120.5,
  fromBusWh: 0,
  toBusCounterWh: 9_000.25,
};

const energy = fc.integer({ min: 0, max: 1e14 }).map((milliWh) => recordableWh(milliWh / 1_000));
const anyReading = fc
  .record({
    sequence: fc.integer({ min: 1, max: 2 ** 40 }),
    startMs: fc.integer({ min: 0, max: 2 ** 45 }),
    lengthMs: fc.integer({ min: 1, max: 3_600_000 }),
    channel: fc.constantFrom(...FLOWS),
    toBusWh: energy,
    fromBusWh: fc.option(energy, { nil: undefined }),
    toBusCounterWh: fc.option(energy, { nil: undefined }),
    device: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,47}$/),
  })
  .map(({ lengthMs, ...some }): IntervalReading => ({ ...READING, previous: 'ef'.repeat(32), ...some, endMs: some.startMs + lengthMs }));

describe('the record that is signed', () => {
  it('reads as documented', () => {
    expect(encodeRecord(READING)).toBe(
      [
        'heliograph-record/1 interval-reading',
        `signer ${'ab'.repeat(32)}`,
        `site ${'cd'.repeat(16)}`,
        'device meter-3',
        'channel grid',
        'sequence 0',
        `previous ${'0'.repeat(64)}`,
        'start 1700000100000',
        'end 1700001000000',
        'quality measured',
        'unit Wh',
        'to-bus 120.500',
        'from-bus 0.000',
        'to-bus-counter 9000.250',
        '',
      ].join('\n'),
    );
  });

  test.prop([anyReading])('comes back from its text', (reading) => {
    expect(parseRecord(encodeRecord(reading))).toEqual(reading);
  });

  test.prop([anyReading, fc.nat(), fc.integer({ min: 1, max: 255 })])(
    'has one spelling: a changed byte is no record, or another one',
    (reading, place, change) => {
      const bytes = utf8(encodeRecord(reading));
      bytes[place % bytes.length]! ^= change;
      const text = Buffer.from(bytes).toString('latin1');
      const parsed = parseRecord(text);
      if (parsed) expect(encodeRecord(parsed)).toBe(text);
    },
  );

  it.each([
    ['a line twice', (text: string) => text.replace('unit Wh\n', 'unit Wh\nunit Wh\n')],
    ['an unknown line', (text: string) => `${text}owner anna\n`],
    ['lines in another order', (text: string) => text.replace('sequence 0\n', '').replace('unit Wh\n', 'sequence 0\nunit Wh\n')],
    ['no last newline', (text: string) => text.slice(0, -1)],
    ['a number spelt otherwise', (text: string) => text.replace('120.500', '120.5')],
    ['an interval that ends before it starts', (text: string) => text.replace('end 1700001000000', 'end 1600001000000')],
    ['a first record with a predecessor', (text: string) => text.replace('0'.repeat(64), '1'.repeat(64))],
    ['an energy in a missing interval', (text: string) => text.replace('quality measured', 'quality missing')],
  ])('refuses %s', (_what, change) => {
    const text = encodeRecord(READING);
    expect(parseRecord(change(text))).toBeUndefined();
    expect(parseRecord(text)).toBeDefined();
  });

  it('takes no energy that is negative, infinite or no number', () => {
    expect([-1, Number.NaN, Infinity, undefined].map(recordableWh)).toEqual([undefined, undefined, undefined, undefined]);
    expect(recordableWh(0.0004)).toBe(0);
    expect(recordableWh(1e12 - 0.0001), 'what would be rounded to a digit more than a record has').toBeUndefined();
  });
});

describe('signatures', () => {
  it('are those of RFC 8032, test 1', () => {
    const key = signingKeyOf(fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')!);
    expect(toHex(key.publicKey)).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    const signature = key.sign(new Uint8Array(0));
    expect(toHex(signature)).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
    expect(verifySignature(signature, new Uint8Array(0), key.publicKey)).toBe(true);
  });

  test.prop([fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array(), fc.nat({ max: 511 })], { numRuns: 40 })(
    'made by node:crypto hold in JavaScript, and both refuse the same',
    (seed, message, bit) => {
      const key = signingKeyOf(seed);
      const signature = key.sign(message);
      const bad = signature.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const nodeKey = createPublicKey({
        key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key.publicKey).toString('base64url') },
        format: 'jwk',
      });
      for (const each of [signature, bad]) expect(verifySignature(each, message, key.publicKey)).toBe(verify(null, message, nodeKey, each));
      expect(verifySignature(bad, message, key.publicKey)).toBe(false);
    },
  );

  it('are refused where anything has another length', () => {
    const key = signingKeyOf(new Uint8Array(32));
    expect(verifySignature(new Uint8Array(63), utf8('x'), key.publicKey)).toBe(false);
    expect(verifySignature(key.sign(utf8('x')), utf8('x'), new Uint8Array(31))).toBe(false);
  });
});

describe('the commitment', () => {
  it('depends on salt, record and signature', () => {
    const [salt, text, signature] = [new Uint8Array(32), 'record\n', new Uint8Array(64)] as const;
    const all = [
      commitmentOf(salt, text, signature),
      commitmentOf(salt.with(0, 1), text, signature),
      commitmentOf(salt, 'Record\n', signature),
      commitmentOf(salt, text, signature.with(63, 1)),
    ];
    expect(new Set(all.map((each) => toHex(each))).size).toBe(4);
  });
});

describe('the checkpoint', () => {
  const log = signingKeyOf(new Uint8Array(32).fill(7));
  const sign = (message: Uint8Array): Uint8Array => log.sign(message);
  const root = new Uint8Array(32).fill(9);

  it('verifies the published example of a signed note', () => {
    // golang.org/x/mod/sumdb/note, the reference of C2SP signed-note.
    const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const line = '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';
    const key = fromBase64('ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')!.slice(1);
    expect(toHex(keyIdOf('PeterNeumann', key))).toBe('c74f20a3');
    const note = parseNote(`${text}\n${line}\n`)!;
    expect(verifyNote(note, 'PeterNeumann', key)).toBe(true);
    expect(verifyNote({ ...note, text: text.replace('think', 'thank') }, 'PeterNeumann', key)).toBe(false);
    expect(verifyNote(note, 'PeterNewman', key)).toBe(false);
  });

  it('is a note of origin, size and root, signed in the name of the origin', () => {
    const note = parseNote(signCheckpoint({ origin: 'example.com/log', size: 42, root }, log.publicKey, sign))!;
    expect(verifyNote(note, 'example.com/log', log.publicKey)).toBe(true);
    expect(parseCheckpoint(note.text)).toEqual({ origin: 'example.com/log', size: 42, root });
  });

  it.each([
    '',
    'a\n1\n',
    'a\n01\nAAAA\n',
    'a b\n1\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n',
    'a\n-1\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n',
  ])('refuses %j', (text) => expect(parseCheckpoint(text)).toBeUndefined());
});

describe('the memo of an anchor', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  test.prop([hash, hash, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })])(
    'stays below 250 bytes and comes back',
    (root, previousRoot, size) => {
      const memo = { origin: 'x'.repeat(64), size, root, previousRoot, policy: POLICY };
      const text = encodeMemo(memo);
      expect(text.length).toBeLessThanOrEqual(MAX_MEMO_BYTES);
      expect(parseMemo(text)).toEqual(memo);
    },
  );

  it.each(['', 'vpp2|a|1|b|c|d', 'vpp1|a|1|b|c|d', 'hello'])('refuses %j', (text) => expect(parseMemo(text)).toBeUndefined());
});
