import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';

/** A limit counts as kept up to this share above it, and a little where it is small. */
const TOLERANCE_SHARE = 0.02;
const TOLERANCE_W: Watt = 25;
const MEAN_OVER_MS: DurationMs = 10_000;
/** Time to comply that a limit is given before passing it is an alarm. */
const COMPLY_WITHIN_MS: DurationMs = 15_000;

/** How one limit is kept, from the moment it came into force. */
export interface Compliance {
  readonly sinceMs: EpochMs;
  readonly compliedAtMs?: EpochMs;
  /** Its power was above it at the beginning: what was complied with had to be done. */
  readonly hadToAct: boolean;
  readonly recent: readonly { readonly atMs: EpochMs; readonly powerW: Watt }[];
  /** The mean of ten seconds is above the limit by more than the tolerance, though the time to comply is over. */
  readonly exceeded: boolean;
}

/** One more look at a limit: `powerW` is what it limits, as a magnitude. */
export const watchLimit = (known: Compliance | undefined, limitW: Watt, powerW: Watt, atMs: EpochMs): Compliance => {
  const mostW = limitW + Math.max(TOLERANCE_W, TOLERANCE_SHARE * limitW);
  const { sinceMs = atMs, hadToAct = powerW > mostW } = known ?? {};
  const recent = [...(known?.recent ?? []).filter((one) => atMs - one.atMs < MEAN_OVER_MS), { atMs, powerW }];
  const meanW = recent.reduce((sum, one) => sum + one.powerW, 0) / recent.length;
  const compliedAtMs = known?.compliedAtMs ?? (powerW <= mostW ? atMs : undefined);
  const exceeded = atMs - sinceMs >= COMPLY_WITHIN_MS && meanW > mostW;
  return { sinceMs, hadToAct, recent, exceeded, ...(compliedAtMs === undefined ? {} : { compliedAtMs }) };
};
