import { type DurationMs, type EpochMs, MINUTE_MS } from './units.js';

/** A half-open stretch of time `[startMs, endMs)`. */
export interface Interval {
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
}

/** The length of planning, forecast and (unless configured otherwise) settlement slots. */
export const SLOT_MS = 15 * MINUTE_MS;

export const durationOf = ({ startMs, endMs }: Interval): DurationMs => endMs - startMs;

export const contains = ({ startMs, endMs }: Interval, atMs: EpochMs): boolean => atMs >= startMs && atMs < endMs;

export const overlaps = (a: Interval, b: Interval): boolean => a.startMs < b.endMs && b.startMs < a.endMs;

/** The latest multiple of `stepMs` that is not after `atMs`. Steps are aligned to the epoch, so to UTC hours. */
export const floorTo = (atMs: EpochMs, stepMs: DurationMs): EpochMs => Math.floor(atMs / stepMs) * stepMs;

/** The earliest multiple of `stepMs` that is not before `atMs`. */
export const ceilTo = (atMs: EpochMs, stepMs: DurationMs): EpochMs => Math.ceil(atMs / stepMs) * stepMs;

/** The slot of `stepMs` that holds `atMs`. */
export const slotAt = (atMs: EpochMs, stepMs: DurationMs = SLOT_MS): Interval => {
  const startMs = floorTo(atMs, stepMs);
  return { startMs, endMs: startMs + stepMs };
};

/** All whole slots of `stepMs` that lie inside `interval`, in order. */
export const slotsOf = ({ startMs, endMs }: Interval, stepMs: DurationMs = SLOT_MS): Interval[] => {
  const slots: Interval[] = [];
  for (let at = ceilTo(startMs, stepMs); at + stepMs <= endMs; at += stepMs) slots.push({ startMs: at, endMs: at + stepMs });
  return slots;
};
