import type { DurationMs, EpochMs } from '../kernel/units.js';
import type { FieldDevice } from './field-devices.js';

/** Devices of one site with one period. They are read right after one another, so that the site's balance is of one moment. */
export interface PollGroup {
  readonly periodMs: DurationMs;
  /** Where in the period, counted from full multiples of it on the plant's clock, they are read. */
  readonly phaseMs: DurationMs;
  readonly fields: readonly FieldDevice[];
}

/** Kept free after each full second: devices that compute their values once a second, ours among them, do so then. */
const SETTLING_MS: DurationMs = 100;

/** Sites spread evenly over the period, away from the first tenth of each second. */
export const groupsOf = (fields: readonly FieldDevice[]): PollGroup[] => {
  const bySite = new Map<string, FieldDevice[]>();
  for (const field of fields) {
    const key = `${field.periodMs} ${field.device.siteId}`;
    bySite.set(key, [...(bySite.get(key) ?? []), field]);
  }
  const groups = [...bySite.values()];
  return groups.map((members, index) => {
    const { periodMs } = members[0]!;
    return { periodMs, phaseMs: phaseOf(index, groups.length, periodMs), fields: members };
  });
};

/** The `index`-th of `count` places in a period, in milliseconds from its start. */
export const phaseOf = (index: number, count: number, periodMs: DurationMs): DurationMs => {
  const evenMs = (index / count) * periodMs;
  if (periodMs < 2 * SETTLING_MS) return evenMs;
  const secondMs = Math.min(periodMs, 1_000);
  const intoSecondMs = evenMs % secondMs;
  return evenMs - intoSecondMs + SETTLING_MS + intoSecondMs * (1 - SETTLING_MS / secondMs);
};

/** From `nowMs` on the plant's clock to the group's next place in its period. */
export const msUntil = (nowMs: EpochMs, { periodMs, phaseMs }: PollGroup): DurationMs =>
  (((phaseMs - (nowMs % periodMs)) % periodMs) + periodMs) % periodMs;
