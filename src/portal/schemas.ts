import { z } from 'zod';
import { powersSchema } from '../grid/schemas.js';
import { RECORD_TYPES } from '../proof/record-fields.js';
import { LISTED_KINDS } from '../proof/proof.service.js';
import { HOLDERS, LOAD_WORDS } from './home-loads.js';
import { ENERGY_QUALITIES } from '../telemetry/interval-energy.js';

const wattHour = z.number().optional().describe('Wh; absent where no device tells');

export const homeNowSchema = z.object({
  atMs: z.number(),
  householdName: z.string(),
  siteId: z.string(),
  zone: z.string(),
  powersW: powersSchema.partial(),
  loadW: z.number().optional(),
  socPct: z.number().optional(),
  readAtMs: z.number().optional(),
  missing: z.array(z.string()),
  optedOut: z.boolean(),
  reserveFloorPct: z.number(),
  loads: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      state: z.enum(LOAD_WORDS).optional().describe('As the device says; absent where it does not'),
      drawsW: z.number().optional(),
      held: z
        .object({ by: z.enum(HOLDERS), toW: z.number() })
        .optional()
        .describe(
          'Who lets it draw less than it is made for: a limit, a grid event, an operator by hand, the plan, or nobody, while it rests after it was held back',
        ),
    }),
  ),
  activeEvent: z
    .object({ id: z.string(), startMs: z.number(), endMs: z.number(), deliveredWh: z.number(), takesPart: z.boolean() })
    .optional(),
});

export const energyDaySchema = z.object({
  date: z.iso.date(),
  producedWh: wattHour,
  importedWh: wattHour,
  exportedWh: wattHour,
  consumedWh: wattHour,
  chargedWh: wattHour,
  dischargedWh: wattHour,
  quality: z.enum(ENERGY_QUALITIES),
  /** Of what was produced alone: a battery without a counter makes the balance an estimate, and not the sun. */
  producedQuality: z.enum(ENERGY_QUALITIES),
  missingSlots: z.number().int(),
});

export const daysQuerySchema = z.object({ days: z.coerce.number<string>().int().min(1).max(400).default(30) });
export const limitQuerySchema = z.object({ limit: z.coerce.number<string>().int().min(1).max(500).default(40) });
export const consentSchema = z.strictObject({ optedOut: z.boolean(), reserveFloorPct: z.number().min(0).max(100) });

export const proofQuerySchema = limitQuerySchema.extend({
  kind: z.enum(LISTED_KINDS).default('reading').describe('`reading` holds corrections of readings too'),
  deviceId: z.string().optional(),
  channel: z.string().optional(),
  fromMs: z.coerce.number<string>().int().optional().describe('Of what begins in [fromMs, toMs)'),
  toMs: z.coerce.number<string>().int().optional(),
});

export const proofRowSchema = z.object({
  leafIndex: z.number().int().describe('GET it with this number for its bundle'),
  type: z.enum(RECORD_TYPES),
  states: z.string().describe('What the record says, in one line'),
  deviceId: z.string(),
  channel: z.string(),
  startMs: z.number(),
  endMs: z.number(),
  toBusWh: wattHour,
  fromBusWh: wattHour,
  quality: z.enum(ENERGY_QUALITIES).optional(),
  superseded: z.literal(true).optional().describe('A later record corrects this one'),
  anchor: z.object({ signature: z.string(), slot: z.number(), atMs: z.number() }).optional(),
});
