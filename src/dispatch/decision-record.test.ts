import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { changesBetween, type Parts, wordsOf } from './decision-record.js';

const NOTHING: Parts = new Map();

/** What is known of a device, a site or a whole fleet: numbers that may be none, lists, sets and maps, and fields that are left out. */
const value = fc.oneof(
  fc.record(
    {
      powerW: fc.constantFrom(0, -0, 1.5, Infinity, undefined),
      values: fc.dictionary(fc.constantFrom('a', 'b'), fc.nat(2), { noNullPrototype: true }),
      missing: fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
    },
    { noNullPrototype: true, requiredKeys: [] },
  ),
  fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(2)), { maxLength: 2 }).map((pairs) => new Map(pairs)),
  fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }).map((names) => new Set(names)),
  fc.constantFrom('', 'text', 3),
);
const ofDevices = fc
  .array(fc.tuple(fc.constantFrom('one', 'two', 'three'), value), { maxLength: 4 })
  .map((pairs) => new Map<string, unknown>(pairs));
const cycle = fc
  .record({ devices: ofDevices, planned: fc.option(ofDevices, { nil: undefined }), fleet: value.filter((one) => !(one instanceof Map)) })
  .map((parts): Parts => new Map(Object.entries(parts).filter(([, part]) => part !== undefined)));

describe('what changes from cycle to cycle', () => {
  test.prop([fc.array(cycle, { minLength: 1, maxLength: 4 })])('adds up to all that there is in the last one', (cycles) => {
    const entries = new Map<string, unknown>();
    let before = NOTHING;
    for (const after of cycles) {
      const { set, gone } = changesBetween(before, after);
      for (const [name, is] of set) entries.set(name, is);
      for (const name of gone) entries.delete(name);
      before = after;
    }
    expect(entries).toEqual(new Map(changesBetween(NOTHING, before).set));
  });

  it.each([
    [new Map(), new Set()],
    [new Set(), new Map()],
    [{}, []],
    [[], {}],
    [{}, new Map()],
  ])('is another one where %o became %o', (before, after) => {
    const [was, is] = [before, after].map((one): Parts => new Map([['devices', new Map([['one', one]])]]));
    expect(changesBetween(was!, is!).set.map(([name]) => name)).toEqual(['devices/one']);
  });

  test.prop([fc.array(fc.tuple(fc.constantFrom('one', 'two'), value), { maxLength: 150 })])(
    'is put into the same words whatever else changes',
    (set) => {
      const alone = set.map((pair) => (JSON.parse(wordsOf([pair])) as unknown[])[0]);
      expect(JSON.parse(wordsOf(set))).toEqual(alone);
    },
  );

  test.prop([cycle])('is nothing where the same is said again in other objects', (said) => {
    expect(changesBetween(said, structuredClone(said))).toEqual({ set: [], gone: [] });
  });
});
