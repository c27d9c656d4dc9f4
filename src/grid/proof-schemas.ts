import { z } from 'zod';
import { LISTED_KINDS } from '../proof/proof.service.js';
import { RECORD_TYPES } from '../proof/record-fields.js';
import { ENERGY_QUALITIES } from '../telemetry/interval-energy.js';

export const proofKeysSchema = z.object({
  logKey: z.string(),
  anchorKey: z.string(),
  anchorAddress: z.string(),
  origin: z.string(),
  demoKeys: z.boolean(),
  assurance: z.enum(['software', 'demo']).describe('How the signing keys are kept: in a file, or as a demo that proves nothing'),
  beginsAt: z.string().describe('Where proof begins'),
});

export const proofStatusSchema = proofKeysSchema.extend({
  ledger: z.string(),
  rpcUrl: z.string(),
  leaves: z.number().int(),
  anchoredLeaves: z.number().int().describe('Leaves under an anchor that is in a block'),
  unfinishedAnchors: z.number().int(),
  lastAnchor: z.object({ signature: z.string(), slot: z.number().int(), atMs: z.number(), finalized: z.boolean() }).optional(),
  fault: z.object({ message: z.string(), retryable: z.boolean() }).optional().describe('Why anchoring stands still'),
  contradictions: z.number().int().describe('Signed statements on file that contradict the log'),
});

const moment = z.coerce.number<string>().int().optional();
export const plantRecordsQuerySchema = z.object({
  siteId: z.string().optional(),
  kind: z.enum(LISTED_KINDS).default('reading'),
  deviceId: z.string().optional(),
  channel: z.string().optional(),
  fromMs: moment,
  toMs: moment,
  limit: z.coerce.number<string>().int().min(1).max(500).default(40),
});

export const plantRecordSchema = z.object({
  leafIndex: z.number().int(),
  siteId: z.string(),
  type: z.enum(RECORD_TYPES),
  states: z.string(),
  deviceId: z.string(),
  channel: z.string(),
  startMs: z.number(),
  endMs: z.number(),
  toBusWh: z.number().optional(),
  fromBusWh: z.number().optional(),
  quality: z.enum(ENERGY_QUALITIES).optional(),
  superseded: z.literal(true).optional(),
  anchor: z.object({ signature: z.string(), slot: z.number(), atMs: z.number() }).optional(),
});

const MAX_BUNDLE_CHARACTERS = 65_536;
export const evidenceRequestSchema = z.strictObject({
  bundle: z.string().max(MAX_BUNDLE_CHARACTERS).describe('The text of the file, to the character'),
});
export const evidenceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('not-ours') }),
  z.object({ kind: z.literal('malformed'), reason: z.string() }),
  z.object({ kind: z.literal('agrees') }),
  z.object({ kind: z.literal('contradicts'), details: z.array(z.string()).readonly() }),
]);
export const conflictSchema = z.object({
  id: z.number().int(),
  foundAtMs: z.number(),
  kind: z.enum(['record', 'tree', 'anchor']),
  siteId: z.string().nullable(),
  detail: z.string(),
  evidence: z.string().describe('Both signed texts, as JSON'),
});

export const erasureRequestSchema = z.strictObject({ siteId: z.string(), reason: z.string().trim().min(1).max(200) });
export type ErasureRequest = z.infer<typeof erasureRequestSchema>;
export const erasureSchema = z.object({ siteId: z.string(), erased: z.number().int() });
