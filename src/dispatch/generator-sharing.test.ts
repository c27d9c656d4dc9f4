import { expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { sum } from '../kernel/sum.js';
import { engineShares } from './generator-sharing.js';

const engine = (minW: number, ratedW: number) => ({ minW, ratedW });

it('leaves each its least power in their order, and the rest by their ratings', () => {
  expect(engineShares(9_000, [engine(5_000, 10_000), engine(5_000, 10_000)])).toEqual([9_000, 0]);
  expect(engineShares(9_000, [engine(3_000, 20_000), engine(3_000, 10_000)])).toEqual([5_000, 4_000]);
  expect(engineShares(4_000, [engine(5_000, 10_000), engine(2_000, 10_000)])).toEqual([0, 4_000]);
  expect(engineShares(-100, [engine(5_000, 10_000)])).toEqual([0]);
});

test.prop([
  fc.integer({ min: -5_000, max: 60_000 }),
  fc.array(fc.record({ minW: fc.nat(9_000), overW: fc.integer({ min: 1, max: 20_000 }) }), { maxLength: 5 }),
])('leaves all of it to engines that can run with what they have, and no more', (roomW, some) => {
  const engines = some.map(({ minW, overW }) => engine(minW, minW + overW));
  const shares = engineShares(roomW, engines);
  shares.forEach((shareW, index) => expect(shareW === 0 || shareW >= engines[index]!.minW).toBe(true));
  const all = sum(shares);
  expect(all).toBeLessThanOrEqual(Math.max(0, roomW) + 1e-6);
  if (engines.some(({ minW }) => minW <= roomW)) expect(all).toBeGreaterThanOrEqual(roomW - 1e-6);
});
