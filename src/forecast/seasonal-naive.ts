import type { Watt } from '../kernel/units.js';
import { type Distribution, LEVEL, quantileOf } from './distribution.js';
import { calendarOf, type PowerSeries, type SlotCalendar, slotDaysBefore } from './history.js';

/** One issue: what had not ended when the forecast was issued does not exist for it. */
export interface ForecastTask {
  readonly series: PowerSeries;
  /** Covers the history and the slots ahead; starts with the series. */
  readonly calendar: SlotCalendar;
  /** First slot that was not known when the forecast was issued. */
  readonly issueSlot: number;
}

/** Slots ahead of an issue. */
export interface Ahead {
  readonly issuedAtMs: number;
  readonly startMs: number;
  readonly slots: number;
}

/** Values of the last `days` local days at the target's time of day that were known at issue, newest first. */
const sameTimes = ({ series, calendar, issueSlot }: ForecastTask, targetSlot: number, days: number): Watt[] => {
  const known: Watt[] = [];
  for (let day = 1, looked = 0; looked < days; day += 1) {
    const slot = slotDaysBefore(calendar, targetSlot, day);
    if (slot < 0) break;
    if (slot >= issueSlot) continue;
    looked += 1;
    const value = series.values[slot];
    if (value !== undefined) known.push(value);
  }
  return known;
};

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * The forecast of a site that nothing has been learnt of: half the mean of the last seven days at this time of day, which keeps the
 * energy, half the median of fourteen, which forgets odd days; as wide as four weeks. Undefined where some slot has no past.
 */
export const seasonalAhead = (series: PowerSeries, zone: string, { issuedAtMs, startMs, slots }: Ahead): Distribution[] | undefined => {
  const firstSlot = Math.round((startMs - series.startMs) / series.stepMs);
  const issueSlot = Math.min(series.values.length, Math.floor((issuedAtMs - series.startMs) / series.stepMs));
  const task: ForecastTask = { series, calendar: calendarOf(zone, series.startMs, series.stepMs, firstSlot + slots), issueSlot };
  const ahead: Distribution[] = [];
  for (let slot = firstSlot; slot < firstSlot + slots; slot += 1) {
    const month = sameTimes(task, slot, 28);
    if (month.length === 0) return undefined;
    const fortnight = month.slice(0, 14).toSorted((a, b) => a - b);
    const meanW = (mean(month.slice(0, 7)) + quantileOf(fortnight, 0.5)) / 2;
    const sorted = month.toSorted((a, b) => a - b);
    const [p10, p50, p90] = [quantileOf(sorted, LEVEL.p10), quantileOf(sorted, LEVEL.p50), quantileOf(sorted, LEVEL.p90)];
    ahead.push({ mean: meanW, p10, p50, p90 });
  }
  return ahead;
};
