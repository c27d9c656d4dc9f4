import { z } from 'zod';
import { isZone } from '../kernel/local-day.js';
import { FLOWS } from '../kernel/flow.js';
import { ENERGY_QUALITIES } from '../telemetry/interval-energy.js';
import { deviceNames, fromParameter, siteNames, toParameter } from './readings-query.js';

export const PERIODS = ['interval', 'hour', 'day', 'month'] as const;
export type Period = (typeof PERIODS)[number];

export const energyQuerySchema = z
  .strictObject({
    sites: siteNames.optional(),
    devices: deviceNames.optional(),
    from: fromParameter,
    to: toParameter,
    per: z.enum(PERIODS).meta({
      description: 'Local hours, days or months, in whole; or each closed interval of each device as it is kept',
      examples: ['day'],
    }),
    zone: z
      .string()
      .refine(isZone, 'not an IANA time zone, such as Europe/Berlin')
      .optional()
      .meta({ description: 'Each site’s own where not said', examples: ['Europe/Berlin'] }),
  })
  .refine(({ sites, devices }) => (sites === undefined) !== (devices === undefined), {
    path: ['sites'],
    message: 'name sites or devices, and not both',
  });
export type EnergyQuery = z.infer<typeof energyQuerySchema>;

const slots = z.number().int();

export const energyRowSchema = z.object({
  siteId: z.string(),
  deviceId: z.string().optional().describe('Absent where all devices of the site are summed'),
  flow: z.enum([...FLOWS, 'load']).describe('`load`: what the site drew, by balance, in the slots in which every device is known'),
  startMs: z.number().int().describe('UTC epoch milliseconds'),
  endMs: z.number().int().describe('Of a period that runs: up to where it is closed'),
  start: z.string().describe('As a clock on the wall shows it, with its offset'),
  end: z.string(),
  toBusWh: z.number().optional().describe('Import, sun, discharge, generation; absent where no slot is known'),
  fromBusWh: z.number().optional().describe('Export, charging, and what loads drew'),
  quality: z.enum(ENERGY_QUALITIES).describe('The worst of the slots; the energies are sums of those that are known'),
  slots: slots.describe('Quarter-hours, or intervals where those are no part of one'),
  missingSlots: slots,
  commandedSlots: slots.describe('In which a setpoint or limit of ours was in force'),
  importedSlots: slots.describe('Brought in from a file, not measured here'),
  clockUnsureSlots: slots.describe('In which the plant was not sure of the time'),
  running: z.boolean().optional().describe('True while the period is not over'),
});
export type EnergyRow = z.infer<typeof energyRowSchema>;

export const energySchema = z.object({ per: z.enum(PERIODS), unit: z.literal('Wh'), rows: z.array(energyRowSchema) });
export type EnergyAnswer = z.infer<typeof energySchema>;
