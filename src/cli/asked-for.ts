import { z } from 'zod';
import { parseMoment } from '../grid/asked-time.js';
import { BadInput } from '../kernel/errors.js';
import { sum } from '../kernel/sum.js';
import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS, type Watt } from '../kernel/units.js';
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

const LENGTH = /^P?(?:(\d+)d)?T?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/i;
const LENGTH_UNITS_MS: readonly DurationMs[] = [DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS];

/** A length of time of a command line: `90s`, `15m`, `1h30m`, `2d`. Throws `BadInput`. */
export const askedLengthMs = (option: string, text: string): DurationMs => {
  const [, ...counts] = LENGTH.exec(text.trim()) ?? [];
  const lengthMs = sum(LENGTH_UNITS_MS.map((unitMs, index) => Number(counts[index] ?? 0) * unitMs));
  if (lengthMs === 0) throw new BadInput(`${option} "${text}": write a length of time, as 90s, 15m, 1h30m or 2d`);
  return lengthMs;
};

/** What time it is at the plant: a demo's clock is its own. */
export const plantNowMs = async (client: PlantClient): Promise<EpochMs> =>
  (await client.get('/api/plant', z.object({ nowMs: z.number() }))).nowMs;
