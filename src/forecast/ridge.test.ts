import { describe, expect, it } from 'vitest';
import { gaussian, randomStream } from '../kernel/random.js';
import { fitRidge, type LearningRow, ridgeForecast, solveRidge } from './ridge.js';

describe('ridge regression', () => {
  it('is least squares without a penalty, and goes to the mean with a great one', () => {
    const design = [1, 2, 3, 4].map((x) => Float64Array.of(x, 1));
    const targets = [3, 5, 7, 9];
    expect([...solveRidge(design, targets, 1e-9).weights]).toEqual([expect.closeTo(2, 5), expect.closeTo(1, 5)]);
    const [slope, constant] = solveRidge(design, targets, 1e9).weights;
    expect(slope).toBeCloseTo(0, 5);
    expect(constant).toBeCloseTo(6, 3);
  });

  it('tells what each row would have been missed by, had it been left out', () => {
    const random = randomStream(3);
    const design = Array.from({ length: 12 }, () => Float64Array.of(gaussian(random), gaussian(random), 1));
    const targets = design.map(([a, b]) => 2 * a! - b! + gaussian(random));
    const { leftOut } = solveRidge(design, targets, 0.5);
    design.forEach((row, k) => {
      const { weights } = solveRidge(
        design.filter((_, other) => other !== k),
        targets.filter((_, other) => other !== k),
        0.5,
      );
      const missed = targets[k]! - row.reduce((sum, value, i) => sum + value * weights[i]!, 0);
      expect(leftOut[k]).toBeCloseTo(missed, 6);
    });
  });

  it('learns by hour what the naive blend misses, and how wide to be', () => {
    const random = randomStream(5);
    const rows = Array.from({ length: 400 }, (_, day): LearningRow => {
      const input = gaussian(random);
      const actualW = 1_000 + 200 * (0.7 * input + 0.3 * gaussian(random));
      return { inputs: Float64Array.of(input), naiveW: 1_000, scaleW: 200, actualW, hour: day % 2, issueSlot: day, targetSlot: day + 1 };
    });
    const model = fitRidge(rows);
    const said = ridgeForecast(model, 1, { inputs: Float64Array.of(1), naiveW: 1_000, scaleW: 200 })!;
    expect(said.mean).toBeGreaterThan(1_110);
    expect(said.mean).toBeLessThan(1_160);
    expect(said.p90 - said.p10).toBeGreaterThan(120);
    expect(said.p90 - said.p10).toBeLessThan(190);
    expect(ridgeForecast(model, 5, { inputs: Float64Array.of(1), naiveW: 1_000, scaleW: 200 })).toBeUndefined();
  });
});
