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
  /** Its power was above it when it was first known: what was complied with had to be done. Absent until it is known. */
  readonly hadToAct?: boolean;
  readonly recent: readonly { readonly atMs: EpochMs; readonly powerW: Watt }[];
  /** The mean of ten seconds is above the limit by more than the tolerance, though the time to comply is over. */
  readonly exceeded: boolean;
  /** Since when nobody can tell what it limits; absent while that is known. */
  readonly unknownSinceMs?: EpochMs;
  /** How long that could not be told, in stretches that are over. */
  readonly unknownMs: DurationMs;
}

/**
 * One more look at a limit: `powerW` is what it limits, as a magnitude, `undefined` where that cannot be told. What is not known is neither
 * kept nor passed: a limit that was passed stays so until it is known to be kept.
 */
export const watchLimit = (known: Compliance | undefined, limitW: Watt, powerW: Watt | undefined, atMs: EpochMs): Compliance => {
  const before: Compliance = known ?? { sinceMs: atMs, recent: [], exceeded: false, unknownMs: 0 };
  if (powerW === undefined) return { ...before, unknownSinceMs: before.unknownSinceMs ?? atMs };
  const { unknownSinceMs = atMs, ...was } = before;
  const mostW = limitW + Math.max(TOLERANCE_W, TOLERANCE_SHARE * limitW);
  const recent = [...was.recent.filter((one) => atMs - one.atMs < MEAN_OVER_MS), { atMs, powerW }];
  const meanW = recent.reduce((sum, one) => sum + one.powerW, 0) / recent.length;
  const compliedAtMs = was.compliedAtMs ?? (powerW <= mostW ? atMs : undefined);
  return {
    ...was,
    hadToAct: was.hadToAct ?? powerW > mostW,
    recent,
    exceeded: atMs - was.sinceMs >= COMPLY_WITHIN_MS && meanW > mostW,
    unknownMs: was.unknownMs + atMs - unknownSinceMs,
    ...(compliedAtMs === undefined ? {} : { compliedAtMs }),
  };
};

/** How long it could not be told up to a moment, the stretch that goes on included. */
export const unknownUntil = ({ unknownMs, unknownSinceMs }: Compliance, atMs: EpochMs): DurationMs =>
  unknownMs + (unknownSinceMs === undefined ? 0 : atMs - unknownSinceMs);
