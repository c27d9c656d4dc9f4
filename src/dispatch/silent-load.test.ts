import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { HELD_MS, SilentLoads } from './silent-load.js';

it('takes a house for what it drew last, and after a quarter of an hour for anything up to the most it has drawn', () => {
  const loads = new SilentLoads();
  for (const loadW of [300, 4_000, 900]) loads.seen('a', loadW);
  expect(loads.at(0).size).toBe(0);
  loads.lost('a', 900, 0);
  loads.lost('a', 2_000, 1);
  expect(loads.at(0 + HELD_MS - 1).get('a')).toEqual({ leastW: 900, mostW: 900, mostSeenW: 4_000 });
  expect(loads.at(0 + HELD_MS).get('a')).toEqual({ leastW: 0, mostW: 4_000, mostSeenW: 4_000 });
  loads.seen('a', 500);
  expect(loads.at(0 + HELD_MS).size).toBe(0);
});

it('does not hold what a meter said that stood still', () => {
  const loads = new SilentLoads();
  loads.seen('a', 4_000);
  loads.lost('a', undefined, 0);
  expect(loads.at(1).get('a')).toEqual({ leastW: 0, mostW: 4_000, mostSeenW: 4_000 });
});

test.prop([fc.array(fc.integer({ min: -2_000, max: 20_000 }), { minLength: 1 }), fc.integer({ min: 0, max: 2 * HELD_MS })])(
  'lies between nothing and the most that was seen, whenever it is asked',
  (seenW, afterMs) => {
    const loads = new SilentLoads();
    for (const loadW of seenW) loads.seen('a', loadW);
    loads.lost('a', seenW.at(-1), 0);
    const { leastW, mostW } = loads.at(afterMs).get('a')!;
    expect(leastW).toBeGreaterThanOrEqual(0);
    expect(mostW).toBeGreaterThanOrEqual(leastW);
    expect(mostW).toBeLessThanOrEqual(Math.max(0, ...seenW));
  },
);

describe('what outlives the plant', () => {
  const folder = mkdtempSync(join(tmpdir(), 'house-loads-'));
  const inFolder = (nowMs: number): SilentLoads => {
    const loads = new SilentLoads();
    loads.rememberIn(folder, nowMs);
    return loads;
  };
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is what a house drew, for one that starts anew with a meter that is dead', () => {
    const before = inFolder(0);
    expect(before.at(0).size).toBe(0);
    for (const loadW of [4_000, 900]) before.seen('a', loadW);
    before.at(60_000);
    const after = inFolder(90_000);
    expect(after.at(90_000).get('a')).toEqual({ leastW: 900, mostW: 900, mostSeenW: 4_000 });
    expect(after.at(60_000 + HELD_MS).get('a')).toEqual({ leastW: 0, mostW: 4_000, mostSeenW: 4_000 });
    after.seen('a', 700);
    expect(after.at(90_000).size).toBe(0);
  });

  it('goes on to be silent over a second start, and is the most that was seen where its time lies ahead', () => {
    const again = inFolder(100_000);
    again.lost('a', 500, 100_000);
    again.at(200_000);
    expect(
      inFolder(300_000)
        .at(90_000 + HELD_MS)
        .get('a'),
    ).toEqual({ leastW: 0, mostW: 4_000, mostSeenW: 4_000 });
    expect(inFolder(0).at(0).get('a')).toEqual({ leastW: 0, mostW: 4_000, mostSeenW: 4_000 });
  });

  it('is nothing where the file cannot be read', () => {
    writeFileSync(join(folder, 'house-loads.json'), '[{');
    expect(inFolder(0).at(0).size).toBe(0);
  });
});
