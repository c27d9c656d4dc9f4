import { fc, test } from '../../test/prop.js';
import { expect } from 'vitest';
import { splitByWeight, splitInProportion, splitToLast, splitWithin, wholeWatts } from './split.js';

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

test.prop([
  fc.double({ min: 0, max: 500_000, noNaN: true }),
  fc.array(fc.tuple(fc.double({ min: 0, max: 20_000, noNaN: true }), fc.double({ min: 0, max: 20_000, noNaN: true })), {
    minLength: 1,
    maxLength: 30,
  }),
])('what lasts to the end is used first, in equal shares, and the total is conserved', (totalW, batteries) => {
  const [lastingW, capacitiesW] = [batteries.map(([lasting]) => lasting), batteries.map(([, capacity]) => capacity)];
  const shares = splitToLast(totalW, { lastingW, capacitiesW });
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  expect(sum(shares)).toBeCloseTo(Math.min(totalW, sum(capacitiesW)), 4);
  shares.forEach((share, index) => expect(share).toBeLessThanOrEqual(capacitiesW[index]! + 1e-6));
  const keptUp = batteries.map((pair) => Math.min(...pair));
  const enough = totalW <= sum(keptUp);
  const used = shares.map((share, index) => (keptUp[index]! > 1e-3 ? share / keptUp[index]! : totalW / Math.max(sum(keptUp), 1e-3)));
  expect(enough ? Math.max(...used) - Math.min(...used) : 0).toBeLessThan(1e-3);
});

test.prop([fc.array(fc.double({ min: -20_000, max: 20_000, noNaN: true }), { minLength: 1, maxLength: 50 })])(
  'whole watts add up to the exact ones within half a watt',
  (exactW) => {
    const whole = wholeWatts(exactW, Math.round);
    expect(whole.every(Number.isInteger)).toBe(true);
    expect(Math.abs(whole.reduce((a, b) => a + b, 0) - exactW.reduce((a, b) => a + b, 0))).toBeLessThanOrEqual(0.5 + 1e-6);
  },
);

test.prop([
  fc.double({ min: 0, max: 500_000, noNaN: true }),
  fc.array(fc.tuple(fc.double({ min: 0, max: 20_000, noNaN: true }), fc.double({ min: 0.1, max: 10, noNaN: true })), {
    minLength: 1,
    maxLength: 30,
  }),
])('by weight the total is conserved, and all that are not full have the same share of their weight', (totalW, each) => {
  const [capacitiesW, weights] = [each.map(([capacity]) => capacity), each.map(([, weight]) => weight)];
  const shares = splitByWeight(totalW, capacitiesW, weights);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  expect(sum(shares)).toBeCloseTo(Math.min(totalW, sum(capacitiesW)), 4);
  const levels = shares.flatMap((share, index) => (share < capacitiesW[index]! - 1e-6 ? [share / weights[index]!] : []));
  expect(Math.max(...levels, 0) - Math.min(...levels, Infinity)).toBeLessThan(1e-3);
  shares.forEach((share, index) => expect(share).toBeLessThanOrEqual(capacitiesW[index]! + 1e-9));
});

test.prop([
  fc.nat(50_000),
  fc.array(fc.record({ leastW: fc.nat(5_000), moreW: fc.nat(5_000), weight: fc.integer({ min: 1, max: 20_000 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
])('within bounds all stand at one level but those held by their own, and the total is met as far as bounds leave it', (totalW, each) => {
  const bounds = each.map(({ leastW, moreW, weight }) => ({ leastW, mostW: leastW + moreW, weight }));
  const shares = splitWithin(totalW, bounds);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const [leastW, mostW] = [sum(bounds.map((one) => one.leastW)), sum(bounds.map((one) => one.mostW))];
  expect(sum(shares)).toBeCloseTo(Math.min(Math.max(totalW, leastW), mostW), 5);
  const free = bounds.flatMap((one, index) => (shares[index]! > one.leastW + 1e-6 && shares[index]! < one.mostW - 1e-6 ? [index] : []));
  const levels = free.map((index) => shares[index]! / bounds[index]!.weight);
  expect(Math.max(...levels, 0) - Math.min(...levels, Infinity)).toBeLessThan(1e-6);
});
