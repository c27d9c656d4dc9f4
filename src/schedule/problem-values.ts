import { z } from 'zod';

/** What fields of a planning problem are made of. */
export const magnitude = z.number().min(0);

/** One value for all steps, or one for each. */
export const perStep = z.union([z.number(), z.array(z.number())]);
export const perStepMagnitude = z.union([magnitude, z.array(magnitude)]);
export const perStepFlag = z.union([z.boolean(), z.array(z.boolean())]);
export type PerStep<T> = T | readonly T[];

/** The value at a step of something that is given once or for each step. */
export const atStep = <T>(value: PerStep<T>, step: number): T => (Array.isArray(value) ? (value as readonly T[])[step]! : (value as T));
