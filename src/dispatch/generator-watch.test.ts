import { describe, expect, it } from 'vitest';
import type { GeneratorRating } from '../fleet/plant.js';
import { mayRun } from './generator-rules.js';
import { watchGenerator, type WatchedGenerator } from './generator-watch.js';

const RATING: GeneratorRating = {
  minW: 3_000,
  maxW: 10_000,
  rampWPerS: 1_000,
  warmUpS: 30,
  minUpS: 300,
  minDownS: 120,
  noLoadLitresPerH: 1,
  litresPerKwh: 0.3,
  fuelMicroPerLitre: 1_000_000,
  startMicro: 0,
};
const [STOPPED, WARMING_UP, RUNNING, COOLING, FAILED] = [0, 1, 2, 3, 4];

/** What is known of a generator after it has been told to run and showed these states, each for some seconds. */
const shown = (
  ...states: readonly (readonly [state: number, seconds: number, asked?: boolean])[]
): { now: WatchedGenerator; atMs: number } => {
  let now: WatchedGenerator | undefined;
  let atMs = 0;
  for (const [state, seconds, asked = true] of states)
    for (let second = 0; second < seconds; second += 1) {
      now = watchGenerator(now, { state, asked }, RATING, atMs);
      atMs += 1_000;
    }
  return { now: now!, atMs };
};

describe('a start', () => {
  it('is confirmed when the generator runs', () => {
    expect(shown([STOPPED, 2], [WARMING_UP, 30], [RUNNING, 1]).now).toMatchObject({ running: true, failedStarts: 0 });
  });

  it('has failed when the generator says so, and it rests then', () => {
    const { now, atMs } = shown([STOPPED, 2], [WARMING_UP, 30], [FAILED, 1]);
    expect(now).toMatchObject({ running: false, failedStarts: 1 });
    expect(mayRun(RATING, now, true, atMs)).toEqual({ run: false, heldBy: 'rests' });
  });

  it('has failed when the warm-up takes half a minute too long', () => {
    expect(shown([STOPPED, 1], [WARMING_UP, 60]).now.failedStarts).toBe(0);
    expect(shown([STOPPED, 1], [WARMING_UP, 62]).now.failedStarts).toBe(1);
  });

  it('has failed when nothing begins, but not while the minimum down time may be the reason', () => {
    expect(shown([COOLING, 60], [STOPPED, 140]).now.failedStarts).toBe(0);
    expect(shown([COOLING, 60], [STOPPED, 160]).now.failedStarts).toBe(1);
  });

  it('is tried again after its rest, three times at the most', () => {
    const failure = [
      [WARMING_UP, 30],
      [FAILED, 1],
      [STOPPED, 130, false],
    ] as const;
    const once = shown([STOPPED, 1], ...failure);
    expect(mayRun(RATING, once.now, true, once.atMs)).toEqual({ run: true });
    const thrice = shown([STOPPED, 1], ...failure, ...failure, ...failure);
    expect(thrice.now.failedStarts).toBe(3);
    expect(mayRun(RATING, thrice.now, true, thrice.atMs)).toEqual({ run: false, heldBy: 'failed' });
  });

  it('that succeeds forgets those that did not', () => {
    expect(shown([STOPPED, 1], [WARMING_UP, 30], [FAILED, 1], [STOPPED, 130, false], [WARMING_UP, 30], [RUNNING, 1]).now.failedStarts).toBe(
      0,
    );
  });

  it('is nobody’s business where nobody asked for it', () => {
    expect(shown([FAILED, 300, false]).now.failedStarts).toBe(0);
  });
});

it('knows whether we started it, for as long as it runs', () => {
  expect(shown([STOPPED, 2], [WARMING_UP, 10], [RUNNING, 10, false]).now.isOurs).toBe(true);
  expect(shown([STOPPED, 2, false], [WARMING_UP, 10, false], [RUNNING, 10, false]).now.isOurs).toBeUndefined();
  expect(shown([RUNNING, 10], [COOLING, 5, false]).now.isOurs).toBeUndefined();
});
