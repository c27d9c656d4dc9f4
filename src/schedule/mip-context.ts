import type { Interval } from '../kernel/interval.js';
import type { LinearModelBuilder } from './linear-model.js';
import type { PlanningProblem } from './problem.js';

/**
 * The planning problem as a mixed-integer linear model, in whole units of the currency and a unit of power that suits its
 * size. Every limit that could make it unsolvable is softened at the prices of `PENALTIES`.
 */
export interface ModelContext {
  readonly problem: PlanningProblem;
  readonly steps: readonly Interval[];
  readonly hours: readonly number[];
  readonly model: LinearModelBuilder;
  /** Watts of one unit of power in the model; its energies are that unit over an hour. */
  readonly unitW: number;
  /** The dearest price in the problem per unit of energy: what chooses among plans of equal cost is a small part of it. */
  readonly scale: number;
  /** What penalties are multiples of, per unit of energy. */
  readonly gravity: number;
  /** By site: the column that is 1 where this course need not hold its connection's limits. */
  readonly excused?: ReadonlyMap<string, number>;
}

/** A price per kWh as a price per unit of energy of the model. */
export const priceOf = ({ unitW }: Pick<ModelContext, 'unitW'>, microPerKwh: number): number => (microPerKwh * unitW) / 1e9;

/**
 * What bending a limit costs per kWh (for stored energy: per kWh and hour) as a multiple of the gravest price: the order in
 * which limits give way.
 */
export const PENALTIES = {
  site: 10_000,
  fleet: 3_000,
  batteryOverride: 2_000,
  energyRange: 1_000,
  reserveFloor: 300,
  ramp: 200,
  override: 190,
  mustRun: 180,
  budget: 160,
  reserve: 140,
  target: 100,
} as const;

/** Prefers the calmer of two plans that cost the same: less to and fro, sun taken rather than left. */
export const CALM = 1e-6;

/**
 * Of plans that cost the same the one is taken that exchanges least with the grid in the steps that are decided now: what is stored serves
 * the load that is there rather than an equally dear one that may not come, surplus is stored while there is any, and what must be bought
 * is bought when more is known.
 */
export const OWN_FIRST = 2e-5;

/** Either-or rules the linear model leaves open. They are tied down only where its answer breaks them. */
export interface EitherOr {
  /** Site and step at which power may flow one way only, and batteries keep to their grid rules. */
  readonly grid: ReadonlySet<string>;
  /** Battery and step at which it charges or discharges, not both. */
  readonly battery: ReadonlySet<string>;
}

export const keyOf = (index: number, step: number): string => `${index} ${step}`;
