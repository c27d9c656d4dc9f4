import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../kernel/units.js';
import { RegisterWrites, WritePace } from './register-writes.js';

describe('writes of registers', () => {
  it('are counted for the last day, by the register that was written most', () => {
    const writes = new RegisterWrites();
    for (let hour = 0; hour < 30; hour += 1) writes.count('a', 40_236, hour * HOUR_MS);
    writes.count('a', 40_240, 29 * HOUR_MS);
    writes.count('b', 1, 0);
    expect(writes.lastDay(29 * HOUR_MS)).toEqual(
      new Map([
        ['a', 24],
        ['b', 0],
      ]),
    );
    expect(writes.lastDay(40 * HOUR_MS).get('a')).toBe(13);
    expect(writes.lastDay(200 * HOUR_MS).get('a')).toBe(0);
  });

  test.prop([fc.array(fc.nat(60), { maxLength: 80 })])('are those whose hour is not a day back', (gaps) => {
    const writes = new RegisterWrites();
    const hours: number[] = [];
    let hour = 0;
    for (const gap of gaps) {
      hour += gap % 7 === 0 ? gap : 0;
      hours.push(hour);
      writes.count('a', 1, hour * HOUR_MS);
    }
    expect(writes.lastDay(hour * HOUR_MS).get('a') ?? 0).toBe(hours.filter((at) => at > hour - 24).length);
  });
});

describe('a budget of writes', () => {
  it('allows an hour’s worth at once, and then one at a time', () => {
    const pace = new WritePace(48, 0);
    const granted = (nowMs: number): boolean => {
      const allowed = pace.allows(nowMs);
      if (allowed) pace.take();
      return allowed;
    };
    expect([0, 1, 2, 0.49 * HOUR_MS, 0.51 * HOUR_MS, 0.52 * HOUR_MS].map(granted)).toEqual([true, true, false, false, true, false]);
  });

  test.prop([fc.integer({ min: 1, max: 5_000 }), fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 1, maxLength: 500 })])(
    'is never exceeded over any stretch by more than that',
    (perDay, gaps) => {
      const pace = new WritePace(perDay, 0);
      let nowMs = 0;
      let taken = 0;
      for (const gap of gaps) {
        nowMs += gap;
        if (!pace.allows(nowMs)) continue;
        pace.take();
        taken += 1;
      }
      expect(taken).toBeLessThanOrEqual(Math.max(1, perDay / 24) + (perDay * nowMs) / (24 * HOUR_MS) + 1e-6);
    },
  );
});
