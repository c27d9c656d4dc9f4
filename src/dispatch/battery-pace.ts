import type { DeviceId } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';
import { toleranceW } from './following.js';

/** How fast a battery was seen to move to what it is told. */
export interface Pace {
  /** What it gave when it was measured last, and when that was read. */
  readonly gaveW: Watt;
  readonly readAtMs: EpochMs;
  /** Absent until it was seen to take longer than a moment. */
  readonly wPerS?: number;
}

/** Of batteries that were seen to take their time; all others are taken to be where they are told to be by the next decision. W/s. */
export type Paces = ReadonlyMap<DeviceId, number>;

/** So long it has to be on its way, with its dead time behind it, to say something about its pace. */
const MEASURED_OVER_MS: DurationMs = 2 * SECOND_MS;
/** One that moves by less stands: it is deaf, or has not begun. */
const MOVES_W: Watt = 25;

/**
 * A battery's pace with another reading; `undefined` for one that is where it is told to be within a moment, as most are. One that is on its way shows its
 * pace; one that has arrived is at least as fast as it moves there.
 */
export const paced = (
  known: Pace | undefined,
  { toldW, givesW }: { readonly toldW: Watt; readonly givesW: Watt },
  readAtMs: EpochMs,
): Pace | undefined => {
  const openW = toldW - givesW;
  const isOn = Math.abs(openW) <= toleranceW(toldW);
  if (!known) return isOn ? undefined : { gaveW: givesW, readAtMs };
  const passedMs = readAtMs - known.readAtMs;
  if (isOn && known.wPerS === undefined && passedMs <= MEASURED_OVER_MS) return undefined;
  if (passedMs < MEASURED_OVER_MS) return known;
  const cameW = isOn ? Math.abs(givesW - known.gaveW) : Math.sign(openW) * (givesW - known.gaveW);
  const wPerS = (cameW * SECOND_MS) / passedMs;
  const isShown = cameW >= MOVES_W && !(isOn && known.wPerS !== undefined && known.wPerS > wPerS);
  const paceWPerS = isShown ? wPerS : known.wPerS;
  return paceWPerS === undefined ? { gaveW: givesW, readAtMs } : { gaveW: givesW, readAtMs, wPerS: paceWPerS };
};

/** How fast a battery moves, W/s. */
export const paceOf = (paces: Paces | undefined, id: DeviceId): number => paces?.get(id) ?? Infinity;

/** What is decided stands for so long. */
export const DECIDED_EVERY_S = 1;
