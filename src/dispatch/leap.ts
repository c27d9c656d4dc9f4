import type { DurationMs } from '../kernel/units.js';

/** A moment of the plant's clock, as whatever is remembered of one is called. */
const MOMENT = /(?:at|since|until)Ms$/i;

/**
 * What is remembered, once the clock has leapt ahead by `byMs`: all its moments lie as far back, or ahead, by the new time as they did by the old
 * one. So what has to last for a while goes on by the time that passed, and everybody goes on comparing moments.
 */
export const leaptBy = <T>(known: T, byMs: DurationMs): T => leapt(known, byMs) as T;

/** The same for every entry of a map, in place. */
export const leapAll = (known: Map<string, unknown>, byMs: DurationMs): void => {
  for (const [key, value] of known) known.set(key, leapt(value, byMs));
};

const leapt = (known: unknown, byMs: DurationMs): unknown => {
  if (Array.isArray(known)) return known.map((each) => leapt(each, byMs));
  if (typeof known !== 'object' || known === null) return known;
  return Object.fromEntries(
    Object.entries(known).map(([key, value]) => [key, typeof value === 'number' && MOMENT.test(key) ? value + byMs : leapt(value, byMs)]),
  );
};
