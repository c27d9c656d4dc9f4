import { z } from 'zod';
import type { Interval } from '../kernel/interval.js';
import { loadOverrideSchema } from './override.js';
import { magnitude, positive } from './problem-values.js';

/** A load that may be moved: a car, a heat pump, a boiler. It comes on top of its site's `loadW`. */
export const flexibleLoadSchema = z.object({
  id: z.string().min(1),
  siteId: z.string(),
  /** Its power while it draws any; W. */
  minW: magnitude.default(0),
  maxW: positive,
  /** Energy it wants from `startMs` on and by `endMs`; soft. */
  energyWh: magnitude,
  startMs: z.number(),
  endMs: z.number(),
  /**
   * Most that a person lets it draw, W. While one does, no plan holds it: it draws what it is let until it has what it wants. Limits on
   * what its site takes come before it; soft.
   */
  override: loadOverrideSchema.optional(),
});

export type FlexibleLoad = z.output<typeof flexibleLoadSchema>;

/** Where it cannot draw less than its least power, the last step may take it this far beyond what it wants; Wh. */
export const overshootWh = ({ minW, startMs, endMs }: FlexibleLoad, steps: readonly Interval[]): number =>
  minW === 0
    ? 0
    : Math.max(0, ...steps.map((step) => (minW * (Math.min(step.endMs, endMs) - Math.max(step.startMs, startMs))) / 3_600_000));
