import { describe, expect, it } from 'vitest';
import { type Following, followed } from './following.js';

/** What is thought of a device at last that gives these powers second by second; `toldW`: all the time, or in each second. */
const after = (toldW: number | readonly number[], givesW: readonly number[]): boolean =>
  givesW.reduce<Following | undefined>(
    (known, power, second) => followed(known, { toldW: typeof toldW === 'number' ? toldW : toldW[second]!, givesW: power }, second * 1_000),
    undefined,
  )!.follows;
const held = (powerW: number, seconds: number): number[] => Array.from({ length: seconds }, () => powerW);
const each = (seconds: number, powerAt: (second: number) => number): number[] =>
  Array.from({ length: seconds }, (_, second) => powerAt(second));

describe('a device that was told something', () => {
  it('is given time, and is not counted on any more when that is over', () => {
    expect([after(3_000, held(0, 6)), after(3_000, held(0, 8))]).toEqual([true, false]);
  });

  it('is on its way while it comes nearer, however slow it is', () => {
    expect(
      after(
        3_000,
        each(40, (second) => 50 * second),
      ),
    ).toBe(true);
  });

  it('is on its way while it moves, also where its setpoint moves on before it', () => {
    const slow = each(60, (second) => 100 * second);
    expect(after([...held(1_000, 9), ...held(9_000, 51)], slow)).toBe(true);
    expect(
      after(
        each(60, (second) => 500 + 150 * second),
        slow,
      ),
    ).toBe(true);
  });

  it('is on its way where it has to turn back for its setpoint', () => {
    const turns = [...each(20, (second) => 100 * second), ...each(20, (second) => 2_000 - 100 * second)];
    expect(after([...held(5_000, 20), ...held(-5_000, 20)], turns)).toBe(true);
  });

  it('may be a little off', () => {
    expect([after(3_000, held(2_750, 60)), after(0, held(140, 60))]).toEqual([true, true]);
  });

  it('is not on its way because its power is noisy', () => {
    expect(
      after(
        5_000,
        each(60, (second) => 1_000 + 100 * Math.sin(second)),
      ),
    ).toBe(false);
  });

  it('is counted on again once it does what it is told, and not sooner', () => {
    expect(after(3_000, [...held(0, 10), 1_000, 2_000])).toBe(false);
    expect(after(3_000, [...held(0, 10), 1_000, 2_000, ...held(2_900, 3)])).toBe(false);
    expect(after(3_000, [...held(0, 10), 1_000, 2_000, ...held(2_900, 4)])).toBe(true);
  });

  it('is not counted on because its setpoint passes by what it gives', () => {
    const passing = [...held(0, 10), ...each(20, (second) => 500 * second)];
    expect(after(passing, held(5_000, 30))).toBe(false);
    expect(after([...held(0, 10), ...held(5_000, 20)], held(5_000, 30))).toBe(false);
  });
});
