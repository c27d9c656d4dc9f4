import type { Points } from './pieces.js';
import type { ChargePiece, SiteCharge } from '../site-charge.js';
import type { Charge } from './step-cost.js';

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

/** Between which net powers a site can be at each step, kW. */
export interface NetRange {
  readonly lowKw: readonly number[];
  readonly highKw: readonly number[];
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

/**
 * While prices are learnt, use is charged more the nearer it is to the limit, and beyond it ever more. To keep the limit, those give way who
 * can for so many times the dearest price at most, and the others are left in peace. At last only what going beyond it really costs is charged.
 */
export type Charging = 'learning' | number | 'real';

/** What a home is charged is sampled so many times where it bends, and nowhere finer than this share of the steepness' price. */
const SAMPLES = 8;
const FINEST_SHARE = 1 / 30;
/** Powers are the same that differ by less. */
const HARDLY_KW = 1e-6;

/**
 * The limits that sites share, and the prices at which each site keeps them of its own accord: an augmented Lagrangian (Bertsekas,
 * Constrained Optimization and Lagrange Multiplier Methods, 1982, ch. 2 and 5), which one site after another lowers.
 */
export class SharedLimits {
  private readonly states: readonly State[];
  private readonly bySite: readonly (readonly State[])[];
  /** Used for one site after another, and for one step after another those that charge it. */
  private readonly curves: Curve[] = [];
  private readonly near: Curve[] = [];

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

  /** What a site is charged that now has this net power. It is done with when another site's, or another way of charging, is asked for. */
  charge(site: number, nowKw: readonly number[], charging: Charging): Charge {
    const states = this.bySite[site]!;
    const { near } = this;
    return {
      turnTo: (step, lowKw, highKw) => {
        near.length = 0;
        states.forEach((state, index) => {
          const curve = (this.curves[index] ??= new Curve(this.size.scale));
          if (curve.turnTo(state, { step, nowKw: nowKw[step]!, charging, lowKw, highKw })) near.push(curve);
        });
        return near.length > 0;
      },
      at: (netKw) => near.reduce((sum, curve) => sum + curve.at(netKw), 0),
      kinks: (places) => near.forEach((curve) => curve.kinks(places)),
    };
  }

  /** What a site is charged at the prices alone: in proportion to its net power, whatever the others do. */
  chargeAtPrices(site: number): Charge {
    const prices = this.prices(site);
    let price = 0;
    return { turnTo: (step) => (price = prices[step]!) !== 0, at: (netKw) => price * netKw, kinks: () => undefined };
  }

  /** What a kWh of a site's net power is charged with at each step. */
  private prices(site: number): number[] {
    const states = this.bySite[site]!;
    return Array.from({ length: this.size.steps }, (_, step) => states.reduce((sum, { sign, price }) => sum + sign * price[step]!, 0));
  }

  /** What `charge` charges, in words of a solver: of a site between these net powers. */
  siteCharges(site: number, nowKw: readonly number[], charging: Charging, { lowKw, highKw }: NetRange): SiteCharge[] {
    const curve = new Curve(this.size.scale);
    return this.bySite[site]!.flatMap((state) =>
      nowKw.flatMap((now, step) => {
        const where = { step, nowKw: now, charging, lowKw: lowKw[step]!, highKw: highKw[step]! };
        return curve.turnTo(state, where) ? [{ step, sign: state.sign, ...curve.fromLeast() }] : [];
      }),
    );
  }

  /** And what `chargeAtPrices` charges. */
  siteChargesAtPrices(site: number, { lowKw, highKw }: NetRange): SiteCharge[] {
    return this.bySite[site]!.flatMap(({ sign, price }) =>
      lowKw.flatMap((low, step): SiteCharge[] => {
        const fromKw = sign > 0 ? low : -highKw[step]!;
        const perKwh = price[step]!;
        return perKwh === 0 ? [] : [{ step, sign, fromKw, base: perKwh * fromKw, pieces: [{ kw: Infinity, price: perKwh }] }];
      }),
    );
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

/** What the next kWh is charged with. */
const slopeAt = ({ limitKw, beyond, price, steepness }: State, step: number, usedKw: number): number =>
  limitKw[step] === Infinity ? 0 : Math.min(beyond[step]!, Math.max(0, price[step]! + steepness * (usedKw - limitKw[step]!)));

/** Where a site is while a limit charges it. */
interface Where {
  readonly step: number;
  readonly nowKw: number;
  readonly charging: Charging;
  /** Between which net powers it may be. */
  readonly lowKw: number;
  readonly highKw: number;
}

/**
 * What one limit charges one site at one step, by its net power. The slope rises with use until that is `turnKw` beyond the limit, and is `last`
 * from there on.
 */
class Curve {
  private sign = 1;
  private price = 0;
  private steepness = 0;
  private turnKw = 0;
  private last = 0;
  /** How far beyond the limit use is at no net power. */
  private restKw = 0;
  private lowKw = 0;
  private highKw = 0;

  constructor(private readonly dearest: number) {}

  /** Goes to a step. Whether anything is charged there. */
  turnTo(state: State, { step, nowKw, charging, lowKw, highKw }: Where): boolean {
    const { sign, steepness } = state;
    const [price, beyond] = [state.price[step]!, state.beyond[step]!];
    this.sign = sign;
    this.lowKw = lowKw;
    this.highKw = highKw;
    this.restKw = state.usedKw[step]! - sign * nowKw - state.limitKw[step]!;
    this.price = price;
    this.steepness = charging === 'real' ? 0 : steepness;
    this.turnKw = charging === 'learning' ? (beyond - price) / steepness : 0;
    this.last = typeof charging === 'number' ? Math.min(beyond, Math.max(price, charging * this.dearest)) : beyond;
    const mostKw = this.overKw(sign > 0 ? highKw : lowKw);
    return charging === 'real' ? mostKw > 0 : price + steepness * mostKw > 0;
  }

  at(netKw: number): number {
    return this.atOver(this.overKw(netKw));
  }

  private atOver(overKw: number): number {
    const rising = this.steepness === 0 ? 0 : this.slope(overKw) ** 2 / (2 * this.steepness);
    return rising + Math.max(0, overKw - this.turnKw) * this.last;
  }

  kinks(places: Points): void {
    const [one, other] = [this.overKw(this.lowKw), this.overKw(this.highKw)];
    this.eachBend(Math.min(one, other), Math.max(one, other), (overKw) => places.add(this.netAt(overKw)));
  }

  /** Where its slope changes, or is sampled, between two powers beyond the limit; ascending but for the turn, which is last. */
  private eachBend(leastKw: number, mostKw: number, visit: (overKw: number) => void): void {
    if (this.steepness > 0) {
      const [from, to] = [this.slope(leastKw), this.slope(mostKw)];
      if (from < to) {
        const stride = Math.max(FINEST_SHARE * this.dearest, Math.min(to - from, this.dearest) / SAMPLES);
        const count = Math.min(SAMPLES, Math.floor((to - from) / stride));
        for (let index = 0; index <= count; index += 1) visit((from + index * stride - this.price) / this.steepness);
        visit((to - this.price) / this.steepness);
      }
    }
    visit(this.turnKw);
  }

  /** What is charged from the least power in the limit's direction on, in pieces. */
  fromLeast(): Pick<SiteCharge, 'fromKw' | 'base' | 'pieces'> {
    const fromKw = this.sign > 0 ? this.lowKw : -this.highKw;
    const leastKw = this.restKw + fromKw;
    const mostKw = leastKw + this.highKw - this.lowKw;
    const pieces: ChargePiece[] = [];
    let atKw = leastKw;
    const until = (overKw: number): void => {
      if (overKw - atKw < HARDLY_KW) return;
      pieces.push({ kw: overKw - atKw, price: (this.atOver(overKw) - this.atOver(atKw)) / (overKw - atKw) });
      atKw = overKw;
    };
    this.eachBend(leastKw, mostKw, (overKw) => overKw < mostKw && until(overKw));
    until(mostKw);
    const price = pieces.pop()?.price ?? 0;
    return { fromKw, base: this.atOver(leastKw), pieces: [...pieces, { kw: Infinity, price }] };
  }

  private slope(overKw: number): number {
    return Math.max(0, this.price + this.steepness * Math.min(this.turnKw, overKw));
  }

  private overKw(netKw: number): number {
    return this.restKw + this.sign * netKw;
  }

  private netAt(overKw: number): number {
    return this.sign * (overKw - this.restKw);
  }
}
