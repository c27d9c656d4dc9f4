import { z } from 'zod';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/units.js';

const UNIT_MS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS };

/** `90s`, `5m`, `1h30m`: a length of time, or a moment counted from the start. */
export const span = z
  .string()
  .regex(/^(\d+(\.\d+)?[smh])+$/, 'must read like 90s, 5m or 1h30m')
  .transform((text) => [...text.matchAll(/([\d.]+)([smh])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit!]!, 0));

/** A power over time: one number, or steps; with `over` a step is a straight way. */
export const course = z.union([
  z.number().min(0),
  z.array(z.strictObject({ at: span, w: z.number().min(0), over: span.optional() })).min(1),
]);

export const id = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower-case letters, digits and dashes');
export const watts = z.number().min(0);

const batterySchema = z.strictObject({
  capacityWh: z.number().positive().default(10_000),
  maxW: z.number().positive().default(5_000),
  socPct: z.number().min(0).max(100).default(50),
  minSocPct: z.number().min(0).max(100).default(5),
  ignoresUnderW: watts.default(0).describe('changes of its setpoint smaller than this it does not follow'),
  rampWPerS: z.number().positive().optional().describe('how fast it follows a setpoint'),
});

const roofSchema = z.strictObject({
  id,
  ratedW: z.number().positive(),
  sunW: course.default(0),
  battery: batterySchema.optional().describe('hangs on the same inverter, which is a hybrid then'),
  saysAvailable: z.boolean().default(true).describe('whether it says what it could give; a hybrid never does'),
});

const generatorSchema = z.strictObject({
  id,
  minW: watts.default(3_000),
  maxW: z.number().positive().default(10_000),
  warmUpS: watts.default(30),
  coolDownS: watts.default(60),
  minUpS: watts.default(300),
  minDownS: watts.default(120),
  rampWPerS: z.number().positive().default(1_000),
  runs: z.boolean().default(false).describe('whether it runs at the start'),
});

const chargerSchema = z.strictObject({
  id,
  ratedW: z.number().positive().default(11_040),
  phases: z.union([z.literal(1), z.literal(3)]).default(3),
  cars: z
    .array(
      z.strictObject({
        comes: span.default(0),
        goes: span.optional(),
        energyWh: z.number().positive(),
        maxW: z.number().positive().optional(),
        phases: z.union([z.literal(1), z.literal(3)]).optional(),
      }),
    )
    .default([])
    .describe(
      'who hangs on it from when to when, and wants how much; what it takes at most, where its charger gives more, and on how many phases',
    ),
  need: z
    .strictObject({ energyWh: z.number().positive(), from: z.string(), by: z.string() })
    .optional()
    .describe('what the plant expects it to need each day, as a fleet file does'),
});

const statedSite = z.strictObject({
  id,
  kind: z.enum(['home', 'community-battery', 'generators']).default('home'),
  importLimitW: z.number().positive().default(30_000),
  exportLimitW: watts.default(30_000),
  phaseLimitA: z.number().positive().optional().describe('what each phase carries; what charges on one does so on the first'),
  safeLimits: z
    .strictObject({
      importW: watts.optional(),
      exportW: watts.optional(),
      generationW: watts.optional(),
      sunW: watts.optional(),
      loadW: watts.optional(),
    })
    .optional(),
  reserveFloorPct: z.number().min(0).max(100).default(20),
  optedOut: z.boolean().default(false),
  baselineW: z.number().optional().describe('what it would take from the grid without an event'),
  meterDelay: span.default(0).describe('how old the meter’s word is when it is read'),
  loadW: course.default(0),
  loadNoiseW: watts.default(0).describe('the load wanders by up to so much, anew each second'),
  sunW: course.optional(),
  pvRatedW: z.number().positive().optional(),
  hybrid: z.boolean().optional().describe('sun and battery hang on one inverter of pvRatedW'),
  battery: batterySchema.optional(),
  roofs: z
    .array(roofSchema)
    .min(1)
    .optional()
    .describe('in the place of `pvRatedW` and `sunW`: several inverters, each with sun of its own'),
  batteries: z
    .array(batterySchema.extend({ id }))
    .min(1)
    .optional()
    .describe('in the place of `battery`: several, each on an inverter of its own'),
  generators: z.array(generatorSchema).default([]),
  chargers: z.array(chargerSchema).default([]),
});

type StatedSite = z.infer<typeof statedSite>;

/** What cannot be meant beside something else, or without it. */
const contradiction = ({ sunW, pvRatedW, hybrid, battery, roofs, batteries }: StatedSite): [keyof StatedSite, string] | undefined => {
  if (roofs && (pvRatedW ?? sunW ?? hybrid) !== undefined)
    return ['roofs', 'stands in the place of `pvRatedW`, `sunW` and `hybrid`: state them there, a hybrid as a roof with a `battery`'];
  if (batteries && battery) return ['batteries', 'stands in the place of `battery`: state that one there, with an `id`'];
  if (hybrid && !(battery && pvRatedW)) return ['hybrid', 'a hybrid needs `battery` and `pvRatedW`'];
  return undefined;
};

/**
 * A site as its file states it, with all of its inverters in `roofs` and `batteries`. In the short form they are called `SITE-sun` and `SITE-battery`, or
 * `SITE-hybrid`.
 */
export const siteSchema = statedSite
  .superRefine((site, context) => {
    const found = contradiction(site);
    if (found) context.addIssue({ code: 'custom', path: [found[0]], message: found[1] });
  })
  .transform(({ sunW = 0, pvRatedW, hybrid = false, battery, roofs, batteries, ...site }) => {
    const shortRoof: Omit<Roof, 'id'> | undefined = pvRatedW === undefined ? undefined : { ratedW: pvRatedW, sunW, saysAvailable: true };
    const onRoof = hybrid && battery ? { battery } : {};
    const besideRoof = battery && !hybrid ? [{ ...battery, id: `${site.id}-battery` }] : [];
    return {
      ...site,
      roofs: roofs ?? (shortRoof ? [{ id: `${site.id}-${hybrid ? 'hybrid' : 'sun'}`, ...shortRoof, ...onRoof } satisfies Roof] : []),
      batteries: batteries ?? besideRoof,
    };
  });

type Roof = z.infer<typeof roofSchema>;
export type BatteryStory = z.infer<typeof batterySchema>;
export type Course = z.infer<typeof course>;
