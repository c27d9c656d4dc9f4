import { expect, it } from 'vitest';
import { type Compliance, watchLimit } from './compliance.js';

const after = (limitW: number, powersW: readonly number[]): Compliance =>
  powersW.reduce<Compliance | undefined>((known, powerW, second) => watchLimit(known, limitW, powerW, second * 1_000), undefined)!;
const held = (powerW: number, seconds: number): number[] => Array.from({ length: seconds }, () => powerW);

it('measures the time to comply once, where there was something to do', () => {
  const kept = after(4_200, [6_000, 5_500, 4_900, 4_250, 5_000, 4_100]);
  expect(kept).toMatchObject({ sinceMs: 0, compliedAtMs: 3_000, hadToAct: true });
  expect(after(4_200, [1_000, 1_000])).toMatchObject({ compliedAtMs: 0, hadToAct: false });
});

it('gives a limit time to be complied with, and then wants the mean of ten seconds below it', () => {
  expect(after(4_000, held(6_000, 15)).exceeded).toBe(false);
  expect(after(4_000, held(6_000, 16)).exceeded).toBe(true);
  expect(after(4_000, [...held(4_000, 30), 6_000]).exceeded).toBe(true);
  expect(after(4_000, [...held(3_900, 30), 5_000]).exceeded).toBe(false);
  expect(after(4_000, [...held(6_000, 30), ...held(3_900, 10)]).exceeded).toBe(false);
});

it('is not petty about a limit of nothing', () => {
  expect(after(0, held(20, 30)).exceeded).toBe(false);
  expect(after(0, held(40, 30)).exceeded).toBe(true);
});
