import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';

/** A fleet that differs from its plan by this much, in watts and as a share of its peak, for this long, deserves a new plan. */
const SHARE = 0.25;
const LEAST_W = 5_000;
const LASTING_MS: DurationMs = 120_000;

/** Since when the fleet has been off its plan; absent while it is on it. */
export type OffPlan = EpochMs | undefined;

/**
 * Follows load less sun against the plan: what the weather and people do, not what we command. Answers since when it has been
 * off, and whether that has lasted long enough for a new plan.
 */
export const watchSurprise = (
  since: OffPlan,
  now: { readonly residualW: Watt | undefined; readonly plannedW: Watt | undefined; readonly peakW: Watt },
  atMs: EpochMs,
): { since: OffPlan; replan: boolean } => {
  const { residualW, plannedW, peakW } = now;
  if (residualW === undefined || plannedW === undefined) return { since: undefined, replan: false };
  if (Math.abs(residualW - plannedW) <= Math.max(LEAST_W, SHARE * peakW)) return { since: undefined, replan: false };
  const startMs = since ?? atMs;
  return { since: startMs, replan: atMs - startMs >= LASTING_MS };
};
