import { z } from 'zod';
import { magnitude, quantity } from './problem-values.js';

/**
 * What an earlier plan had devices do, and what leaving it must gain: a plan changes only where the gain is more than that. Nothing is
 * promised where it says `null`.
 */
export const promiseSchema = z.object({
  /** What a kWh that differs must gain. A generator that runs instead of standing differs by all it could give. */
  changeMicroPerKwh: magnitude,
  /** Discharge positive. */
  batteries: z.array(z.object({ id: z.string(), powerW: z.array(quantity.nullable()) })).default([]),
  generators: z.array(z.object({ id: z.string(), on: z.array(z.boolean().nullable()) })).default([]),
});
