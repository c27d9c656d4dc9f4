import { z } from 'zod';
import { magnitude, quantity } from './problem-values.js';

const by = z.string().optional();

/**
 * What a person has set a device to, one value for each step; `null` where the plan is free. Limits come before it, the plan after it.
 * `by` is who has set it.
 */
export const batteryOverrideSchema = z.object({ powerW: z.array(quantity.nullable()), by });
export const generatorOverrideSchema = z.object({ powerW: z.array(magnitude.nullable()), by });
export const loadOverrideSchema = z.object({ maxW: z.array(magnitude.nullable()), by });
export const sunOverrideSchema = z.object({ maxW: z.array(magnitude.nullable()), by });
