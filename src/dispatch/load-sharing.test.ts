import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { type Sharing, shareLoads } from './load-sharing.js';

const charger = (drawsW: number, isIdle = false): Sharing => ({ minW: 4_000, maxW: 11_000, drawsW, isIdle });

describe('a sum that loads share', () => {
  it('goes by their size where it is enough for all', () => {
    expect(shareLoads(12_000, [charger(5_000), charger(5_000)])).toEqual([6_000, 6_000]);
    expect(shareLoads(30_000, [charger(5_000), charger(0)])).toEqual([11_000, 11_000]);
  });

  it('serves as many as it is enough for, those that draw before those that wait and those with nothing to draw', () => {
    expect(shareLoads(7_000, [charger(0), charger(5_000)])).toEqual([0, 7_000]);
    expect(shareLoads(7_000, [charger(0, true), charger(0)])).toEqual([0, 7_000]);
    expect(shareLoads(16_000, [charger(0, true), charger(5_000)])).toEqual([5_000, 11_000]);
    expect(shareLoads(3_900, [charger(5_000), charger(5_000)])).toEqual([0, 0]);
  });

  it('lets one that stands start only with some room to spare, where the room is measured', () => {
    expect(shareLoads(4_200, [charger(0)])).toEqual([0]);
    expect(shareLoads(4_200, [charger(0)], false)).toEqual([4_200]);
    expect(shareLoads(4_400, [charger(0)])).toEqual([4_400]);
    expect(shareLoads(4_200, [charger(4_500)])).toEqual([4_200]);
  });

  const load = fc
    .record({
      minW: fc.integer({ min: 0, max: 6_000 }),
      aboveW: fc.integer({ min: 1, max: 20_000 }),
      drawsW: fc.nat(20_000),
      isIdle: fc.boolean(),
    })
    .map(({ minW, aboveW, drawsW, isIdle }): Sharing => ({ minW, maxW: minW + aboveW, drawsW, isIdle }));
  test.prop([fc.integer({ min: -5_000, max: 60_000 }), fc.array(load, { maxLength: 8 })])(
    'is never exceeded, nobody gets less than it can draw, and nothing is left that somebody served could take',
    (totalW, loads) => {
      const sharesW = shareLoads(totalW, loads);
      const sumW = sharesW.reduce((a, b) => a + b, 0);
      expect(sumW).toBeLessThanOrEqual(Math.max(0, totalW) + 1e-6);
      sharesW.forEach((shareW, index) => {
        const { minW, maxW } = loads[index]!;
        expect(shareW).toBeLessThanOrEqual(maxW + 1e-6);
        if (shareW > 0) expect(shareW).toBeGreaterThanOrEqual(minW - 1e-6);
      });
      const mostW = loads.reduce((sum, { maxW }, index) => sum + (sharesW[index]! > 0 ? maxW : 0), 0);
      expect(sumW).toBeCloseTo(Math.min(Math.max(0, totalW), mostW), 3);
    },
  );
});
