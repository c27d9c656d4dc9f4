import { z } from 'zod';
import { deviceReasonsSchema } from '../why/reason.js';
import { BREACH_KINDS, type Schedule } from '../schedule.js';

const says = <T extends z.ZodType>(schema: T, description: string, unit?: string): T =>
  schema.meta({ description, ...(unit === undefined ? {} : { 'x-unit': unit }) });
const id = (description: string) => says(z.string(), description);
const series = (unit: string, description: string) => says(z.array(z.number()), `${description} One value for each step.`, unit);
const money = (description: string) => says(z.number(), description, 'micro-units');

const breachSchema = z.strictObject({
  kind: says(z.enum(BREACH_KINDS), 'Which limit is bent. The order of the names is the order of softening: the first bend last.'),
  subject: id('Site, battery, generator, load, event, reserve or feeder; fleet for limits over all sites.'),
  step: says(z.number().int().min(0), 'Number of the step, from 0 on.'),
  startMs: says(z.number(), 'Begin of the step, UTC epoch milliseconds.', 'ms'),
  size: says(z.number().gt(0), 'How far beyond: W for powers, Wh for energies, s for running time, else a count or fuel.'),
});

const costSchema = z.strictObject({
  importMicro: money('Energy taken from the grid.'),
  exportMicro: money('Energy given to the grid; negative where it earns.'),
  demandMicro: money('For the highest import.'),
  curtailmentMicro: money('Sun left on the roof.'),
  wearMicro: money('Wear of batteries.'),
  startMicro: money('Starts of generators.'),
  noLoadMicro: money('Generators running at all.'),
  runningMicro: money('Energy of generators.'),
  co2Micro: money('Carbon dioxide.'),
  eventMicro: money('Grid events; negative where they earn.'),
  storedMicro: money('Energy stored at the start less energy at the end, at its worth.'),
});

const flows = {
  sites: z.array(
    z.strictObject({
      siteId: id('Site.'),
      loadW: series('W', 'What its loads draw; positive.'),
      gridW: series('W', 'From the grid; import positive, export negative.'),
      pvW: series('W', 'Sun taken; positive.'),
      curtailedW: series('W', 'Sun left on the roof; positive.'),
    }),
  ),
  batteries: z.array(
    z.strictObject({
      batteryId: id('Battery.'),
      siteId: id('Its site.'),
      powerW: series('W', 'Discharge positive, charge negative; AC.'),
      energyWh: series('Wh', 'Stored at the end of the step.'),
    }),
  ),
  events: z.array(z.strictObject({ eventId: id('Grid event.'), deliveredW: series('W', 'Given towards it; 0 outside it.') })),
  reserves: z.array(
    z.strictObject({ reserveId: id('Reserve.'), heldW: series('W', 'What devices could give on top, up to what is asked for.') }),
  ),
  breaches: says(z.array(breachSchema), 'What had to be bent, by step and size.'),
};

const scenarioSchema = z.strictObject({
  scenarioId: id('Scenario.'),
  probability: says(z.number(), 'How likely it is.', 'share'),
  costMicro: money('Cost of the whole plan if it comes.'),
  cost: costSchema,
  ...flows,
});

const planSchema = z.strictObject({
  issuedAtMs: says(z.number(), 'When the plan was made; by the command line, the begin of the first step.', 'ms'),
  solver: says(z.enum(['highs', 'merit-order']), 'What made the plan.'),
  status: says(
    z.enum(['optimal', 'feasible', 'fallback']),
    'optimal: within the gap asked for; feasible: the best found when time was up; fallback: by merit order.',
  ),
  reason: says(z.string().optional(), 'Why it is a fallback, or looks at no scenarios.'),
  currency: id('Currency of all money.'),
  costMicro: money('Cost of the whole plan, the sum of its parts; negative where it earns.'),
  cost: costSchema,
  gap: says(z.number().min(0).optional(), 'Proven distance from the best cost. Absent for a fallback.', 'share'),
  seconds: says(z.number().min(0), 'What solving took.', 's'),
  steps: says(
    z.array(z.strictObject({ startMs: z.number(), endMs: z.number() })),
    'Begin and end of each step, UTC epoch milliseconds.',
    'ms',
  ),
  ...flows,
  generators: z.array(
    z.strictObject({
      generatorId: id('Generator.'),
      siteId: id('Its site.'),
      on: says(z.array(z.boolean()), 'Whether it runs. One value for each step.'),
      powerW: series('W', 'What it gives; positive.'),
    }),
  ),
  loads: z.array(z.strictObject({ loadId: id('Flexible load.'), siteId: id('Its site.'), drawW: series('W', 'What it draws; positive.') })),
  scenarios: says(z.array(scenarioSchema).optional(), 'What is done if a scenario comes; the same in the shared steps.'),
  expectedCostMicro: says(z.number().optional(), 'Mean cost over scenarios and expected course. There with scenarios.', 'micro-units'),
});

/** What `vpp schedule solve --json` answers. */
export const answerSchema = z.strictObject({
  status: planSchema.shape.status,
  solver: planSchema.shape.solver,
  reason: planSchema.shape.reason,
  cost: says(z.number(), 'Cost of the whole plan; negative where it earns.', 'currency'),
  currency: planSchema.shape.currency,
  gap: planSchema.shape.gap,
  seconds: planSchema.shape.seconds,
  breaches: flows.breaches,
  faults: says(z.array(z.string()), 'What the independent check found wrong with the plan; none is right.'),
  plan: says(planSchema, 'The plan.'),
  reasons: says(z.array(deviceReasonsSchema), 'Why each device does what it does.'),
});

/** Holds the schema of the plan against its type. */
export const planOf = (plan: z.output<typeof planSchema>): Schedule => plan;
