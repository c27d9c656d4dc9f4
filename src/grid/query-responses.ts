import type { ApiResponseNoStatusOptions } from '@nestjs/swagger';
import type { z } from 'zod';
import { type EnergyAnswer, energyRowSchema, energySchema } from './energy-query.js';
import { ENERGY_CSV_HEAD, energyCsv, energyLines } from './energy-rows.js';
import { streamOf } from './live.js';
import { answerSchema } from './openapi.js';
import { readingCsv, readingCsvHead, readingLines } from './reading-formats.js';
import { readingRowSchema, type ReadingsAnswer, readingsSchema } from './readings-query.js';

const ZONE = 'Europe/Berlin';
const QUANTITIES = ['grid.powerW', 'grid.voltageV'] as const;
const AT_MS = Date.UTC(2026, 2, 29, 1);
const SAMPLES = [
  { deviceId: 'anna-meter', atMs: AT_MS, values: { 'grid.powerW': 412, 'grid.voltageV': 229.8 } },
  { deviceId: 'anna-meter', atMs: AT_MS + 900_000, values: { 'grid.powerW': -1_250.5 } },
];

const READINGS: ReadingsAnswer = {
  fromMs: AT_MS,
  toMs: AT_MS + 1_800_000,
  zone: ZONE,
  stepMs: 900_000,
  aggregate: 'mean',
  units: { 'grid.powerW': 'W', 'grid.voltageV': 'V' },
  series: [
    {
      deviceId: 'anna-meter',
      siteId: 'anna-home',
      atMs: SAMPLES.map(({ atMs }) => atMs),
      values: { 'grid.powerW': [412, -1_250.5], 'grid.voltageV': [229.8, null] },
    },
  ],
};

const ENERGY: EnergyAnswer = {
  per: 'day',
  unit: 'Wh',
  rows: [
    {
      siteId: 'anna-home',
      flow: 'grid',
      startMs: AT_MS - 7_200_000,
      endMs: AT_MS + 75_600_000,
      start: '2026-03-29T00:00:00+01:00',
      end: '2026-03-30T00:00:00+02:00',
      toBusWh: 4_120,
      fromBusWh: 9_300.25,
      quality: 'missing',
      slots: 92,
      missingSlots: 1,
      commandedSlots: 8,
      importedSlots: 0,
      clockUnsureSlots: 0,
    },
  ],
};

interface InFormats<Answer> {
  readonly description: string;
  readonly whole: { readonly schema: z.ZodType<Answer>; readonly example: Answer };
  readonly row: { readonly schema: z.ZodType; readonly example: string };
  readonly csv: string;
}

/** One answer in the three formats of `answer-formats.ts`. */
const inFormats = <Answer>({ description, whole, row, csv }: InFormats<Answer>): ApiResponseNoStatusOptions => ({
  description,
  content: {
    'application/json': { schema: answerSchema(whole.schema), example: whole.example },
    'application/x-ndjson': { schema: answerSchema(row.schema), example: row.example },
    'text/csv': { schema: { type: 'string' }, example: csv },
  },
});

const LONG = 'As JSON up to a bound. A range of any length is streamed row by row with `Accept: application/x-ndjson` or `text/csv`.';

export const READINGS_RESPONSE = inFormats({
  description: `A series a device, column by column. ${LONG}`,
  whole: { schema: readingsSchema, example: READINGS },
  row: { schema: readingRowSchema, example: readingLines(SAMPLES, QUANTITIES) },
  csv: readingCsvHead(QUANTITIES) + readingCsv(SAMPLES, { quantities: QUANTITIES, zone: ZONE }),
});

export const ENERGY_RESPONSE = inFormats({
  description: `A row for each period, site or device, and flow, from the first closed interval to the last. ${LONG}`,
  whole: { schema: energySchema, example: ENERGY },
  row: { schema: energyRowSchema, example: energyLines(ENERGY.rows) },
  csv: ENERGY_CSV_HEAD + energyCsv(ENERGY.rows),
});

export const TAIL_RESPONSE = streamOf(
  '`open` once; `samples`, an array of rows as `GET /api/readings` streams them; `dropped`, `{ samples, fromMs, toMs }` where a slow reader lost some',
);
