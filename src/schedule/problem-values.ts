import { z } from 'zod';

/** More than any power in W, energy in Wh or price in millionths there is: beyond it a number is a slip, and no solver can count with it. */
const MOST = 1e13;

/** What fields of a planning problem are made of. */
export const quantity = z.number().min(-MOST).max(MOST);
export const magnitude = z.number().min(0).max(MOST);
export const positive = z.number().gt(0).max(MOST);

/** One value for all steps, or one for each. */
export const perStep = z.union([quantity, z.array(quantity)]);
export const perStepMagnitude = z.union([magnitude, z.array(magnitude)]);
export const perStepFlag = z.union([z.boolean(), z.array(z.boolean())]);
export type PerStep<T> = T | readonly T[];

/** The value at a step of something that is given once or for each step. */
export const atStep = <T>(value: PerStep<T>, step: number): T => (Array.isArray(value) ? (value as readonly T[])[step]! : (value as T));
