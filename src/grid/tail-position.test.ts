import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { TailPosition } from './tail-position.js';

const T0 = Date.UTC(2026, 4, 1);
const of = (toldMs: Record<string, number>) => TailPosition.at(new Map(Object.entries(toldMs)));

describe('a position in the tail', () => {
  it('lets through what each device has not told yet, and goes on from there', () => {
    const position = of({ a: T0 + 10, b: T0 });
    const samples = [
      { deviceId: 'a', atMs: T0 + 10, values: {} },
      { deviceId: 'b', atMs: T0 + 5, values: {} },
      { deviceId: 'a', atMs: T0 + 11, values: {} },
    ];
    expect(position.advance(samples)).toEqual(samples.slice(1));
    expect(position.advance(samples)).toEqual([]);
    expect([position.of('a'), position.of('b')]).toEqual([T0 + 11, T0 + 5]);
  });

  it('is short, and of no other devices than its own', () => {
    const text = of(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`home-${i}`, T0 - i * 37]))).toString();
    expect(text.length).toBeLessThan(400);
    const two = of({ a: T0, b: T0 }).toString();
    expect(TailPosition.parse(two, ['a', 'b'], T0)).toBeDefined();
    for (const others of [['b', 'a'], ['a'], ['a', 'c'], ['a', 'b', 'c']]) expect(TailPosition.parse(two, others, T0)).toBeUndefined();
    for (const text2 of ['', '17', two.slice(0, -1), `${two}.1`, `${two.slice(0, -1)}${'z'.repeat(40)}`])
      expect(TailPosition.parse(text2, ['a', 'b'], T0)).toBeUndefined();
  });

  it('is not later than now, however far ahead a clock was', () => {
    const position = TailPosition.parse(of({ a: T0 + 1e9, b: T0 - 5 }).toString(), ['a', 'b'], T0);
    expect([position?.of('a'), position?.of('b')]).toEqual([T0, T0 - 5]);
  });

  test.prop([fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,8}$/), { minLength: 1, maxLength: 20 }), fc.infiniteStream(fc.nat(1e12))])(
    'reads what it writes',
    (ids, moments) => {
      const position = of(Object.fromEntries(ids.map((id) => [id, moments.next().value as number])));
      // Names that are numbers come first in an object, whatever the order they were put in.
      const inOrder = Object.keys(Object.fromEntries(ids.map((id) => [id, 0])));
      expect(TailPosition.parse(position.toString(), inOrder, 1e12)).toEqual(position);
    },
  );
});
