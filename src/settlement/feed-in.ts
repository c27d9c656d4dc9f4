import { durationOf, type Interval } from '../kernel/interval.js';
import { energyCostMicro, type Micro } from '../kernel/money.js';
import type { DurationMs, WattHour } from '../kernel/units.js';
import type { PriceSlot } from '../signals/price.js';
import { paidWh } from './delivered.js';
import { isKnown, type MeteredSite } from './grid-meter.js';

/** A stretch of a day with one feed-in price. A statement keeps them, so that later data is counted at the prices of then. */
export interface FeedInPrice extends Interval {
  readonly priceMicroPerKwh: number;
}

/** All energy that went to the grid at one price. */
export interface FeedInTerm {
  readonly priceMicroPerKwh: number;
  readonly energyWh: WattHour;
  readonly amountMicro: Micro;
}

export interface FeedIn {
  readonly terms: readonly FeedInTerm[];
  readonly energyWh: WattHour;
  readonly amountMicro: Micro;
  /** The part of `energyWh` that the counters prove but nobody saw pass: its hour is estimated. */
  readonly estimatedWh: WattHour;
  readonly slotsPaid: number;
  readonly slotsUnpaid: number;
  /** Time of which nothing is known, at the meter that lacks most. */
  readonly unpaidMs: DurationMs;
}

/** The feed-in prices of a day, neighbours with the same price made one. */
export const feedInPrices = (prices: readonly PriceSlot[]): FeedInPrice[] => {
  const spans: FeedInPrice[] = [];
  for (const { startMs, endMs, exportMicroPerKwh } of prices) {
    const last = spans.at(-1);
    if (last && last.endMs === startMs && last.priceMicroPerKwh === exportMicroPerKwh) spans[spans.length - 1] = { ...last, endMs };
    else spans.push({ startMs, endMs, priceMicroPerKwh: exportMicroPerKwh });
  }
  return spans;
};

/** The price of an interval: the time-weighted mean where prices change inside it; undefined where none is known. */
const priceOf = (interval: Interval, prices: readonly FeedInPrice[]): number | undefined => {
  let [sum, coveredMs] = [0, 0];
  for (const { startMs, endMs, priceMicroPerKwh } of prices) {
    const partMs = Math.min(endMs, interval.endMs) - Math.max(startMs, interval.startMs);
    if (partMs <= 0) continue;
    sum += priceMicroPerKwh * partMs;
    coveredMs += partMs;
  }
  return coveredMs === 0 ? undefined : Math.round(sum / coveredMs);
};

/**
 * What a site earned by feeding in during `period`: export × the price of its time, added up by price. Energy estimated
 * across a gap is paid, since the meter's counter shows that it was fed in and only its hour is uncertain, and it is named.
 * Missing intervals, and time no interval covers, pay nothing and are counted, in slots of `stepMs`.
 */
export const feedInOf = (period: Interval, site: MeteredSite, prices: readonly FeedInPrice[], stepMs: DurationMs): FeedIn => {
  const exportWhByPrice = new Map<number, WattHour>();
  let [slotsPaid, slotsUnpaid, estimatedWh, unpaidMs] = [0, 0, 0, site.size === 0 ? durationOf(period) : 0];
  for (const intervals of site.values()) {
    let [coveredMs, paidMs] = [0, 0];
    for (const interval of intervals) {
      if (interval.startMs < period.startMs || interval.startMs >= period.endMs) continue;
      coveredMs += durationOf(interval);
      const price = priceOf(interval, prices);
      if (!isKnown(interval) || price === undefined) {
        slotsUnpaid += 1;
        continue;
      }
      slotsPaid += 1;
      paidMs += durationOf(interval);
      if (interval.quality === 'estimated') estimatedWh += interval.fromBusWh;
      if (interval.fromBusWh > 0) exportWhByPrice.set(price, (exportWhByPrice.get(price) ?? 0) + interval.fromBusWh);
    }
    slotsUnpaid += Math.max(0, Math.ceil((durationOf(period) - coveredMs) / stepMs));
    unpaidMs = Math.max(unpaidMs, durationOf(period) - paidMs);
  }
  const terms = [...exportWhByPrice]
    .map(([priceMicroPerKwh, sumWh]) => termOf(priceMicroPerKwh, sumWh))
    .filter(({ energyWh }) => energyWh > 0)
    .sort((a, b) => b.priceMicroPerKwh - a.priceMicroPerKwh);
  return {
    terms,
    energyWh: paidWh(terms.reduce((sum, term) => sum + term.energyWh, 0)),
    amountMicro: terms.reduce((sum, term) => sum + term.amountMicro, 0),
    estimatedWh: paidWh(estimatedWh),
    slotsPaid,
    slotsUnpaid,
    unpaidMs,
  };
};

const termOf = (priceMicroPerKwh: number, sumWh: WattHour): FeedInTerm => {
  const energyWh = paidWh(sumWh);
  return { priceMicroPerKwh, energyWh, amountMicro: energyCostMicro(energyWh, priceMicroPerKwh) };
};
