import { describe, expect, it } from 'vitest';
import { type Bound, boundBy, type Overshoot, overshot } from './overshoot.js';

/** What a battery is told to stay inside after it gave these powers second by second under these limits. */
const insideAfter = (bounds: readonly Bound[], givesW: readonly number[]): number =>
  givesW.reduce<Overshoot | undefined>((known, power, second) => overshot(known, bounds[second]!, power, second * 1_000), undefined)!
    .insideW;
const held = <T>(value: T, seconds: number): T[] => Array.from({ length: seconds }, () => value);
const atMost = (wantedW: number): Bound => ({ way: 1, wantedW });
const atLeast = (wantedW: number): Bound => ({ way: -1, wantedW });

describe('a battery that rests beyond its limit', () => {
  it('is told to stay inside by as much, once it has rested', () => {
    expect([5, 6].map((seconds) => insideAfter(held(atMost(1_500), seconds), held(1_560, seconds)))).toEqual([0, 60]);
    expect(insideAfter(held(atLeast(-1_500), 6), held(-1_560, 6))).toBe(60);
  });

  it('is told to stay no further inside once it does, and further if that was too little', () => {
    expect(insideAfter(held(atMost(1_500), 30), [...held(1_560, 6), ...held(1_440, 24)])).toBe(60);
    expect(insideAfter(held(atMost(1_500), 30), [...held(1_560, 6), ...held(1_530, 24)])).toBe(150);
  });

  it('is not taken to rest while it comes nearer, nor for noise, nor where it is inside', () => {
    const comes = Array.from({ length: 30 }, (_, second) => Math.max(1_490, 3_000 - 100 * second));
    expect(insideAfter(held(atMost(1_500), 30), comes)).toBe(0);
    const noisy = Array.from({ length: 30 }, (_, second) => 1_500 + (second % 2) * 80);
    expect(insideAfter(held(atMost(1_500), 30), noisy)).toBe(0);
    expect(insideAfter(held(atMost(1_500), 30), held(900, 30))).toBe(0);
  });

  it('keeps that while its limit wanders, and begins anew where it wants something else, or the other way', () => {
    const rested = [held(atMost(1_500), 6), held(1_560, 6)] as const;
    const then = (bound: Bound): number => insideAfter([...rested[0], bound], [...rested[1], 1_440]);
    expect([then(atMost(1_600)), then(atMost(1_300)), then(atLeast(1_500))]).toEqual([60, 0, 0]);
  });

  it('is not told to trickle the other way where it is to rest', () => {
    expect(insideAfter(held(atMost(0), 30), held(60, 30))).toBe(0);
  });
});

describe('a battery told to go as far as it may', () => {
  const limit = { by: 'operator' as const, why: '', minW: -1_500, maxW: 2_000 };

  it('is bound by that limit, also where it is to stay inside', () => {
    expect(boundBy([limit], 2_000, 0)).toEqual(atMost(2_000));
    expect(boundBy([limit], 1_940, 60)).toEqual(atMost(2_000));
    expect(boundBy([limit], -1_440, 60)).toEqual(atLeast(-1_500));
  });

  it('is bound by nobody between them, or by what is no limit', () => {
    expect([boundBy([limit], 500, 0), boundBy([{ ...limit, by: 'consent' }], 2_000, 0)]).toEqual([undefined, undefined]);
  });
});
