import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { clamp, SECOND_MS, type Watt } from '../kernel/units.js';
import { type Pace, paced } from './battery-pace.js';

interface Course {
  readonly rampWPerS: number;
  readonly fromW?: Watt;
  readonly toldW: (second: number) => Watt;
  readonly seconds: number;
  readonly readEveryS?: number;
  readonly deadS?: number;
}

/** What is known of its pace after so many seconds; it is looked at each second, and does what it was told `deadS` before. */
const watched = ({ rampWPerS, fromW = 0, toldW, seconds, readEveryS = 1, deadS = 0 }: Course, before?: Pace): Pace | undefined => {
  let [known, givesW, readW, readAtMs] = [before, fromW, fromW, 0];
  for (let second = 0; second < seconds; second += 1) {
    if (second % readEveryS === 0) [readW, readAtMs] = [givesW, second * SECOND_MS];
    // What it is held against was decided before it was read.
    if (second > 0) known = paced(known, { toldW: toldW(second - 1), givesW: readW }, readAtMs);
    givesW += clamp((second >= deadS ? toldW(second - deadS) : fromW) - givesW, -rampWPerS, rampWPerS);
  }
  return known;
};

describe('the pace of a battery', () => {
  it('is that at which it comes, whichever way, and stays known once it is there', () => {
    expect(watched({ rampWPerS: 50, toldW: () => 5_000, seconds: 20 })?.wPerS).toBeCloseTo(50);
    expect(watched({ rampWPerS: 50, fromW: 4_000, toldW: () => -5_000, seconds: 20 })?.wPerS).toBeCloseTo(50);
    expect(watched({ rampWPerS: 200, toldW: () => 1_000, seconds: 60 })?.wPerS).toBeCloseTo(200);
  });

  it('is not asked for where it is there within a moment', () => {
    expect(watched({ rampWPerS: 10_000, toldW: (second) => (second % 20 < 10 ? 5_000 : -5_000), seconds: 60 })).toBeUndefined();
    expect(watched({ rampWPerS: 50, toldW: (second) => 20 * second, seconds: 60 })).toBeUndefined();
  });

  it('is found beside readings that come seldom, and behind a dead time', () => {
    expect(watched({ rampWPerS: 100, toldW: () => 5_000, seconds: 30, readEveryS: 5 })?.wPerS).toBeCloseTo(100);
    expect(watched({ rampWPerS: 100, toldW: () => 5_000, seconds: 30, deadS: 3 })?.wPerS).toBeCloseTo(100);
  });

  it('is none of one that does not move, or that goes away from what it is told', () => {
    expect(watched({ rampWPerS: 0, toldW: () => 5_000, seconds: 30 })?.wPerS).toBeUndefined();
    expect(paced({ gaveW: 3_000, readAtMs: 0 }, { toldW: 5_000, givesW: 2_500 }, 5_000)?.wPerS).toBeUndefined();
  });

  it('is known anew of one that has become faster', () => {
    const slow = watched({ rampWPerS: 50, toldW: () => 5_000, seconds: 20 });
    const jumps = { toldW: (second: number): Watt => (second % 20 < 10 ? 5_000 : 0), seconds: 60 };
    expect(watched({ rampWPerS: 5_000, ...jumps }, slow && { ...slow, readAtMs: -SECOND_MS })?.wPerS).toBeGreaterThanOrEqual(2_500);
  });

  test.prop([
    fc.integer({ min: 30, max: 2_000 }),
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.integer({ min: -9_000, max: 9_000 }), { minLength: 3, maxLength: 8 }),
  ])('is never above what it can do', (rampWPerS, readEveryS, steps) => {
    const wPerS = watched({
      rampWPerS,
      toldW: (second) => steps[Math.floor(second / 20) % steps.length]!,
      seconds: 150,
      readEveryS,
    })?.wPerS;
    expect(wPerS ?? 0).toBeLessThanOrEqual(rampWPerS + 1e-6);
  });
});
