import { expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { type Compliance, unknownUntil, watchLimit } from './compliance.js';

const after = (limitW: number, powersW: readonly (number | undefined)[]): Compliance =>
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

const silent = (seconds: number): undefined[] => Array.from({ length: seconds }, () => undefined);

it('is neither kept nor passed while nobody can tell', () => {
  expect(after(4_200, silent(40))).toEqual({ sinceMs: 0, recent: [], exceeded: false, unknownSinceMs: 0, unknownMs: 0 });
  const passed = after(4_200, [...held(6_000, 30), ...silent(40)]);
  expect(passed).toMatchObject({ exceeded: true, unknownSinceMs: 30_000 });
  expect(passed.compliedAtMs).toBeUndefined();
  expect(unknownUntil(passed, 75_000)).toBe(45_000);
});

it('goes on where it can be told again, and keeps how long it could not', () => {
  const kept = after(4_200, [...silent(20), ...held(6_000, 5), ...silent(10), ...held(4_000, 5)]);
  expect(kept).toMatchObject({ sinceMs: 0, hadToAct: true, compliedAtMs: 35_000, exceeded: false, unknownMs: 30_000 });
  expect(kept.unknownSinceMs).toBeUndefined();
});

test.prop([fc.array(fc.option(fc.integer({ min: 0, max: 9_000 }), { nil: undefined }), { minLength: 1 })])(
  'what is not known changes nothing of what is found, and all of it is counted',
  (powersW) => {
    const watched = after(4_200, powersW);
    const lastKnown = powersW.findLastIndex((powerW) => powerW !== undefined);
    const first = powersW.find((powerW) => powerW !== undefined);
    expect(watched.exceeded).toBe(lastKnown >= 0 && after(4_200, powersW.slice(0, lastKnown + 1)).exceeded);
    expect(watched.hadToAct).toBe(first === undefined ? undefined : first > 4_284);
    expect(unknownUntil(watched, powersW.length * 1_000)).toBe(1_000 * powersW.filter((powerW) => powerW === undefined).length);
  },
);
