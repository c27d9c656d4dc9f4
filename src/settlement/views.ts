import { z } from 'zod';
import { EVENT_STATES } from '../signals/grid-event.js';

const momentMs = z.number().int().describe('UTC, milliseconds since 1970');
const micro = z.number().int().describe('Millionths of the currency');

export const LINE_KINDS = ['feed-in', 'event', 'adjustment'] as const;

export const statementLineSchema = z.object({
  kind: z.enum(LINE_KINDS),
  text: z.string(),
  arithmetic: z.string().describe('How the amount comes about, in full'),
  energyWh: z.number(),
  priceMicroPerKwh: z.number().int(),
  amountMicro: micro,
  eventId: z.string().optional(),
  slotsPaid: z.number().int().optional(),
  slotsUnpaid: z.number().int().optional(),
});

export const statementSchema = z.object({
  id: z.string(),
  date: z.iso.date().describe('Local day of the site'),
  currency: z.string(),
  issuedAtMs: momentMs,
  state: z.enum(['open', 'issued']),
  totalMicro: micro,
  lines: z.array(statementLineSchema),
});

export const homeEventSchema = z.object({
  id: z.string(),
  startMs: momentMs,
  endMs: momentMs,
  state: z.enum(EVENT_STATES),
  takesPart: z.boolean(),
  deliveredWh: z.number().optional(),
  earnedMicro: micro.optional(),
  baselineDays: z.number().int().optional(),
  slots: z.array(
    z.object({
      startMs: momentMs,
      endMs: momentMs,
      baselineWh: z.number().optional(),
      netImportWh: z.number().optional(),
      deliveredWh: z.number().optional(),
      quality: z.string(),
    }),
  ),
});

export type StatementLine = z.infer<typeof statementLineSchema>;
export type Statement = z.infer<typeof statementSchema>;
export type HomeEvent = z.infer<typeof homeEventSchema>;
