import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { splitInProportion } from './split.js';

const capacities = fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { minLength: 1, maxLength: 50 });

test.prop([fc.double({ min: 0, max: 500_000, noNaN: true }), capacities])(
  'shares add up to the total or to all there is, and none is above its capacity',
  (totalW, capacitiesW) => {
    const shares = splitInProportion(totalW, capacitiesW);
    const available = capacitiesW.reduce((a, b) => a + b, 0);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(Math.min(totalW, available), 5);
    shares.forEach((share, index) => expect(share).toBeLessThanOrEqual(capacitiesW[index]! + 1e-9));
  },
);
