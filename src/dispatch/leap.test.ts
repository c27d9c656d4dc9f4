import { expect, it } from 'vitest';
import { leapAll, leaptBy } from './leap.js';

it('moves every moment by what the clock leapt over, and leaves all else and what it was handed as it is', () => {
  const known = {
    sinceMs: 1_000,
    untilW: 7,
    lagMs: 3_000,
    restUntilMs: undefined,
    might: { loweredAtMs: 1_100, mayW: 500 },
    never: { loweredAtMs: -Infinity },
    start: { askedSinceMs: 1_200, warmingSinceMs: 1_300 },
    rest: { restUntilMs: 90_000 },
    following: { sinceMs: 1_400, cameToW: 900 },
    sources: [{ atMs: 2_000, powerW: 4 }],
    still: { sinceMs: 1_500, movedAtMs: 1_700 },
  };
  const before = structuredClone(known);
  expect(leaptBy(known, 300_000)).toEqual({
    ...known,
    sinceMs: 301_000,
    might: { loweredAtMs: 301_100, mayW: 500 },
    start: { askedSinceMs: 301_200, warmingSinceMs: 301_300 },
    rest: { restUntilMs: 390_000 },
    following: { sinceMs: 301_400, cameToW: 900 },
    sources: [{ atMs: 302_000, powerW: 4 }],
    still: { sinceMs: 301_500, movedAtMs: 301_700 },
  });
  expect(known).toEqual(before);
});

it('does so for every entry of a map', () => {
  const known = new Map([
    ['a', { askedSinceMs: 1 }],
    ['b', { askedSinceMs: 2 }],
  ]);
  leapAll(known, 10);
  expect([...known.values()]).toEqual([{ askedSinceMs: 11 }, { askedSinceMs: 12 }]);
});
