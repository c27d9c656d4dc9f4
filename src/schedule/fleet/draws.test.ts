import { describe, expect, it } from 'vitest';
import { fc, test } from '../../../test/prop.js';
import { cheapestDraws, type StepDraws } from './draws.js';

const MISSING = 100;

/** Steps whose draws cost ever more from their least on, and on top what it costs to draw at all. */
const anySteps = (leastsKw: readonly number[]): fc.Arbitrary<StepDraws[]> =>
  fc.array(
    fc
      .record({
        hour: fc.constantFrom(0.25, 1),
        leastKw: fc.constantFrom(...leastsKw),
        fixed: fc.integer({ min: 0, max: 2 }),
        slopes: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
      })
      .map(({ hour, leastKw, fixed, slopes }): StepDraws => {
        const ascending = slopes.toSorted((one, other) => one - other);
        const kw = leastKw > 0 ? [0, leastKw] : [0];
        const cost = leastKw > 0 ? [0, fixed + leastKw * (ascending[0] ?? 3)] : [0];
        for (const slope of ascending) {
          kw.push(kw.at(-1)! + 1);
          cost.push(cost.at(-1)! + slope);
        }
        return { hour, leastKw, kw, cost };
      }),
    { minLength: 1, maxLength: 5 },
  );
const wantedKwh = fc.integer({ min: 0, max: 40 }).map((quarters) => quarters / 4);

const costOf = (steps: readonly StepDraws[], drawnKw: readonly number[], lacksKwh: number): number =>
  steps.reduce((sum, { hour, kw, cost }, step) => {
    const at = Math.max(
      1,
      kw.findIndex((each) => each >= drawnKw[step]! - 1e-9),
    );
    if (drawnKw[step]! < 1e-9 || kw.length === 1) return sum;
    const share = (drawnKw[step]! - kw[at - 1]!) / (kw[at]! - kw[at - 1]!);
    return sum + hour * (cost[at - 1]! + share * (cost[at]! - cost[at - 1]!));
  }, lacksKwh * MISSING);

const energyOf = (steps: readonly StepDraws[], kw: readonly number[]): number =>
  steps.reduce((sum, { hour }, step) => sum + hour * kw[step]!, 0);

/** All that loads could draw in quarters of a kW. */
const everyDraw = (steps: readonly StepDraws[]): number[][] =>
  steps.reduce<number[][]>(
    (sofar, { leastKw, kw }) => {
      const most = kw.at(-1)!;
      const may = [0, ...Array.from({ length: 4 * most }, (_, quarter) => (quarter + 1) / 4).filter((each) => each >= leastKw)];
      return sofar.flatMap((begun) => may.map((each) => [...begun, each]));
    },
    [[]],
  );

describe('the cheapest draws of a load', () => {
  test.prop([anySteps([0, 1, 2]), wantedKwh])('are such as it can do, and say what it lacks', (steps, wanted) => {
    const { kw, lacksKwh } = cheapestDraws(steps, { wantedKwh: wanted, missing: MISSING });
    kw.forEach((each, step) => {
      const { leastKw, kw: may } = steps[step]!;
      expect(each === 0 || (each >= leastKw - 1e-9 && each <= may.at(-1)! + 1e-9)).toBe(true);
    });
    const energy = energyOf(steps, kw);
    const over = Math.max(...steps.map(({ hour, leastKw }) => hour * leastKw));
    expect(lacksKwh).toBeCloseTo(Math.max(0, wanted - energy), 6);
    expect(energy).toBeLessThanOrEqual(wanted + over + 1e-9);
  });

  test.prop([anySteps([0]).filter((steps) => steps.length <= 4), wantedKwh], { numRuns: 50 })(
    'are the best where it may draw as little as it will',
    (steps, wanted) => {
      const { kw, lacksKwh } = cheapestDraws(steps, { wantedKwh: wanted, missing: MISSING });
      const costs = costOf(steps, kw, lacksKwh);
      for (const other of everyDraw(steps)) {
        const lacks = Math.max(0, wanted - energyOf(steps, other));
        expect(costs).toBeLessThanOrEqual(costOf(steps, other, lacks) + 1e-6);
      }
    },
  );

  it('give back elsewhere what a least power is too much', () => {
    const step = (price: number): StepDraws => ({ hour: 1, leastKw: 4, kw: [0, 4, 10], cost: [0, 4 * price, 10 * price] });
    const { kw, lacksKwh } = cheapestDraws([step(1), step(2), step(3)], { wantedKwh: 11, missing: MISSING });
    expect([kw, lacksKwh]).toEqual([[7, 4, 0], 0]);
  });

  it('leave energy out that costs more than to go without', () => {
    const dear: StepDraws = { hour: 1, leastKw: 0, kw: [0, 5], cost: [0, 5 * MISSING + 1] };
    expect(cheapestDraws([dear], { wantedKwh: 3, missing: MISSING })).toEqual({ kw: [0], lacksKwh: 3, worth: MISSING });
  });
});
