import { z } from 'zod';
import { STORED_QUANTITIES } from '../field/sample.js';
import { DAY_MS } from '../kernel/units.js';
import { IMPORT_REFUSALS } from '../telemetry/import-run.js';

/** Rows of one request: few, since the plant polls and dispatches beside it. */
const MOST_ROWS = 1_000;

const quantity = z.enum(STORED_QUANTITIES);
const quantities = z.array(quantity).min(1).max(STORED_QUANTITIES.length);

export const importRequestSchema = z.strictObject({
  deviceId: z.string().min(1).max(48),
  quantities,
  readingPeriodMs: z.number().int().min(1).max(DAY_MS).describe('Usual time between two rows'),
  dryRun: z.boolean().default(false).describe('Answer what would be stored, and store nothing'),
  source: z.string().max(200).default('').describe('Where the rows are from, for the audit log'),
});
export const importBegunSchema = z.object({ id: z.string() });

export const importBatchSchema = z.strictObject({
  quantities,
  rows: z
    .array(z.tuple([z.number().int().describe('UTC epoch milliseconds')], z.number().nullable()))
    .min(1)
    .max(MOST_ROWS)
    .describe('In order of time: a moment, and a value for each quantity, null where it is not known'),
});
export const importOutcomeSchema = z.object({
  stored: z.number().int().describe('Values that are new'),
  known: z.number().int().describe('Values that were stored before'),
  forEnergy: z.number().int().describe('Values too old to be kept singly: they count for the energies of their quarter-hours'),
  refused: z.array(
    z.object({
      index: z.number().int().describe('Of the row in the batch'),
      quantity: quantity.optional().describe('Absent where the whole row was refused'),
      reason: z.enum(IMPORT_REFUSALS),
    }),
  ),
  rebased: z.number().int().describe('Counters that went on from elsewhere and were believed'),
});
export const importEndedSchema = z.object({ intervals: z.number().int().describe('Closed intervals that are new') });
