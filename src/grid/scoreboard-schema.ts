import { z } from 'zod';
import { HORIZONS } from '../forecast/scoreboard.js';
import { QUANTITIES } from '../forecast/series-models.js';

export const scoreboardQuerySchema = z.object({
  siteId: z.string().optional(),
  days: z.coerce.number<string>().int().min(1).max(400).default(30),
});

/** Skill: 1 less the ratio of the MAE to that of "as a week ago" on the same slots. Absent where nothing is known of it. */
const scoreRowSchema = z.object({
  horizon: z.enum(HORIZONS),
  model: z.string(),
  maeW: z.number(),
  rmseW: z.number(),
  biasW: z.number(),
  pinballW: z.number(),
  coverage: z.number(),
  skill: z.number().optional(),
  slots: z.number().int(),
});

const standingSchema = z.object({
  quantity: z.enum(QUANTITIES),
  rows: z.array(scoreRowSchema),
  /** Share of each model in the median that is issued now. */
  weights: z.record(z.string(), z.number()),
  trainedToMs: z.number().int().optional(),
});

export const scoreboardSchema = z.object({
  sinceMs: z.number().int(),
  sites: z.array(z.object({ siteId: z.string(), quantities: z.array(standingSchema) })),
});
export type Scoreboard = z.infer<typeof scoreboardSchema>;
