import { z } from 'zod';

/** Why a device does what it does in a step. What each means is said in `sentence.ts`. */
export const REASON_CODES = [
  'recovery',
  'event',
  'import-limit',
  'export-limit',
  'feeder-limit',
  'load-limit',
  'inverter-limit',
  'demand-charge',
  'override',
  'must-run',
  'reserve',
  'reserve-floor',
  'energy-target',
  'charge-demand',
  'load-energy',
  'minimum-up-time',
  'minimum-down-time',
  'minimum-power',
  'warm-up',
  'start-up-ramp',
  'shut-down-ramp',
  'start-cost',
  'budget',
  'unavailable',
  'empty',
  'full',
  'satisfied',
  'out-of-time',
  'self-consumption',
  'negative-price',
  'price-spread',
  'value-at-end',
  'sold',
  'no-sun',
  'no-gain',
  'merit-order',
  'indifferent',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export const DEEDS = ['charges', 'discharges', 'rests', 'runs', 'stands', 'gives', 'is-held-back', 'draws', 'waits'] as const;
export type Deed = (typeof DEEDS)[number];

export const reasonSchema = z.strictObject({
  does: z.enum(DEEDS).meta({ description: 'What the device does in the step.' }),
  code: z.enum(REASON_CODES).meta({ description: 'Why.' }),
  subject: z.string().optional().meta({ description: 'The event, reserve or feeder it is for; with an override, who has set it.' }),
  microPerKwh: z.number().optional().meta({ description: 'What a kWh costs or is worth here and now.', 'x-unit': 'micro-units/kWh' }),
  otherMicroPerKwh: z
    .number()
    .optional()
    .meta({ description: 'What it is held against: a kWh at otherMs, or from elsewhere.', 'x-unit': 'micro-units/kWh' }),
  otherMs: z.number().optional().meta({ description: 'The moment it is held against, UTC epoch milliseconds.', 'x-unit': 'ms' }),
  beyondW: z
    .number()
    .optional()
    .meta({ description: 'By how much the limit, peak or reserve would be missed if it did nothing.', 'x-unit': 'W' }),
});
export type Reason = z.output<typeof reasonSchema>;

export const deviceReasonsSchema = z.strictObject({
  kind: z.enum(['battery', 'generator', 'sun', 'load']).meta({ description: 'What the device is; sun is named by its site.' }),
  id: z.string().meta({ description: 'Its id in the problem.' }),
  steps: z.array(reasonSchema).meta({ description: 'One reason for each step.' }),
});
export type DeviceReasons = z.output<typeof deviceReasonsSchema>;
