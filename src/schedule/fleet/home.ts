import type { Convex } from './convex.js';

/**
 * A home with at most one battery, as numbers by step: means in kW, energies in kWh, prices in whole units of the currency per kWh.
 * What it takes from the grid, less what it gives, is its net power.
 */
export interface Home {
  readonly hours: readonly number[];
  readonly loadKw: readonly number[];
  readonly sunKw: readonly number[];
  /** Most that may be drawn beside the load by what can be moved; absent: nothing. */
  readonly besideKw?: readonly number[];
  /** What of the sun can't be left on the roof. */
  readonly sunMinKw: readonly number[];
  readonly importLimitKw: readonly number[];
  readonly exportLimitKw: readonly number[];
  /** Most that its battery and its loads that can be moved take together. */
  readonly takenLimitKw: readonly number[];
  /** Most that its inverter gives and takes, without what is kept free of it for reserves. */
  readonly inverterOutKw: readonly number[];
  readonly inverterInKw: readonly number[];
  /** What it holds for reserves on top of its net power, or below it, and what a kWh costs that it falls short. */
  readonly heldUp?: Held;
  readonly heldDown?: Held;
  readonly shortfall: number;
  readonly buy: readonly number[];
  readonly sell: readonly number[];
  /** What a kWh of sun that is left costs, and a kWh beyond a limit of the connection. */
  readonly curtailment: number;
  readonly beyondLimit: number;
  readonly battery?: HomeBattery;
}

/** What a home's share of a reserve is, kW, and what its connection lets pass beside its net power. */
export interface Held {
  readonly kw: readonly number[];
  readonly passesKw: readonly number[];
}

export interface HomeBattery {
  readonly chargeKw: readonly number[];
  readonly dischargeKw: readonly number[];
  readonly capacityKwh: number;
  readonly initialKwh: number;
  readonly chargeEfficiency: number;
  readonly dischargeEfficiency: number;
  readonly fromGrid: boolean;
  readonly toGrid: boolean;
  /** What a kWh costs either way, and one discharged on top. */
  readonly calm: number;
  readonly wear: number;
  /** What it costs to hold so much at the end of each step: outside its range, short of what is wanted, worth at the end (negative). */
  readonly holding: readonly Convex[];
  /** What was promised of its power, kW, and what a kWh costs that differs. */
  readonly promisedKw: readonly (number | null)[];
  readonly change: number;
  /** What a person has set it to, kW, and what a kWh costs that differs; absent where it is free. */
  readonly told: readonly ({ readonly kw: number; readonly price: number } | undefined)[];
}

/** A load of a home that can be moved, by step: it draws nothing, or between its least and its most, kW, until it has what it wants. */
export interface HomeLoad {
  readonly id: string;
  readonly leastKw: readonly number[];
  readonly mostKw: readonly number[];
  readonly wantedKwh: number;
  /** What a kWh costs that it lacks. */
  readonly missing: number;
}
