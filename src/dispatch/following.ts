import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';

/** What a device may be off its setpoint: its own control, rounding, and what is measured elsewhere. */
const TOLERANCE_W = 150;
const TOLERANCE_SHARE = 0.1;
/** A device that has not come nearer for so long does not follow. */
const PATIENCE_MS: DurationMs = 6_000;
const NEARER_W = 25;

/** How a battery follows what it is told; `offW` is the least it has been off since it left its setpoint. */
export interface Following {
  readonly follows: boolean;
  readonly offW?: Watt;
  readonly offSinceMs?: EpochMs;
}

const ON_ITS_SETPOINT: Following = { follows: true };

/** A battery that is off its setpoint and comes nearer is on its way; one that does not, for a while, is not counted on. */
export const followed = (known: Following | undefined, { toldW, givesW }: { toldW: Watt; givesW: Watt }, atMs: EpochMs): Following => {
  const offW = Math.abs(toldW - givesW);
  if (offW <= Math.max(TOLERANCE_W, TOLERANCE_SHARE * Math.abs(toldW))) return ON_ITS_SETPOINT;
  const isNearer = known?.offW === undefined || offW <= known.offW - NEARER_W;
  if (isNearer) return { follows: known?.follows ?? true, offW, offSinceMs: atMs };
  const { offSinceMs = atMs } = known;
  return { follows: known.follows && atMs - offSinceMs < PATIENCE_MS, offW: Math.min(offW, known.offW), offSinceMs };
};
