/**
 * Polynomially weighted averages with multiple learning rates: ML-Poly (Gaillard, Stoltz and van Erven, COLT 2014, figure 3).
 * Each expert has a learning rate of its own, which falls with what it has differed from the mixture, so that nothing is tuned.
 * One round is one issued forecast, scored when its truth has come.
 */
export interface MixtureState {
  /** Σ of the mixture's (linearised) loss less the expert's, by name. Above 0 the expert has been the better one. */
  readonly regret: Readonly<Record<string, number>>;
  /** Σ of the squares of the same differences. */
  readonly squares: Readonly<Record<string, number>>;
  readonly rounds: number;
  /** The greatest single difference so far. */
  readonly greatest: number;
}

export const NO_ROUNDS: MixtureState = { regret: {}, squares: {}, rounds: 0, greatest: 0 };

/** By name of expert. */
export type Weights = Readonly<Record<string, number>>;

/**
 * The weights of the experts that have something to say: proportional to η·(R)₊ with η = 1 / (1 + Σ r²). Equal where none has been
 * better than the mixture, as in the first round; a newcomer stands at 0 until it wins one. They sum to 1.
 */
export const weightsOf = ({ regret, squares }: MixtureState, awake: readonly string[]): Weights => {
  const raw = awake.map((name) => Math.max(0, regret[name] ?? 0) / (1 + (squares[name] ?? 0)));
  const total = raw.reduce((a, b) => a + b, 0);
  return Object.fromEntries(awake.map((name, index) => [name, total > 0 ? raw[index]! / total : 1 / awake.length]));
};

/**
 * The state after a round: `differences` are the mixture's loss less each expert's, of those that were awake. With a convex loss
 * they are those of its gradient at the mixture, ∇·(mixture − expert): then the regret holds against every fixed mixture of the
 * experts, and not just against each alone (the paper's section 2, "gradient trick"). Experts asleep keep what they have.
 */
export const learned = (state: MixtureState, differences: Readonly<Record<string, number>>): MixtureState => {
  const regret = { ...state.regret };
  const squares = { ...state.squares };
  let { greatest } = state;
  for (const [name, difference] of Object.entries(differences)) {
    regret[name] = (regret[name] ?? 0) + difference;
    squares[name] = (squares[name] ?? 0) + difference ** 2;
    greatest = Math.max(greatest, Math.abs(difference));
  }
  return { regret, squares, rounds: state.rounds + 1, greatest };
};

/**
 * What an expert's regret can't exceed, whatever came: with S = Σ r² and M the greatest |r|,
 * R_k ≤ √((1 + S_k) · Σ_j (1 + M²) ln(1 + S_j)).
 * It follows as in the paper's theorem 5 from Σ_k η_k (R_k)₊², which a round lifts by at most Σ η r², and from
 * r² / (1 + S before) ≤ (1 + M²) ln((1 + S after) / (1 + S before)); there M is 1.
 */
export const regretBound = ({ squares, greatest }: MixtureState, name: string): number => {
  const lifts = Object.values(squares).reduce((sum, square) => sum + (1 + greatest ** 2) * Math.log1p(square), 0);
  return Math.sqrt((1 + (squares[name] ?? 0)) * lifts);
};
