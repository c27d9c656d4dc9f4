import { z } from 'zod';
import { contains, type Interval, slotAt } from '../kernel/interval.js';
import { localTime } from '../kernel/local-day.js';
import { MICRO_PER_UNIT } from '../kernel/money.js';
import { type DurationMs, type EpochMs, MINUTE_MS } from '../kernel/units.js';
import type { PriceSlot } from './price.js';

/** Clocks and tariffs change on quarter-hours only: no zone's offset and no window of ours ends anywhere else. */
const QUARTER_MS = 15 * MINUTE_MS;

const priceSchema = z
  .number()
  .min(-10)
  .max(100)
  .transform((perKwh) => Math.round(perKwh * MICRO_PER_UNIT));

const wallClockSchema = z
  .string()
  .regex(/^([01]\d|2[0-3]):(00|15|30|45)$|^24:00$/, 'must be a quarter-hour such as 17:00 or 24:00')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const windowSchema = z
  .strictObject({
    from: wallClockSchema,
    to: wallClockSchema,
    /** 0 is Sunday; every day without it. A window over midnight belongs to the day it begins on. */
    weekdays: z.array(z.number().int().min(0).max(6)).min(1).optional(),
    pricePerKwh: priceSchema,
  })
  .refine(({ from, to }) => from !== to && from < 24 * 60, 'a window must have a length')
  .transform(({ from, to, weekdays, pricePerKwh }) => ({
    fromMinute: from,
    toMinute: to,
    weekdays,
    priceMicroPerKwh: pricePerKwh,
  }));

/** One price at all hours, or one for the hours that no window names; where windows overlap, the first holds. */
const ruleSchema = z.union([
  priceSchema.transform((priceMicroPerKwh) => ({ priceMicroPerKwh, windows: [] })),
  z
    .strictObject({ pricePerKwh: priceSchema, windows: z.array(windowSchema).default([]) })
    .transform(({ pricePerKwh, windows }) => ({ priceMicroPerKwh: pricePerKwh, windows })),
]);

/** A tariff as people write it: prices in the plant's currency per kWh, hours on the site's clock. */
export const tariffSchema = z.strictObject({ import: ruleSchema, export: ruleSchema });

export type Tariff = z.output<typeof tariffSchema>;
export type TariffInput = z.input<typeof tariffSchema>;
export type PriceRule = Tariff['import'];

/** Prices known by the hour (day-ahead market, an operator's file); where they reach, they hold instead of the tariff's rule. */
export interface KnownPrice extends Interval {
  readonly importMicroPerKwh?: number;
  readonly exportMicroPerKwh?: number;
}

export const DEMO_TARIFF: Tariff = tariffSchema.parse({
  import: {
    pricePerKwh: 0.3,
    windows: [
      { from: '22:00', to: '06:00', pricePerKwh: 0.22 },
      { from: '17:00', to: '21:00', pricePerKwh: 0.42 },
    ],
  },
  export: 0.08,
} satisfies TariffInput);

/** What the rule asks at a moment, on the site's clock, in micro-units per kWh. */
const ruleAt = ({ priceMicroPerKwh, windows }: PriceRule, zone: string, atMs: EpochMs): number => {
  if (windows.length === 0) return priceMicroPerKwh;
  const { hour, minute, weekday } = localTime(zone, atMs);
  const nowMinute = hour * 60 + minute;
  const holding = windows.find(({ fromMinute, toMinute, weekdays }) => {
    const overMidnight = toMinute < fromMinute;
    const begunToday = nowMinute >= fromMinute && (overMidnight || nowMinute < toMinute);
    const begunYesterday = overMidnight && nowMinute < toMinute;
    if (!begunToday && !begunYesterday) return false;
    return weekdays === undefined || weekdays.includes(begunToday ? weekday : (weekday + 6) % 7);
  });
  return holding?.priceMicroPerKwh ?? priceMicroPerKwh;
};

/** The prices of a tariff at one moment. `known` prices hold where they reach. */
export const priceAt = (
  tariff: Tariff,
  zone: string,
  atMs: EpochMs,
  known: readonly KnownPrice[] = [],
): Omit<PriceSlot, 'startMs' | 'endMs'> => {
  const published = known.length === 0 ? undefined : knownAt(known, atMs);
  return {
    importMicroPerKwh: published?.importMicroPerKwh ?? ruleAt(tariff.import, zone, atMs),
    exportMicroPerKwh: published?.exportMicroPerKwh ?? ruleAt(tariff.export, zone, atMs),
  };
};

/** `known` is in order of time and does not overlap (see `readPrices`). */
const knownAt = (known: readonly KnownPrice[], atMs: EpochMs): KnownPrice | undefined => {
  let [low, high] = [0, known.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (known[middle]!.endMs <= atMs) low = middle + 1;
    else high = middle;
  }
  const found = known[low];
  return found && contains(found, atMs) ? found : undefined;
};

/**
 * Import and export prices of every slot of `stepMs` that touches `interval`, in micro-units per kWh. A slot inside which
 * a price changes has the time-weighted mean of its quarter-hours, rounded to a whole micro-unit.
 */
export const pricesOf = (
  tariff: Tariff,
  zone: string,
  interval: Interval,
  stepMs: DurationMs,
  known: readonly KnownPrice[] = [],
): PriceSlot[] => {
  const slots: PriceSlot[] = [];
  for (let { startMs } = slotAt(interval.startMs, stepMs); startMs < interval.endMs; startMs += stepMs)
    slots.push(meanPrice(tariff, zone, { startMs, endMs: startMs + stepMs }, known));
  return slots;
};

const meanPrice = (tariff: Tariff, zone: string, slot: Interval, known: readonly KnownPrice[]): PriceSlot => {
  let [importSum, exportSum] = [0, 0];
  for (let atMs = slot.startMs; atMs < slot.endMs;) {
    const untilMs = Math.min(slotAt(atMs, QUARTER_MS).endMs, slot.endMs);
    const price = priceAt(tariff, zone, atMs, known);
    importSum += price.importMicroPerKwh * (untilMs - atMs);
    exportSum += price.exportMicroPerKwh * (untilMs - atMs);
    atMs = untilMs;
  }
  const lengthMs = slot.endMs - slot.startMs;
  return { ...slot, importMicroPerKwh: Math.round(importSum / lengthMs), exportMicroPerKwh: Math.round(exportSum / lengthMs) };
};
