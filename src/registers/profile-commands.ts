import { z } from 'zod';
import { address, checkPlace, placeShape, wordOrder } from './profile-place.js';
import { NUMBER_TYPES } from './words.js';

/**
 * What a write may put in instead of a number of its own: the power that is asked for, never negative, since each case has
 * its direction, in W, in percent of the point `ratedW`, or as the current of each of the device's phases; how long the lease
 * lasts; and the current that a load may go on with once it is over and nobody has said more.
 */
const VARIABLES = ['powerW', 'powerPct', 'currentA', 'leaseS', 'leaseMin', 'fallbackA'] as const;

/** Where a device shows what was written to another register. */
const shownSchema = z.strictObject({ holding: address, type: z.enum(NUMBER_TYPES) });

/** One write. Some devices take a pair of registers only in one request: those are given as raw `words`. */
const writeSchema = z
  .strictObject({
    holding: address.optional().describe('Address of the first holding register (function 16), counted from 0'),
    coil: address.optional().describe('Address of the coil (function 5; 15 for several, as `words`), counted from 0'),
    type: z.enum(NUMBER_TYPES).default('uint16'),
    value: z.union([z.number(), z.enum(VARIABLES)], { error: `a number, or one of ${VARIABLES.join(', ')}` }).optional(),
    words: z.array(z.number().int().min(0).max(65_535)).min(1).max(8).optional().describe('Raw registers, written in one request'),
    unit: z.string().default('none').describe('Unit on the wire'),
    scale: z.number().default(1).describe('Multiplies the register value, which gives it in `unit`'),
    sign: z.union([z.literal(1), z.literal(-1)]).default(1),
    wordOrder: wordOrder.optional(),
    most: z
      .number()
      .positive()
      .optional()
      .describe('Largest register value the device takes; a longer lease, or a wider limit, ends there'),
    least: z
      .number()
      .positive()
      .optional()
      .describe(
        'Least register value: a shorter lease lasts so long; a limit of a load below it is the case `pause`, a fallback below it is 0',
      ),
    unlessOwed: z.number().optional().describe('Register value where a device owes nothing once the lease is over; with `fallbackA`'),
    readBack: z.boolean().default(true).describe('false where the device does not show what was written'),
    shownAt: shownSchema.optional().describe('Where it shows what was written, if not there; in the same unit and scale'),
  })
  .refine((write) => (write.holding === undefined) !== (write.coil === undefined), 'name one of `holding` and `coil`')
  .refine((write) => (write.value === undefined) !== (write.words === undefined), 'give one of `value` and `words`')
  .refine((write) => (write.value === 'fallbackA') === (write.unlessOwed !== undefined), '`fallbackA` and `unlessOwed` go together');
export type ProfileWrite = z.infer<typeof writeSchema>;

/** A register that must hold one of some values, as they lie in it. */
const checkSchema = z
  .strictObject({
    ...placeShape,
    unitId: z.number().int().min(0).max(255).optional().describe('Where it lies at another unit id of the same host or line'),
    oneOf: z.array(z.union([z.number(), z.tuple([z.number(), z.number()])], { error: 'a register value, or [from, to]' })).min(1),
    else: z.string().optional().describe('What it means if it does not'),
  })
  .superRefine(checkPlace);
export type ProfileCheck = z.infer<typeof checkSchema>;

const writesSchema = z.array(writeSchema).min(1);

/** One thing to be told: what is written, in this order, and what the device shows then besides what was written. */
const caseSchema = z.strictObject({ write: writesSchema, shows: z.array(checkSchema).default([]) });
export type ProfileCase = z.infer<typeof caseSchema>;

export const reversionSchema = z.strictObject({
  class: z.enum(['device', 'supervisor', 'none']),
  reason: z.string().min(1).describe('What ends a setpoint when nobody says more, and by which document'),
});

const controlShape = {
  preconditions: z.array(checkSchema).default([]).describe('What must hold before anything is written'),
  release: z.array(writeSchema, { error: 'say by which writes the device is handed back' }).min(1),
  held: checkSchema.describe('How to see that the device is under a setpoint'),
  endsAfterS: z
    .number()
    .positive()
    .optional()
    .describe('The device’s own time, where it cannot be told another: counts from the last write'),
  endsUnseen: z.boolean().default(false).describe('Its registers go on showing a setpoint that its own timer has ended'),
  reversion: reversionSchema.optional().describe('Where something else ends this than the rest'),
  takesMs: z.number().int().min(0).max(3_500).default(1_500).describe('How long it may take to show what it was told'),
};
export type ProfileControl = z.infer<z.ZodObject<typeof controlShape>>;

/** What can be told a device, each as cases of ordered writes: limits and timers first, what switches them on last. */
export const commandsSchema = z.strictObject({
  batteryPower: z.strictObject({ ...controlShape, charge: caseSchema, discharge: caseSchema, rest: caseSchema.optional() }).optional(),
  pvLimit: z.strictObject({ ...controlShape, limit: caseSchema }).optional(),
  generator: z.strictObject({ ...controlShape, run: caseSchema, stop: caseSchema }).optional(),
  loadLimit: z.strictObject({ ...controlShape, limit: caseSchema, pause: caseSchema.optional() }).optional(),
});
export type ProfileCommands = z.infer<typeof commandsSchema>;

/** The cases that hold a device to something and so must end by themselves; to stop is to end. */
export const holdingCases = ({ batteryPower, pvLimit, generator, loadLimit }: ProfileCommands): [path: string[], held: ProfileCase][] => {
  const cases: [string[], ProfileCase | undefined][] = [
    [['commands', 'batteryPower', 'charge'], batteryPower?.charge],
    [['commands', 'batteryPower', 'discharge'], batteryPower?.discharge],
    [['commands', 'batteryPower', 'rest'], batteryPower?.rest],
    [['commands', 'pvLimit', 'limit'], pvLimit?.limit],
    [['commands', 'generator', 'run'], generator?.run],
    [['commands', 'loadLimit', 'limit'], loadLimit?.limit],
    [['commands', 'loadLimit', 'pause'], loadLimit?.pause],
  ];
  return cases.filter((entry): entry is [string[], ProfileCase] => entry[1] !== undefined);
};

/** Whether a write says how much power. */
export const isPower = ({ value }: ProfileWrite): boolean => value === 'powerW' || value === 'powerPct' || value === 'currentA';

/** Whether a write says what holds once the lease is over. */
export const isFallback = ({ value }: ProfileWrite): boolean => value === 'fallbackA';

/** Whether a write says how long the lease lasts. */
export const isTimer = ({ value }: ProfileWrite): boolean => value === 'leaseS' || value === 'leaseMin';
