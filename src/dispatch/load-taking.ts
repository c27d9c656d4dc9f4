import { LOAD_STATE, type SampleValues } from '../field/sample.js';
import { type Device, mostDrawW } from '../fleet/plant.js';
import { clamp, type DurationMs, type EpochMs, MINUTE_MS, NOMINAL_PHASE_V, SECOND_MS, type Watt } from '../kernel/units.js';

/** What is learnt of a flexible load from what it draws: of a car, for as long as it stays. */
export interface Taking {
  /** What it takes at most, W; absent while that is not known to be less than its rating. */
  readonly takesW?: Watt;
  /** The part of what it is told that it can draw: of a car on one phase of three, a third. */
  readonly share: number;
  /** Since when it has been drawing the same under a limit that did not bind, and between which powers. */
  readonly steady?: { readonly sinceMs: EpochMs; readonly leastW: Watt; readonly mostW: Watt };
  /** Since when it has been drawing as much as it could on fewer phases. */
  readonly onFewer?: { readonly sinceMs: EpochMs; readonly share: number };
  /** What it has drawn for a while as one on fewer phases would: if it comes down by that part with its limit, it is. */
  readonly drewOnFewer?: { readonly powerW: Watt; readonly share: number };
  /** What it might draw when it was looked at last, and when that was last made less. */
  readonly might?: { readonly mayW: Watt; readonly loweredAtMs: EpochMs };
}

/** A car is at what it takes within half a minute of its start. */
const STEADY_MS: DurationMs = MINUTE_MS;
/** A load has come down with its limit if it was there so soon, and stays for as long as this. */
const CAME_DOWN_WITHIN_MS: DurationMs = 20 * SECOND_MS;
const ON_FEWER_MS: DurationMs = 10 * SECOND_MS;
/** Of what a limit comes to, or a load draws: what its own control may be off. */
const CONTROL_SHARE = 0.05;
const FEWER_OF_THREE = [1 / 3, 2 / 3];
const UNKNOWN: Taking = { share: 1 };

/** Below a limit by less than this a load may still be bound by it: chargers and cars go in whole amperes on each phase. */
const stepW = (drawsW: Watt, phases: number): Watt => phases * NOMINAL_PHASE_V + CONTROL_SHARE * drawsW;

/**
 * What is known of a load once it has been looked at again; `mayW`: what it may draw at most. Steadily below that it takes no more. One that could
 * draw just as much on fewer phases may be bound there. It is forgotten when the load draws more after all, and when its car leaves.
 */
export const watchTaking = (
  known: Taking = UNKNOWN,
  values: SampleValues,
  { ratedPhases, mayW }: { readonly ratedPhases: 1 | 3; readonly mayW: Watt },
  atMs: EpochMs,
): Taking => {
  const { 'flexible.state': state, 'flexible.powerW': powerW } = values;
  if (state === LOAD_STATE.nothingThere) return UNKNOWN;
  if (powerW === undefined) return known;
  const drawsW = 0 - powerW;
  const might = mightWith(known.might, mayW, atMs);
  const isDrawing = drawsW >= NOMINAL_PHASE_V && mayW > 0 && (state ?? LOAD_STATE.draws) === LOAD_STATE.draws;
  if (!isDrawing) return defined({ share: known.share, takesW: known.takesW, might });
  const isSettled = atMs - might.loweredAtMs > CAME_DOWN_WITHIN_MS;
  const share = isSettled && drawsW > (1 + CONTROL_SHARE) * known.share * mayW ? 1 : known.share;
  const aStepW = stepW(drawsW, ratedPhases * share);
  const takesW = known.takesW !== undefined && drawsW > known.takesW + aStepW / 2 ? undefined : known.takesW;
  const onFewer = ratedPhases === 3 ? onFewerPhases(known.onFewer, drawsW / mayW, atMs) : undefined;
  const drewW = takesW ?? (onFewer && known.drewOnFewer?.share === onFewer.share ? known.drewOnFewer.powerW : undefined);
  const isLess = drewW !== undefined && drawsW < drewW - aStepW / 2;
  const isOnFewer = onFewer && atMs - onFewer.sinceMs >= ON_FEWER_MS;
  const drewOnFewer = isOnFewer ? { powerW: drawsW, share: onFewer.share } : known.drewOnFewer;
  const now = { share: isLess && isOnFewer && cameDown(onFewer, might) ? onFewer.share : share, takesW, onFewer, drewOnFewer, might };
  if (onFewer || drawsW + aStepW >= share * mayW) return defined(now);
  const steady = steadyWith(known.steady, drawsW, aStepW / 2, atMs);
  return defined({ ...now, takesW: atMs - steady.sinceMs >= STEADY_MS ? steady.mostW : takesW, steady });
};

type Part<Key extends keyof Taking> = NonNullable<Taking[Key]>;

/** Less by what a voltage or a rounding may make of it is not less. */
const mightWith = (was: Part<'might'> | undefined, mayW: Watt, atMs: EpochMs): Part<'might'> => ({
  mayW,
  loweredAtMs: was && mayW < was.mayW - NOMINAL_PHASE_V / 2 ? atMs : (was?.loweredAtMs ?? -Infinity),
});

const onFewerPhases = (was: Part<'onFewer'> | undefined, part: number, atMs: EpochMs): Part<'onFewer'> | undefined => {
  const share = FEWER_OF_THREE.find((fewer) => Math.abs(part - fewer) <= CONTROL_SHARE * fewer);
  if (share === undefined) return undefined;
  return was?.share === share ? was : { share, sinceMs: atMs };
};

const cameDown = (onFewer: Part<'onFewer'>, { loweredAtMs }: Part<'might'>): boolean =>
  onFewer.sinceMs - loweredAtMs <= CAME_DOWN_WITHIN_MS;

const steadyWith = (was: Part<'steady'> | undefined, drawsW: Watt, withinW: Watt, atMs: EpochMs): Part<'steady'> => {
  const [leastW, mostW] = [Math.min(drawsW, was?.leastW ?? drawsW), Math.max(drawsW, was?.mostW ?? drawsW)];
  return was && mostW - leastW <= withinW ? { sinceMs: was.sinceMs, leastW, mostW } : { sinceMs: atMs, leastW: drawsW, mostW: drawsW };
};

type Loosely<T> = { [Key in keyof T]: T[Key] | undefined };

const defined = ({
  share,
  takesW,
  steady,
  onFewer,
  drewOnFewer,
  might,
}: Loosely<Omit<Taking, 'share'>> & Pick<Taking, 'share'>): Taking => ({
  share,
  ...(takesW === undefined ? {} : { takesW }),
  ...(steady ? { steady } : {}),
  ...(onFewer ? { onFewer } : {}),
  ...(drewOnFewer ? { drewOnFewer } : {}),
  ...(might ? { might } : {}),
});

/** What a load draws at most as far as is known, W: by its rating, its need, and what was learnt of it. */
export const mostTakenW = (device: Device, taking: Taking | undefined): Watt => Math.min(mostDrawW(device), taking?.takesW ?? Infinity);

/** Most that it is of use to tell it: what it takes, and a little, so that it can show that it takes more. */
export const mostToldW = ({ ratedW, flexibleLoad }: Device, taking: Taking | undefined): Watt => {
  if (taking?.takesW === undefined) return ratedW;
  const { share, takesW } = taking;
  const { minW, phases } = flexibleLoad!;
  // Less than the least on all phases is a car on fewer of them, or one that is nearly full: neither is kept short.
  const part = takesW < minW && phases === 3 ? Math.min(share, FEWER_OF_THREE[0]!) : share;
  return clamp((takesW + stepW(takesW, phases * share)) / part, minW, ratedW);
};

/** What is less is rounding. */
export const ROUNDING_W = 1;

/** What a load is told so that it draws `drawW`; where that is all it takes it is left the little that shows whether it takes more. */
export const toldFor = (device: Device, taking: Taking | undefined, drawW: Watt): Watt => {
  if (!taking) return drawW;
  const isAll = taking.takesW !== undefined && drawW >= taking.takesW - ROUNDING_W;
  return isAll ? mostToldW(device, taking) : drawW / taking.share;
};
