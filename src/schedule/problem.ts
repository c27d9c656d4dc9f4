import { z } from 'zod';
import type { Interval } from '../kernel/interval.js';
import { type EpochMs, MINUTE_MS } from '../kernel/units.js';

/**
 * A planning problem as plain data, kept apart from whatever solves it. Powers are mean AC watts over a step, energies
 * watt-hours, prices millionths of `currency` per kWh, moments UTC epoch milliseconds. Signs are the house's: into the
 * site's bus is positive. Limits are given as positive numbers for both directions.
 */
const number = z.number();
const magnitude = z.number().min(0);
const share = z.number().gt(0).max(1);

/** One value for all steps, or one for each. */
const perStep = z.union([number, z.array(number)]);
const perStepMagnitude = z.union([magnitude, z.array(magnitude)]);
const perStepFlag = z.union([z.boolean(), z.array(z.boolean())]);
export type PerStep<T> = T | readonly T[];

const siteSchema = z.object({
  id: z.string().min(1),
  /** What the loads draw, and what the sun would give uncurtailed; W, both ≥ 0. */
  loadW: perStepMagnitude,
  pvW: perStepMagnitude,
  /** Most the connection may take from and give to the grid; W. Absent: no limit. */
  importLimitW: perStepMagnitude.optional(),
  exportLimitW: perStepMagnitude.optional(),
  /** Most that sun and battery behind one hybrid inverter may give or take together; W AC. */
  inverterLimitW: magnitude.optional(),
  /** What a kWh taken costs and a kWh given earns. Either may be negative. */
  importMicroPerKwh: perStep,
  exportMicroPerKwh: perStep,
});

const batterySchema = z.object({
  id: z.string().min(1),
  siteId: z.string(),
  capacityWh: z.number().gt(0),
  /** The range the battery itself works in, and what its household keeps back on top; Wh. */
  minEnergyWh: magnitude,
  maxEnergyWh: magnitude,
  reserveFloorWh: perStepMagnitude.default(0),
  /** Energy stored at the start of the first step; Wh. May lie outside the range: it is then recovered. */
  initialEnergyWh: magnitude,
  maxChargeW: perStepMagnitude,
  maxDischargeW: perStepMagnitude,
  /** Least power of charging when it charges at all; W. */
  minChargeW: magnitude.default(0),
  chargeEfficiency: share,
  dischargeEfficiency: share,
  /** What a kWh left at the end is worth, and what a kWh discharged wears off. */
  terminalMicroPerKwh: number.default(0),
  wearMicroPerKwh: magnitude.default(0),
  /** Without the first it charges only in steps without import; without the second it discharges only in steps without export. */
  chargeFromGrid: z.boolean().default(true),
  dischargeToGrid: z.boolean().default(true),
  /** Energy wanted at the end of a step; soft. */
  targets: z.array(z.object({ step: z.number().int().min(0), energyWh: magnitude })).default([]),
});

const generatorSchema = z.object({
  id: z.string().min(1),
  siteId: z.string(),
  minW: magnitude,
  maxW: z.number().gt(0),
  /** Most it may change by; absent: at once. */
  rampWPerS: z.number().gt(0).optional(),
  /** After a start it runs for so long before it gives power; s. */
  warmUpS: magnitude.default(0),
  minUpS: magnitude.default(0),
  minDownS: magnitude.default(0),
  startMicro: magnitude.default(0),
  /** Cost of running at all, per hour, and of each kWh on top. */
  noLoadMicroPerH: magnitude.default(0),
  runningMicroPerKwh: magnitude.default(0),
  /** Whether it may run: false while locked out or failed. */
  available: perStepFlag.default(true),
  initial: z.object({
    on: z.boolean(),
    /** Since when it has been on or off; absent: for long enough. */
    sinceMs: z.number().optional(),
    powerW: magnitude.default(0),
  }),
});

const eventSchema = z.object({
  id: z.string().min(1),
  startMs: z.number(),
  endMs: z.number(),
  /** `up`: less net import than the baseline; `down`: more. */
  direction: z.enum(['up', 'down']),
  powerW: magnitude,
  /** Net import of the sites that take part, as it would be without the event; W, import positive. */
  baselineW: perStep,
  /** Earned per kWh delivered up to `powerW`, and charged on top per kWh that falls short. */
  priceMicroPerKwh: magnitude,
  penaltyMicroPerKwh: magnitude.default(0),
  /** Sites that take part; absent: all. */
  siteIds: z.array(z.string()).optional(),
});

export const planningProblemSchema = z.object({
  version: z.literal(1),
  currency: z.string().min(1),
  startMs: z.number(),
  /** Length of each step; uneven lengths are allowed. */
  stepMinutes: z.array(z.number().gt(0)).min(1),
  sites: z.array(siteSchema).min(1),
  batteries: z.array(batterySchema).default([]),
  generators: z.array(generatorSchema).default([]),
  events: z.array(eventSchema).default([]),
  /** Limits on the net import and export of all sites together; W. */
  fleet: z.object({ importLimitW: perStepMagnitude.optional(), exportLimitW: perStepMagnitude.optional() }).default({}),
  /** What a kWh of sun not taken is charged with, over and above what it would have earned. */
  curtailmentMicroPerKwh: magnitude.default(0),
});

export type PlanningProblem = z.output<typeof planningProblemSchema>;
export type SiteProblem = PlanningProblem['sites'][number];
export type BatteryProblem = PlanningProblem['batteries'][number];
export type GeneratorProblem = PlanningProblem['generators'][number];
export type EventProblem = PlanningProblem['events'][number];

/** The value at a step of something that is given once or for each step. */
export const atStep = <T>(value: PerStep<T>, step: number): T => (Array.isArray(value) ? (value as readonly T[])[step]! : (value as T));

/** The steps of a problem as stretches of time. */
export const stepsOf = (problem: { readonly startMs: EpochMs; readonly stepMinutes: readonly number[] }): Interval[] => {
  let atMs = problem.startMs;
  return problem.stepMinutes.map((minutes) => {
    const startMs = atMs;
    atMs += Math.round(minutes * MINUTE_MS);
    return { startMs, endMs: atMs };
  });
};

/** Share of a step that lies inside an event. */
export const eventShare = (event: Interval, step: Interval): number =>
  Math.max(0, Math.min(event.endMs, step.endMs) - Math.max(event.startMs, step.startMs)) / (step.endMs - step.startMs);
