import { slotDaysBefore } from './history.js';
import type { ForecastTask } from './seasonal-naive.js';

/** How far back the same time of day is looked at. */
export const PAST_DAYS = 56;

/** The same wall-clock time on the local days before a target, newest first, of what had ended at the issue. NaN: not known. */
export interface PastDays {
  readonly values: Float64Array;
  /** The slot of each value; negative before the history begins. */
  readonly slots: Int32Array;
  /** How many days before the target the first of them is: 1, or more where yesterday's had not ended at issue. */
  readonly firstDay: number;
}

/** What is known of the target's time of day; nothing that had not ended at the issue is in it. */
export const pastDays = ({ series, calendar, issueSlot }: ForecastTask, targetSlot: number, days = PAST_DAYS): PastDays => {
  let firstDay = 1;
  while (slotDaysBefore(calendar, targetSlot, firstDay) >= issueSlot) firstDay += 1;
  const values = new Float64Array(days).fill(NaN);
  const slots = new Int32Array(days).fill(-1);
  for (let index = 0; index < days; index += 1) {
    const slot = slotDaysBefore(calendar, targetSlot, firstDay + index);
    if (slot < 0) break;
    slots[index] = slot;
    values[index] = series.values[slot] ?? NaN;
  }
  return { values, slots, firstDay };
};

/** A clear sky's power of a slot; W. */
export type ClearSky = (slot: number) => number;

/** Below this share of a roof's peak its angles tell too little to carry one day over to another. */
const DUSK_W = 60;

/** The same days as if the sun had stood as it will in the target's slot: what is left of their difference is the sky's. */
export const underSunOf = (targetSlot: number, { values, slots, firstDay }: PastDays, clearW: ClearSky): PastDays => {
  const thereW = clearW(targetSlot);
  const moved = values.map((value, index) => {
    const thenW = clearW(slots[index]!);
    return value !== value || thereW < DUSK_W || thenW < DUSK_W ? value : value * Math.max(0.5, Math.min(2, thereW / thenW));
  });
  return { values: moved, slots, firstDay };
};
