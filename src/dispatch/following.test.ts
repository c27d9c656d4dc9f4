import { describe, expect, it } from 'vitest';
import { type Following, followed } from './following.js';

/** What is thought of a battery told `toldW`, which gives these powers second by second. */
const after = (toldW: number, givesW: readonly number[]): Following =>
  givesW.reduce<Following | undefined>((known, power, second) => followed(known, { toldW, givesW: power }, second * 1_000), undefined)!;
const held = (powerW: number, seconds: number): number[] => Array.from({ length: seconds }, () => powerW);

describe('a battery that was told something', () => {
  it('is given time, and is not counted on any more when that is over', () => {
    expect(after(3_000, held(0, 6)).follows).toBe(true);
    expect(after(3_000, held(0, 8)).follows).toBe(false);
  });

  it('is on its way while it comes nearer, however slow it is', () => {
    expect(
      after(
        3_000,
        Array.from({ length: 40 }, (_, second) => 50 * second),
      ).follows,
    ).toBe(true);
  });

  it('may be a little off', () => {
    expect(after(3_000, held(2_750, 60)).follows).toBe(true);
    expect(after(0, held(140, 60)).follows).toBe(true);
  });

  it('is counted on again once it does what it is told, and not sooner', () => {
    expect(after(3_000, [...held(0, 10), 1_000, 2_000]).follows).toBe(false);
    expect(after(3_000, [...held(0, 10), 1_000, 2_000, 2_900]).follows).toBe(true);
  });
});
