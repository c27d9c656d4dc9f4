import type { DurationMs, Watt } from '../kernel/units.js';

export interface Ramped {
  /** Where the power stands at the end. */
  readonly endW: Watt;
  /** Its mean over the time: the energy is exactly this times the duration. */
  readonly meanW: Watt;
}

/** A power that moves from `fromW` towards `targetW` by at most `rateWPerS`, and then stays there. */
export const rampTo = (fromW: Watt, targetW: Watt, rateWPerS: number, durationMs: DurationMs): Ramped => {
  const durationS = durationMs / 1_000;
  const distanceW = targetW - fromW;
  const neededS = Math.abs(distanceW) / rateWPerS;
  if (neededS <= durationS) {
    const meanW = durationS === 0 ? targetW : targetW - (distanceW * neededS) / (2 * durationS);
    return { endW: targetW, meanW };
  }
  const endW = fromW + Math.sign(distanceW) * rateWPerS * durationS;
  return { endW, meanW: (fromW + endW) / 2 };
};
