import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { learned, NO_ROUNDS, regretBound, weightsOf } from './ml-poly.js';

const NAMES = ['a', 'b', 'c'];
type Losses = readonly [number, number, number];

/** Plays rounds of absolute loss: what experts say of a truth, mixed by the weights, linearised at the mixture. */
const play = (rounds: readonly { said: Losses; truth: number }[]) => {
  let state = NO_ROUNDS;
  let lossOfMixture = 0;
  for (const { said, truth } of rounds) {
    const weights = weightsOf(state, NAMES);
    const mixture = NAMES.reduce((sum, name, k) => sum + weights[name]! * said[k]!, 0);
    lossOfMixture += Math.abs(mixture - truth);
    const slope = Math.sign(mixture - truth);
    state = learned(state, Object.fromEntries(NAMES.map((name, k) => [name, slope * (mixture - said[k]!)])));
  }
  return { state, lossOfMixture };
};

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const anyRounds = fc.array(fc.record({ said: fc.tuple(unit, unit, unit), truth: unit }), { minLength: 1, maxLength: 120 });
const anyMixture = fc.tuple(unit, unit, unit).map((shares) => {
  const total = shares.reduce((a, b) => a + b, 0) || 1;
  return shares.map((share) => (total === 1 ? share : share / total));
});

describe('the mixture of experts', () => {
  it('begins with equal weights, and moves to the expert that is right', () => {
    expect(weightsOf(NO_ROUNDS, NAMES)).toEqual({ a: 1 / 3, b: 1 / 3, c: 1 / 3 });
    const { state } = play(Array.from({ length: 30 }, () => ({ said: [0.5, 0.9, 0.1] as const, truth: 0.9 })));
    expect(weightsOf(state, NAMES)['b']).toBeGreaterThan(0.95);
  });

  it('leaves out who sleeps, and lets newcomers win their place', () => {
    const { state } = play(Array.from({ length: 30 }, () => ({ said: [0.5, 0.9, 0.1] as const, truth: 0.9 })));
    expect(weightsOf(state, ['a', 'c'])).toEqual({ a: 0.5, c: 0.5 });
    const newcomer = learned(learned(state, { new: 0.5 }), { new: 0.5 });
    expect(weightsOf(newcomer, [...NAMES, 'new'])['new']).toBeGreaterThan(0);
  });

  test.prop([anyRounds])('has weights that are never negative and sum to 1', (rounds) => {
    const weights = Object.values(weightsOf(play(rounds).state, NAMES));
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  });

  test.prop([anyRounds, anyMixture])('never does worse than any fixed mixture by more than its bound, whatever comes', (rounds, shares) => {
    const { state, lossOfMixture } = play(rounds);
    const lossOfFixed = rounds.reduce(
      (sum, { said, truth }) => sum + Math.abs(said.reduce((total, value, k) => total + shares[k]! * value, 0) - truth),
      0,
    );
    const bound = NAMES.reduce((sum, name, k) => sum + shares[k]! * regretBound(state, name), 0);
    const slack = (1 - shares.reduce((a, b) => a + b, 0)) * rounds.length;
    expect(lossOfMixture - lossOfFixed).toBeLessThanOrEqual(bound + Math.abs(slack) + 1e-6);
  });

  test.prop([anyRounds])('has a regret of each expert under the bound that it states', (rounds) => {
    const { state } = play(rounds);
    for (const name of NAMES) expect(state.regret[name]).toBeLessThanOrEqual(regretBound(state, name) + 1e-9);
  });
});
