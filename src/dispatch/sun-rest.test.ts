import { describe, expect, it } from 'vitest';
import { SECOND_MS } from '../kernel/units.js';
import { imageOf } from './decide.fixture.js';
import { needsNoRoom, restOf, type SunRest, SunRests } from './sun-rest.js';

/** What is known after sun has given this, second by second. */
const after = (sunsW: readonly number[]): SunRest =>
  sunsW.reduce<SunRest | undefined>((known, sunW, second) => restOf(known, sunW, second * SECOND_MS), undefined)!;
const secondsOf = (sunW: number, seconds: number): number[] => Array.from({ length: seconds }, () => sunW);

describe('sun that has room to rise', () => {
  it('needs none once it has not taken it, and is given some again each minute', () => {
    const rest = after(secondsOf(5_000, 200));
    const needs = [19, 20, 69, 70, 79, 80, 129, 130].map((second) => needsNoRoom(rest, second * SECOND_MS));
    expect(needs).toEqual([false, true, true, false, false, true, true, false]);
  });

  it('needs it while it moves, either way, and for longer once a cloud has come', () => {
    const needsAfter = (thenW: number, seconds: number): boolean =>
      needsNoRoom(after([...secondsOf(5_000, 100), ...secondsOf(thenW, seconds)]), (100 + seconds - 1) * SECOND_MS);
    expect([5_040, 5_060, 4_900, 2_000, 7_000].map((thenW) => needsAfter(thenW, 20))).toEqual([true, false, false, false, false]);
    expect([5_060, 4_900, 2_000, 7_000].map((thenW) => needsAfter(thenW, 22))).toEqual([true, true, false, true]);
    expect([119, 122].map((seconds) => needsAfter(2_000, seconds))).toEqual([false, true]);
    // Under the cloud it goes to and fro a little.
    expect(needsNoRoom(after([...secondsOf(5_000, 100), ...secondsOf(2_000, 10), ...secondsOf(2_050, 40)]), 150 * SECOND_MS)).toBe(false);
  });
});

describe('what is watched of it', () => {
  const seen = (limited: boolean, values: Record<string, number>): boolean => {
    const rests = new SunRests();
    const image = imageOf([{ id: 'a' }]);
    const devices = new Map(image.devices).set('a-pv', { ...image.devices.get('a-pv')!, values });
    let resting: ReadonlySet<string> = new Set();
    for (let second = 0; second < 25; second += 1) {
      rests.forgetLimits();
      if (limited || second < 24) rests.limits('a-pv');
      resting = rests.see({ ...image, devices, atMs: image.atMs + second * SECOND_MS });
    }
    return resting.has('a-pv');
  };

  it('is that of inverters that are told a limit and do not say what they could give', () => {
    expect(seen(true, { 'pv.powerW': 3_000 })).toBe(true);
    expect(seen(false, { 'pv.powerW': 3_000 })).toBe(false);
    expect(seen(true, { 'pv.powerW': 3_000, 'pv.availableW': 3_000 })).toBe(false);
    expect(seen(true, {})).toBe(false);
  });
});
