import { z } from 'zod';
import { NUMBER_TYPES } from './words.js';

/** The values a register-map device can tell, each with its one unit. Signs are the device's own. */
export const PROFILE_POINTS = [
  'powerW',
  'importCounterWh',
  'exportCounterWh',
  'voltageV',
  'frequencyHz',
  'pvPowerW',
  'pvCounterWh',
  'batteryPowerW',
  'batteryChargedWh',
  'batteryDischargedWh',
  'socPct',
  'generatorState',
  'generatorCounterWh',
  'fuelPct',
  'limitPct',
] as const;
export type ProfilePoint = (typeof PROFILE_POINTS)[number];

const address = z.number().int().min(0).max(65_535);

/** How one number lies in the registers. */
const registerSchema = z
  .strictObject({
    holding: address.optional().describe('Address of its first holding register (function 3, 6, 16), counted from 0'),
    input: address.optional().describe('Address of its first input register (function 4), counted from 0'),
    type: z.enum(NUMBER_TYPES),
    unit: z.string().describe('Unit on the wire: W, kW, Wh, kWh, %, V, Hz, s, or "none"'),
    scale: z.number().default(1).describe('Multiplies the register value, which gives it in `unit`'),
    sign: z.union([z.literal(1), z.literal(-1)]).default(1),
    wordOrder: z.enum(['big', 'little']).optional().describe('Overrides the profile'),
    sentinels: z.array(z.number()).default([]).describe('Register values that mean "not available"'),
    range: z.tuple([z.number(), z.number()]).optional().describe('Valid values in `unit`; others are dropped'),
  })
  .refine((register) => (register.holding === undefined) !== (register.input === undefined), 'name one of `holding` and `input`');
export type ProfileRegister = z.infer<typeof registerSchema>;

const commandRegister = z.strictObject({
  holding: address,
  type: z.enum(NUMBER_TYPES),
  unit: z.string().default('none'),
  scale: z.number().default(1),
});
export type CommandRegister = z.infer<typeof commandRegister>;

/** A genset controller: one register that starts and stops it, one for its power, one that counts down unless rewritten. */
const generatorCommandSchema = z.strictObject({
  kind: z.literal('generator'),
  run: commandRegister.extend({ on: z.number().int(), off: z.number().int() }),
  power: commandRegister,
  heartbeat: commandRegister.optional().describe('Seconds until the device stops by itself, written with every command'),
});
export type GeneratorCommands = z.infer<typeof generatorCommandSchema>;

/** A device described by its register list. */
export const profileSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['meter', 'generator']),
  source: z.string().describe('The document the addresses come from, with its version'),
  seenOnHardware: z.boolean(),
  fastestPeriodMs: z.number().int().min(100).describe('The device is never polled faster than this'),
  wordOrder: z.enum(['big', 'little']).default('big'),
  largestRead: z.number().int().min(1).max(125).default(125).describe('Registers in one request'),
  reversion: z.enum(['device', 'supervisor', 'none']).default('none'),
  points: z.partialRecord(z.enum(PROFILE_POINTS), registerSchema),
  commands: z.discriminatedUnion('kind', [generatorCommandSchema]).optional(),
});
export type Profile = z.infer<typeof profileSchema>;
