import type { Sharing } from './home-plan.js';
import type { Room } from './solved-site.js';

/**
 * A limit on the net power of some sites together, in one direction: `sign` · Σ net ≤ limit, and what goes beyond it costs. A
 * grid event is one too: what of it is not delivered is what goes beyond.
 */
export interface SharedLimit {
  readonly sites: readonly number[];
  readonly sign: 1 | -1;
  /** By step; infinite where there is none. */
  readonly limitKw: readonly number[];
  /** What a kWh beyond it costs at each step; money. */
  readonly beyond: readonly number[];
}

/** A limit while a fleet is planned. */
interface State extends SharedLimit {
  /** `sign` · Σ net by step. */
  readonly usedKw: Float64Array;
  /** What a kWh of its use is charged with at each step. */
  readonly price: Float64Array;
  /** By how much that rises for each kW beyond the limit. */
  readonly steepness: number;
}

/** While prices are learnt, use is charged more the nearer it is to the limit; at last only what going beyond it really costs. */
export type Charging = 'learning' | 'real';

/** What a home is charged is sampled so many times where it bends, and nowhere finer than this share of the steepness' price. */
const SAMPLES = 8;
const FINEST_SHARE = 1 / 30;

/**
 * The limits that sites share, and the prices at which each site keeps them of its own accord: an augmented Lagrangian (Bertsekas,
 * Constrained Optimization and Lagrange Multiplier Methods, 1982, ch. 2 and 5), which one site after another lowers.
 */
export class SharedLimits {
  private readonly states: readonly State[];
  private readonly bySite: readonly (readonly State[])[];

  /** `scale`: the dearest price of energy; `steepness`: what a kW beyond a limit adds to its price. */
  constructor(
    limits: readonly SharedLimit[],
    private readonly size: { readonly sites: number; readonly steps: number; readonly scale: number },
    steepness: (limit: SharedLimit) => number,
  ) {
    this.states = limits.map((limit) => ({
      ...limit,
      usedKw: new Float64Array(limit.limitKw.length),
      price: new Float64Array(limit.limitKw.length),
      steepness: steepness(limit),
    }));
    const bySite: State[][] = Array.from({ length: size.sites }, () => []);
    for (const state of this.states) for (const site of state.sites) bySite[site]!.push(state);
    this.bySite = bySite;
  }

  /** Whether a site has a part in any. */
  bind(site: number): boolean {
    return this.bySite[site]!.length > 0;
  }

  /** Counts a site's net power; what it had before is taken out. */
  count(site: number, netKw: readonly number[], beforeKw?: readonly number[]): void {
    for (const { sign, usedKw } of this.bySite[site]!)
      netKw.forEach((kw, step) => {
        usedKw[step]! += sign * (kw - (beforeKw?.[step] ?? 0));
      });
  }

  /** What a site is charged that now has this net power. */
  sharing(site: number, nowKw: readonly number[], charging: Charging): Sharing {
    const states = this.bySite[site]!;
    return (step, lowKw, highKw) => {
      const near = states.filter((state) =>
        reaches(state, step, state.sign * ((state.sign > 0 ? highKw : lowKw) - nowKw[step]!), charging),
      );
      if (near.length === 0) return undefined;
      const curves = near.map((state) => curveOf(state, step, nowKw[step]!, charging));
      const sampling = { finest: FINEST_SHARE * this.size.scale, steepest: this.size.scale };
      return {
        at: (kw) => curves.reduce((sum, curve) => sum + curve.cost(kw), 0),
        kinksKw: curves.flatMap((curve) => curve.kinksKw(lowKw, highKw, sampling)),
      };
    };
  }

  /** What a site is charged at the prices alone: in proportion to its net power, whatever the others do. */
  atPrices(site: number): Sharing {
    const prices = this.prices(site);
    return (step) => (prices[step] === 0 ? undefined : { at: (kw) => prices[step]! * kw, kinksKw: [] });
  }

  /** What a kWh of a site's net power is charged with at each step. */
  prices(site: number): number[] {
    return this.pricesFor(site, ({ price }, step) => price[step]!);
  }

  /** What the next kWh of a site is charged with at each step. */
  marginalPrices(site: number): number[] {
    return this.pricesFor(site, (state, step) => slopeAt(state, step, state.usedKw[step]!));
  }

  private pricesFor(site: number, priceOf: (state: State, step: number) => number): number[] {
    const states = this.bySite[site]!;
    return Array.from({ length: this.size.steps }, (_, step) => states.reduce((sum, state) => sum + state.sign * priceOf(state, step), 0));
  }

  /** What is left of each limit for a site that now has this net power. */
  roomFor(site: number, nowKw: readonly number[]): Room[] {
    return this.bySite[site]!.map(({ sign, limitKw, usedKw }) => ({
      sign,
      limitKw: limitKw.map((kw, step) => kw - usedKw[step]! + sign * nowKw[step]!),
    }));
  }

  /** Begins with the prices of the same limits elsewhere. */
  takePrices({ states }: SharedLimits): void {
    this.states.forEach(({ price }, index) => price.set(states[index]!.price));
  }

  /** Raises the prices of what is overused, and lowers those of what is left. */
  learn(): void {
    for (const state of this.states)
      state.price.forEach((_, step) => {
        state.price[step] = slopeAt(state, step, state.usedKw[step]!);
      });
  }

  /** What the limits themselves are worth at the prices, per hour of a step. */
  worth(step: number): number {
    return this.states.reduce((sum, { price, limitKw }) => sum + (price[step]! > 0 ? price[step]! * limitKw[step]! : 0), 0);
  }

  /** What going beyond them costs, per hour of a step. */
  penalty(step: number): number {
    return this.states.reduce((sum, { usedKw, limitKw, beyond }) => sum + Math.max(0, usedKw[step]! - limitKw[step]!) * beyond[step]!, 0);
  }
}

const slopeAt = ({ limitKw, beyond, price, steepness }: State, step: number, usedKw: number): number =>
  limitKw[step] === Infinity ? 0 : Math.min(beyond[step]!, Math.max(0, price[step]! + steepness * (usedKw - limitKw[step]!)));

/** Whether a limit charges anything where its use grows by so much. */
const reaches = ({ limitKw, usedKw, price, steepness }: State, step: number, moreKw: number, charging: Charging): boolean => {
  const overKw = usedKw[step]! + moreKw - limitKw[step]!;
  return charging === 'real' ? overKw > 0 : price[step]! + steepness * overKw > 0;
};

/** What one limit charges one site at one step, by its net power. */
interface Curve {
  readonly cost: (netKw: number) => number;
  readonly kinksKw: (lowKw: number, highKw: number, sampling: Sampling) => number[];
}

interface Sampling {
  readonly finest: number;
  /** Steeper than this beyond where it begins it is sampled no finer. */
  readonly steepest: number;
}

const curveOf = (state: State, step: number, nowKw: number, charging: Charging): Curve => {
  const { sign, steepness } = state;
  const [price, beyond, limitKw] = [state.price[step]!, state.beyond[step]!, state.limitKw[step]!];
  const othersKw = state.usedKw[step]! - sign * nowKw;
  const overKw = (netKw: number): number => othersKw + sign * netKw - limitKw;
  const netAt = (kw: number): number => sign * (kw + limitKw - othersKw);
  if (charging === 'real') return { cost: (netKw) => Math.max(0, overKw(netKw)) * beyond, kinksKw: () => [netAt(0)] };
  const slope = (netKw: number): number => Math.min(beyond, Math.max(0, price + steepness * overKw(netKw)));
  return {
    cost: (netKw) => {
      const aboveKw = Math.max(0, overKw(netKw) - (beyond - price) / steepness);
      return slope(netKw) ** 2 / (2 * steepness) + aboveKw * beyond;
    },
    kinksKw: (lowKw, highKw, { finest, steepest }) => {
      const [from, to] = [slope(lowKw), slope(highKw)].toSorted((one, other) => one - other) as [number, number];
      if (from === to) return [];
      const stride = Math.max(finest, Math.min(to - from, steepest) / SAMPLES);
      const count = Math.min(SAMPLES, Math.floor((to - from) / stride));
      const slopes = [...Array.from({ length: count + 1 }, (_, index) => from + index * stride), to];
      return slopes.map((each) => netAt((each - price) / steepness));
    },
  };
};
