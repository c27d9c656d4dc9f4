import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';
import type { Cut } from './band.js';
import { toleranceW } from './following.js';

/** What a limit has a battery give; `way` 1: it may not give more, -1: not take more. */
export interface Bound {
  readonly way: 1 | -1;
  readonly wantedW: Watt;
}

/** How far a battery goes beyond what a limit has it give. */
export interface Overshoot extends Bound {
  /** It is told to stay so far inside, ≥ 0. */
  readonly insideW: Watt;
  /** Least and most that it went beyond since then. */
  readonly leastW: Watt;
  readonly mostW: Watt;
  readonly sinceMs: EpochMs;
}

/** A battery is believed to have come to rest at what it was told after so long. */
const AT_REST_AFTER_MS: DurationMs = 5_000;
/** What is not worth a correction: meters' rounding, and the deadband of setpoints. */
const NOTICED_W = 25;
const NOTICED_SHARE = 0.01;
/** Where a limit wants something else by more than this share of it, or this, what was learnt does not hold any more. */
const ELSEWHERE_SHARE = 0.1;
const ELSEWHERE_W = 100;

/** Whether a battery was told to go as far as a limit lets it, less what it stays inside. */
export const boundBy = (cuts: readonly Cut[], toldW: Watt, insideW: Watt): Bound | undefined => {
  for (const { by, minW, maxW } of cuts) {
    if (by !== 'connection' && by !== 'operator') continue;
    if (Math.abs(maxW - insideW - toldW) <= 1) return { way: 1, wantedW: maxW };
    if (Math.abs(minW + insideW - toldW) <= 1) return { way: -1, wantedW: minW };
  }
  return undefined;
};

/**
 * A limit is held against what a battery does, not against what it was told: many ignore small changes, or are a few percent off. One that has rested beyond
 * a limit is told to stay inside by as much, for as long as the limit wants about the same of it.
 */
export const overshot = (known: Overshoot | undefined, { way, wantedW }: Bound, givesW: Watt, atMs: EpochMs): Overshoot => {
  const beyondW = way * (givesW - wantedW);
  const anew = { way, wantedW, leastW: beyondW, mostW: beyondW, sinceMs: atMs };
  if (known?.way !== way || isElsewhere(known.wantedW, wantedW)) return { ...anew, insideW: 0 };
  if (Math.abs(wantedW - known.wantedW) > NOTICED_W) return { ...anew, insideW: known.insideW };
  const [leastW, mostW] = [Math.min(known.leastW, beyondW), Math.max(known.mostW, beyondW)];
  if (atMs - known.sinceMs < AT_REST_AFTER_MS) return { ...known, leastW, mostW };
  const isAtRest = mostW - leastW <= NOTICED_W;
  const isNoticed = isAtRest && leastW > Math.max(NOTICED_W, NOTICED_SHARE * Math.abs(wantedW)) && wantedW !== 0;
  return { ...anew, insideW: isNoticed ? Math.min(known.insideW + leastW, toleranceW(wantedW)) : known.insideW };
};

const isElsewhere = (beforeW: Watt, nowW: Watt): boolean =>
  Math.abs(nowW - beforeW) > Math.max(ELSEWHERE_W, ELSEWHERE_SHARE * Math.abs(beforeW));
