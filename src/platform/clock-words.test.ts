import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreedAheadMs } from './clock-words.js';

const words = (...aheadMs: number[]) => aheadMs.map((ahead, i) => ({ who: `device ${i}`, aheadMs: ahead }));

describe('what clocks of devices agree on', () => {
  it.each([
    ['nobody says anything', [], undefined],
    ['one alone, right or wrong', [620_000], undefined],
    ['two that differ', [0, 620_000], undefined],
    ['two that say the same', [619_500, 620_300], 619_900],
    ['most of them', [-200, 300, 0, 3_600_000], 50],
    ['half against half', [0, 100, 9_000, 9_100], undefined],
    ['each something else', [0, 5_000, 10_000, 15_000], undefined],
  ])('%s', (_what, ahead, agreed) => {
    expect(agreedAheadMs(words(...ahead))).toBe(agreed);
  });

  it('lies within what one of them says, and is the same in any order', () => {
    assert(
      property(array(integer({ min: -10_000, max: 10_000 }), { maxLength: 8 }), (ahead) => {
        const agreed = agreedAheadMs(words(...ahead));
        expect(agreedAheadMs(words(...ahead.toReversed()))).toBe(agreed);
        const near = ahead.filter((each) => agreed !== undefined && Math.abs(each - agreed) <= 1_000);
        expect(agreed === undefined || 2 * near.length > ahead.length).toBe(true);
      }),
    );
  });
});
