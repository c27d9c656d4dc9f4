import { z } from 'zod';
import { generatorOverrideSchema } from './override.js';
import { magnitude, perStepFlag, positive } from './problem-values.js';

/** What a generator may use up in a stretch of time, for example a local day. What is left out is not limited. */
const budgetSchema = z.object({
  startMs: z.number(),
  endMs: z.number(),
  energyWh: magnitude.optional(),
  runS: magnitude.optional(),
  /** In the unit of `fuelPerKwh`. */
  fuel: magnitude.optional(),
  /** Starts, counted at their moment. */
  starts: z.number().int().min(0).optional(),
});

/** One point of a running cost: what an hour at a power costs. */
const costPointSchema = z.object({ powerW: magnitude, microPerH: magnitude });

export const generatorSchema = z.object({
  id: z.string().min(1),
  siteId: z.string(),
  minW: magnitude,
  maxW: positive,
  /** Most it may rise and fall by; W/s. Absent: at once; without the second it falls as it rises. */
  rampWPerS: positive.optional(),
  rampDownWPerS: positive.optional(),
  /** Most mean power in the step it starts in, and in the last step before it stops; W. Absent: its minimum, or one ramp if more. */
  startUpW: magnitude.optional(),
  shutDownW: magnitude.optional(),
  /** After a start it runs for so long before it gives power; s. */
  warmUpS: magnitude.default(0),
  minUpS: magnitude.default(0),
  minDownS: magnitude.default(0),
  /** What a start costs, however long it stood. */
  startMicro: magnitude.default(0),
  /**
   * What a start costs on top by how long it stood: hot, warm, cold. The last entry counts whose `offS` has gone by, the first
   * for shorter times too. Both rise.
   */
  startCosts: z.array(z.object({ offS: magnitude, micro: magnitude })).default([]),
  /** Cost of running at all, per hour, and of each kWh on top. */
  noLoadMicroPerH: magnitude.default(0),
  runningMicroPerKwh: magnitude.default(0),
  /** Cost of an hour by power, on top of both: straight between points from `minW` to `maxW`. Empty: none. */
  costCurve: z.array(costPointSchema).default([]),
  /** And of the square of its power: micro-units per kW² and hour. */
  quadraticMicroPerKw2H: magnitude.default(0),
  /** Carbon dioxide, and fuel in any unit. */
  co2KgPerKwh: magnitude.default(0),
  noLoadCo2KgPerH: magnitude.default(0),
  fuelPerKwh: magnitude.default(0),
  noLoadFuelPerH: magnitude.default(0),
  budgets: z.array(budgetSchema).default([]),
  /** Whether it has to run; soft. */
  mustRun: perStepFlag.default(false),
  /** Whether it may run: false while locked out or failed. */
  available: perStepFlag.default(true),
  /**
   * What a person has set it to, W: 0 to stand, else to run at so much between its minimum and maximum. Availability, minimum times, ramps
   * and limits come first; it comes before having to run and budgets; soft.
   */
  override: generatorOverrideSchema.optional(),
  initial: z.object({
    on: z.boolean(),
    /** Since when it has been on or off; absent: for long enough. */
    sinceMs: z.number().optional(),
    powerW: magnitude.default(0),
    /** Over how long before the start `powerW` is the mean; s. Absent: it is the power at that moment. */
    meanOverS: magnitude.optional(),
  }),
});

export type GeneratorProblem = z.output<typeof generatorSchema>;
export type GeneratorBudget = GeneratorProblem['budgets'][number];
