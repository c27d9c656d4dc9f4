import { z } from 'zod';
import { QUANTITIES, type Quantity, STORED_QUANTITIES } from '../field/sample.js';
import type { RangeAggregate } from '../telemetry/reading-store.port.js';
import { momentSchema, type ParameterText, stepSchema } from './asked-time.js';

const MOST_NAMES = 500;
const AGGREGATES = ['mean', 'min', 'max', 'last'] as const satisfies readonly RangeAggregate[];

/** Names with commas between them, each once, in the order given. */
const names = (about: ParameterText) =>
  z
    .string()
    .meta({ ...about })
    .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== ''))
    .refine((all) => all.length > 0, 'name at least one')
    .refine((all) => all.length <= MOST_NAMES, `name ${MOST_NAMES} at most`);

const quantitiesOf = (known: readonly Quantity[], example: string) =>
  names({ description: `Some of ${known.join(', ')}, with commas between them`, examples: [example] }).transform(
    (all, context): Quantity[] => {
      for (const name of all) {
        if ((known as readonly string[]).includes(name)) continue;
        const why = (QUANTITIES as readonly string[]).includes(name)
          ? 'is of the moment and not kept; kept are'
          : 'is no quantity; known are';
        context.addIssue({ code: 'custom', message: `"${name}" ${why} ${known.join(', ')}`, input: name });
      }
      return all as Quantity[];
    },
  );

export const deviceNames = names({ description: 'Ids of devices, with commas between them', examples: ['anna-meter,anna-pv'] });
export const siteNames = names({ description: 'Ids of sites, with commas between them', examples: ['anna-home,bert-home'] });

const WHEN = 'Epoch milliseconds, a date-time with its offset, or a local date';
export const fromParameter = momentSchema({ description: `${WHEN}, which is the midnight it begins with`, examples: ['2026-03-29'] });
export const toParameter = momentSchema({ description: `${WHEN}; not included`, examples: ['2026-03-30', '2026-03-29T12:00:00+02:00'] });

export const readingsQuerySchema = z
  .strictObject({
    devices: deviceNames,
    quantities: quantitiesOf(STORED_QUANTITIES, 'grid.powerW,pv.powerW'),
    from: fromParameter,
    to: toParameter,
    step: stepSchema({
      description:
        'Length of a step, aligned to UTC: 15m, PT15M or milliseconds, from 1s to 1d. Without it readings come as they were read',
      examples: ['15m'],
    }).optional(),
    aggregate: z
      .enum(AGGREGATES)
      .optional()
      .meta({
        description:
          'What a step tells of its readings; `mean` where not said. Each reading counts the same in it, for however long it held: ' +
          'what a device moved is told by /api/energy, or by the first and last of a counter',
      }),
  })
  .refine(({ step, aggregate }) => step !== undefined || aggregate === undefined, { path: ['aggregate'], message: 'needs a step' });
export type ReadingsQuery = z.infer<typeof readingsQuerySchema>;

export const tailQuerySchema = z.strictObject({ devices: deviceNames, quantities: quantitiesOf(QUANTITIES, 'grid.powerW,grid.currentAA') });
export type TailQuery = z.infer<typeof tailQuerySchema>;

export const readingsSchema = z.object({
  fromMs: z.number().int().describe('UTC epoch milliseconds'),
  toMs: z.number().int(),
  zone: z
    .string()
    .describe('In which local dates of the question were taken: that of the devices’ sites where it is one, else the plant’s'),
  stepMs: z.number().int().optional().describe('Absent where readings are as they were read'),
  aggregate: z.enum(AGGREGATES).optional(),
  units: z.record(z.string(), z.string()).describe('By quantity. Powers are positive into the site’s bus'),
  series: z.array(
    z.object({
      deviceId: z.string(),
      siteId: z.string(),
      level: z
        .string()
        .optional()
        .describe(
          'What the values are made of: `samples` as they were read; absent where the store chose among its roll-ups and does not say',
        ),
      atMs: z.array(z.number().int()).describe('UTC epoch milliseconds; of steps, where they begin'),
      values: z
        .record(z.string(), z.array(z.number().nullable()))
        .describe(
          'By quantity, one for each `atMs`: null where it was not told then. A quantity that was never told in the range is absent',
        ),
    }),
  ),
});
export type ReadingsAnswer = z.infer<typeof readingsSchema>;

/** One line of a stream. The quantities stand beside these two, by their names; absent where not told. */
export const readingRowSchema = z.looseObject({ deviceId: z.string(), atMs: z.number().int().describe('UTC epoch milliseconds') });
