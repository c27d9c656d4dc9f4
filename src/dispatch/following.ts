import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';

const TOLERANCE_W = 150;
const TOLERANCE_SHARE = 0.1;

/** What a device may be off its setpoint: its own control, rounding, and what is measured elsewhere. */
export const toleranceW = (toldW: Watt): Watt => Math.max(TOLERANCE_W, TOLERANCE_SHARE * Math.abs(toldW));

/** A device that has not come nearer for so long does not follow. */
const PATIENCE_MS: DurationMs = 6_000;
const NEARER_W = 25;

/** One that was said not to follow has to stay so long on its setpoint. */
const PROVES_IT_MS: DurationMs = 3_000;

/** How a device follows what it is told. */
export interface Following {
  readonly follows: boolean;
  /** How far it has come towards its setpoint, and since when. Of one that does not follow: where it stood when that was said of it, and since when it does. */
  readonly cameToW?: Watt;
  readonly sinceMs?: EpochMs;
}

const ON_ITS_SETPOINT: Following = { follows: true };

/**
 * A device that is off its setpoint and moves towards it is on its way, however often the setpoint moves; one that does not, for a while, is not counted
 * on, until it stays on its setpoint and did not get there by standing where it stood: a setpoint that passes by a deaf one proves nothing.
 */
export const followed = (known: Following | undefined, { toldW, givesW }: { toldW: Watt; givesW: Watt }, atMs: EpochMs): Following => {
  const offAtMostW = toleranceW(toldW);
  const isOn = Math.abs(toldW - givesW) <= offAtMostW;
  if (known && !known.follows) {
    const { cameToW, sinceMs = atMs } = known;
    if (!isOn || Math.abs(givesW - cameToW!) <= offAtMostW) return { follows: false, cameToW: cameToW! };
    return atMs - sinceMs < PROVES_IT_MS ? { ...known, sinceMs } : ON_ITS_SETPOINT;
  }
  if (isOn) return ON_ITS_SETPOINT;
  const { cameToW, sinceMs = atMs } = known ?? {};
  if (cameToW === undefined || hasComeFrom(cameToW, toldW, givesW)) return { follows: true, cameToW: givesW, sinceMs: atMs };
  return atMs - sinceMs < PATIENCE_MS ? known! : { follows: false, cameToW: givesW };
};

/** Whether it has moved on, or has to turn back, since the setpoint has been put to the other side of it. */
const hasComeFrom = (cameToW: Watt, toldW: Watt, givesW: Watt): boolean => {
  const way = Math.sign(toldW - givesW);
  return way * (givesW - cameToW) >= NEARER_W || Math.sign(toldW - cameToW) === -way;
};
