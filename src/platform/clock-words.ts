import { type DurationMs, SECOND_MS } from '../kernel/units.js';

/** What one device's own clock says. */
export interface ClockWord {
  readonly who: string;
  /** How far it is ahead of the plant's clock, within a second; negative where it is behind. */
  readonly aheadMs: DurationMs;
}

/** Clocks that tell seconds and were asked one after another may differ by this much and mean the same. */
const SAME_WITHIN_MS: DurationMs = 2 * SECOND_MS;

/**
 * How far the plant's clock is behind what its devices agree on, negative where it is ahead: the middle of the largest group that says
 * the same, if that is two at least and more than half of all. `undefined` where they do not agree: a single clock may be the wrong one.
 */
export const agreedAheadMs = (words: readonly ClockWord[]): DurationMs | undefined => {
  const sorted = words.map(({ aheadMs }) => aheadMs).toSorted((a, b) => a - b);
  const groups = sorted.map((first, from) => sorted.slice(from).filter((aheadMs) => aheadMs - first <= SAME_WITHIN_MS));
  const [largest] = groups.toSorted((a, b) => b.length - a.length);
  if (!largest || largest.length < 2 || 2 * largest.length <= sorted.length) return undefined;
  return (largest[0]! + largest.at(-1)!) / 2;
};
