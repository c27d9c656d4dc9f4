import { z } from 'zod';
import type { Interval } from '../kernel/interval.js';
import { type EpochMs, MINUTE_MS } from '../kernel/units.js';
import { batterySchema } from './battery-problem.js';
import { flexibleLoadSchema } from './flexible-load.js';
import { generatorSchema } from './generator-problem.js';
import { sunOverrideSchema } from './override.js';
import { magnitude, perStep, perStepMagnitude } from './problem-values.js';
import { promiseSchema } from './promise.js';
import { scenarioSchema, sharedStepsSchema } from './scenario.js';

/**
 * A planning problem as plain data, kept apart from whatever solves it. Powers are mean AC watts over a step, energies
 * watt-hours, prices millionths of `currency` per kWh, moments UTC epoch milliseconds. Signs are the house's: into the
 * site's bus is positive. Limits are given as positive numbers for both directions.
 */
const siteSchema = z.object({
  id: z.string().min(1),
  /** What the loads draw, and what the sun would give uncurtailed; W, both ≥ 0. */
  loadW: perStepMagnitude,
  pvW: perStepMagnitude,
  /** What of `pvW` can't be left on the roof; W. */
  pvMinW: perStepMagnitude.default(0),
  /**
   * Most that a person lets the sun give, W; with `inverterLimitW` most that sun and battery give together at the terminal. What can't be
   * left on the roof comes first.
   */
  pvOverride: sunOverrideSchema.optional(),
  /** Most the connection may take from and give to the grid; W. Absent: no limit. */
  importLimitW: perStepMagnitude.optional(),
  exportLimitW: perStepMagnitude.optional(),
  /**
   * Most that its batteries and flexible loads may take together; W. And most of that they may take from the grid, which is what an operator
   * dims: what `pvW` leaves over of `loadW` comes on top. Absent: no limit.
   */
  takenLimitW: perStepMagnitude.optional(),
  dimmedW: perStepMagnitude.optional(),
  /**
   * In what share of all that may come (by probability of the scenarios) these two are to be held; 1: always. In the rest they may be
   * passed, which is named as ever but costs no more than the energy. What is expected is never among the rest.
   */
  limitConfidence: z.number().gt(0).max(1).default(1),
  /**
   * Most that sun and battery behind one hybrid inverter may give or take together; W AC. `pvW` may be more: what the inverter could
   * not pass goes into the battery on its DC side.
   */
  inverterLimitW: magnitude.optional(),
  /** What a kWh taken costs and a kWh given earns. Either may be negative. */
  importMicroPerKwh: perStep,
  exportMicroPerKwh: perStep,
  /** Charged for each kW by which the highest mean import of a step exceeds `peakW`, the peak that is paid for already. */
  demandCharge: z.object({ microPerKw: magnitude, peakW: magnitude.default(0) }).optional(),
  /** Carbon dioxide of a kWh taken from the grid. */
  importCo2KgPerKwh: perStepMagnitude.default(0),
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

/** A limit on the net import and export of some sites together. */
const feederSchema = z.object({
  id: z.string().min(1),
  siteIds: z.array(z.string()),
  importLimitW: perStepMagnitude.optional(),
  exportLimitW: perStepMagnitude.optional(),
});

const reserveSchema = z.object({
  id: z.string().min(1),
  /** `up`: more into the bus than planned (the load rises, or something fails); `down`: less. */
  direction: z.enum(['up', 'down']),
  powerW: perStepMagnitude,
  /** For how long it must last out of a battery; s. */
  durationS: magnitude.default(3_600),
  /** Whether it must pass the connections of its sites, or is for these sites themselves. */
  throughConnection: z.boolean().default(true),
  /** Sites whose devices hold it; absent: all. Reserves of one direction share no site. */
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
  flexibleLoads: z.array(flexibleLoadSchema).default([]),
  events: z.array(eventSchema).default([]),
  reserves: z.array(reserveSchema).default([]),
  /** Limits on the net import and export of all sites together; W. */
  fleet: z.object({ importLimitW: perStepMagnitude.optional(), exportLimitW: perStepMagnitude.optional() }).default({}),
  feeders: z.array(feederSchema).default([]),
  /** What loads and sun may do instead of what `sites` expects, and for how many steps from the first on all are given one answer. */
  scenarios: z.array(scenarioSchema).default([]),
  sharedSteps: sharedStepsSchema,
  promises: promiseSchema.optional(),
  /** What a kWh of sun not taken is charged with, over and above what it would have earned. */
  curtailmentMicroPerKwh: magnitude.default(0),
  /** What a kilogram of carbon dioxide is charged with. */
  co2MicroPerKg: magnitude.default(0),
});

export { atStep } from './problem-values.js';
export type { BatteryProblem } from './battery-problem.js';
export type { FlexibleLoad } from './flexible-load.js';
export type { GeneratorProblem } from './generator-problem.js';
export type { Scenario } from './scenario.js';
export type PlanningProblem = z.output<typeof planningProblemSchema>;
export type SiteProblem = PlanningProblem['sites'][number];
export type EventProblem = PlanningProblem['events'][number];
export type ReserveProblem = PlanningProblem['reserves'][number];

/** The steps of a problem as stretches of time. */
export const stepsOf = (problem: { readonly startMs: EpochMs; readonly stepMinutes: readonly number[] }): Interval[] => {
  let atMs = problem.startMs;
  return problem.stepMinutes.map((minutes) => {
    const startMs = atMs;
    atMs += Math.round(minutes * MINUTE_MS);
    return { startMs, endMs: atMs };
  });
};

/** Share of a step that lies inside a stretch of time. */
export const shareWithin = (stretch: Interval, step: Interval): number =>
  Math.max(0, Math.min(stretch.endMs, step.endMs) - Math.max(stretch.startMs, step.startMs)) / (step.endMs - step.startMs);

/** The limits on several sites together: the fleet's, under its name, and those of each feeder. */
export const feedersOf = ({ fleet, feeders, sites }: PlanningProblem): z.output<typeof feederSchema>[] => [
  { id: 'fleet', siteIds: sites.map(({ id }) => id), ...fleet },
  ...feeders,
];
