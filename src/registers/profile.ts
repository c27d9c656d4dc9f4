import { z } from 'zod';
import { commandsSchema, reversionSchema } from './profile-commands.js';
import { checkPlace, placeShape, wordOrder } from './profile-place.js';

/**
 * The values a register-map device can tell, each with its one unit; `sign` brings them to the house's directions. A hybrid's
 * `powerW` is AC at its terminal; its `pvPowerW`, `batteryPowerW` (positive out of the battery) and their counters are DC.
 * A gateway's `gridPowerW` is that of the meter behind it. A load's `loadThere` is 0 while nothing is connected to it, whatever its
 * `loadState` says then.
 */
export const PROFILE_POINTS = [
  'powerW',
  'gridPowerW',
  'importCounterWh',
  'exportCounterWh',
  'voltageV',
  'frequencyHz',
  'currentAA',
  'currentBA',
  'currentCA',
  'ratedW',
  'pvPowerW',
  'pvCounterWh',
  'batteryPowerW',
  'batteryChargedWh',
  'batteryDischargedWh',
  'socPct',
  'generatorState',
  'generatorCounterWh',
  'fuelPct',
  'loadState',
  'loadThere',
  'limitPct',
  'islanded',
] as const;
export type ProfilePoint = (typeof PROFILE_POINTS)[number];

const PROFILE_KINDS = ['meter', 'pv', 'battery', 'hybrid', 'generator', 'load', 'gateway'] as const;

const span = z.tuple([z.number(), z.number()]);

/** How one number lies in the registers. */
const registerSchema = z.strictObject({
  ...placeShape,
  unit: z.string().describe('Unit on the wire: W, kW, Wh, kWh, %, V, A, Hz, s, or "none"'),
  scale: z.number().default(1).describe('Multiplies the register value, which gives it in `unit`'),
  sign: z.union([z.literal(1), z.literal(-1)]).default(1),
  sentinels: z
    .array(z.union([z.number(), span], { error: 'a register value, or [from, to]' }))
    .default([])
    .describe('Register values that mean "not available"'),
  values: z
    .record(z.string().regex(/^\d+$/), z.number())
    .optional()
    .describe('What its codes are in the house’s; others are not available'),
  range: span.optional().describe('Valid values in `unit`; others are dropped'),
  optional: z.boolean().default(false).describe('Some models of this device do not have it'),
});

/** A point: one register, or the sum of several, of which those that are not available count nothing. */
const pointSchema = registerSchema.extend({ plus: z.array(registerSchema.superRefine(checkPlace)).default([]) }).superRefine(checkPlace);
export type ProfileRegister = z.infer<typeof registerSchema>;
export type ProfilePointRegisters = z.infer<typeof pointSchema>;

/** Addresses that no request may touch, both ends included: the device answers with nonsense, or not at all. */
const illegalSchema = z.strictObject({
  holding: z.array(span).default([]),
  input: z.array(span).default([]),
  coil: z.array(span).default([]),
  discrete: z.array(span).default([]),
});

/** A device described by its register list. */
export const profileSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(PROFILE_KINDS),
  source: z.string().describe('The document the addresses come from, with its version'),
  seenOnHardware: z.boolean(),
  fastestPeriodMs: z.number().int().min(100).describe('The device is never polled faster than this'),
  minGapMs: z.number().int().min(0).max(10_000).default(0).describe('Silence it needs between its answer and the next request to it'),
  answersWithinMs: z.number().int().min(100).max(10_000).optional().describe('How long it may take to answer, where that is long'),
  wordOrder: wordOrder.default('big'),
  largestRead: z.number().int().min(1).max(125).default(125).describe('Registers in one request'),
  singleWrites: z.boolean().default(false).describe('It takes registers one by one (function 6) and not several at once (16)'),
  largestHole: z.number().int().min(0).max(124).default(32).describe('Unwanted registers that are read along to save a request'),
  illegal: illegalSchema.optional(),
  reversion: reversionSchema.optional(),
  points: z.partialRecord(z.enum(PROFILE_POINTS), pointSchema),
  commands: commandsSchema.optional(),
});
export type Profile = z.infer<typeof profileSchema>;

/** The points of a profile with their registers. */
export const pointsOf = (profile: Profile): [ProfilePoint, ProfilePointRegisters][] =>
  Object.entries(profile.points).filter((entry): entry is [ProfilePoint, ProfilePointRegisters] => entry[1] !== undefined);
