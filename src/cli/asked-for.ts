import { z } from 'zod';
import { parseMoment, parseStep } from '../grid/asked-time.js';
import { BadInput } from '../kernel/errors.js';
import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';
import type { PlantClient } from './plant-client.js';

/** A power of a command line: `5000`, `5kW`, `1.2MW`. Throws `BadInput`. */
export const askedPowerW = (option: string, text: string): Watt => {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(k|M)?W?$/.exec(text) ?? [];
  if (count === undefined) throw new BadInput(`${option} "${text}": write a power, as 5000, 5kW or 1.2MW`);
  return Number(count) * { '': 1, k: 1e3, M: 1e6 }[unit]!;
};

/** Epoch milliseconds, or a date-time with its offset. Throws `BadInput`. */
export const askedMoment = (option: string, text: string): EpochMs => {
  const moment = parseMoment(text);
  if (typeof moment !== 'string' && moment.kind === 'moment') return moment.atMs;
  throw new BadInput(`${option} "${text}": write a date-time with its offset, as 2026-06-01T18:00:00Z`);
};

/** `15m`, `2h`. Throws `BadInput`. */
export const askedLengthMs = (option: string, text: string): DurationMs => {
  const lengthMs = parseStep(text);
  if (typeof lengthMs === 'string') throw new BadInput(`${option} "${text}": write a length of time, as 15m or 2h`);
  return lengthMs;
};

/** What time it is at the plant: a demo's clock is its own. */
export const plantNowMs = async (client: PlantClient): Promise<EpochMs> =>
  (await client.get('/api/plant', z.object({ nowMs: z.number() }))).nowMs;
