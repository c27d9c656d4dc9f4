import { z } from 'zod';
import { perStepMagnitude } from './problem-values.js';

/**
 * A course that loads and sun may take instead of the one that is expected. What batteries do in the first `sharedSteps` is the same
 * whichever comes, since nobody knows yet; after them each course is planned as if it were known. Generators and flexible loads do the
 * same in all of them.
 */
export const scenarioSchema = z.object({
  id: z.string().min(1),
  /** How likely it is. What all scenarios leave of 1 is the expected course's. */
  probability: z.number().gt(0).max(1),
  /** Sites whose load and sun differ; W, both ≥ 0. The others keep what is expected. */
  sites: z.array(z.object({ siteId: z.string(), loadW: perStepMagnitude, pvW: perStepMagnitude })).min(1),
});

export type Scenario = z.output<typeof scenarioSchema>;

/** How many leading steps are decided now. */
export const sharedStepsSchema = z.number().int().min(1).default(1);
