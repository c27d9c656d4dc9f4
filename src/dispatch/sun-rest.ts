import type { DeviceId } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, MINUTE_MS, SECOND_MS, type Watt } from '../kernel/units.js';
import type { PlantImage } from '../telemetry/image.js';
import { leapAll } from './leap.js';

/** About what an inverter's sun gives, and from when on it is proven that it could not give more. */
export interface SunRest {
  readonly aboutW: Watt;
  readonly provenAtMs: EpochMs;
}

/** Sun that has gone up or down by more than this share of what it gave, or this, moves. */
const MOVES_SHARE = 0.01;
const MOVES_W = 25;
/** By so much it goes where clouds come and go. */
const CLOUD_SHARE = 0.05;

/** Sun that could give more would have taken some of its room by then: a meter's word, a write and a ramp are through. */
const PROVEN_AFTER_MS: DurationMs = 20 * SECOND_MS;
/** What a cloud has taken is likely to come back within this. */
const CLOUD_PASSES_MS: DurationMs = 2 * MINUTE_MS;
/** Not all that comes is seen to: an inverter that is held at what it gives is given room again so often, for so long. */
const ASKED_EVERY_MS: DurationMs = MINUTE_MS;
const ASKED_FOR_MS: DurationMs = 10 * SECOND_MS;

/** What is known of sun that has room to rise, or had lately, once it has been looked at again. */
export const restOf = (known: SunRest | undefined, sunW: Watt, atMs: EpochMs): SunRest => {
  const soonMs = atMs + PROVEN_AFTER_MS;
  if (!known) return { aboutW: sunW, provenAtMs: soonMs };
  const { aboutW, provenAtMs } = known;
  const risesW = sunW - aboutW;
  if (Math.abs(risesW) <= Math.max(MOVES_W, MOVES_SHARE * aboutW)) return known;
  if (Math.abs(risesW) <= CLOUD_SHARE * aboutW) return { aboutW: sunW, provenAtMs: Math.max(provenAtMs, soonMs) };
  return { aboutW: sunW, provenAtMs: risesW > 0 ? soonMs : atMs + CLOUD_PASSES_MS };
};

/** Whether sun that had room to rise has not, so that it needs none for now. */
export const needsNoRoom = ({ provenAtMs }: SunRest, atMs: EpochMs): boolean =>
  atMs >= provenAtMs && (atMs - provenAtMs) % ASKED_EVERY_MS < ASKED_EVERY_MS - ASKED_FOR_MS;

/** Watches the sun of inverters that are told a limit and do not say what they could give. */
export class SunRests {
  private readonly rests = new Map<DeviceId, SunRest>();
  private readonly limited = new Set<DeviceId>();

  /** A new decision is taken down: whoever it limits is told in turn by `limits`. */
  forgetLimits(): void {
    this.limited.clear();
  }

  limits(id: DeviceId): void {
    this.limited.add(id);
  }

  /** Those that need no room to rise now. */
  see({ devices, atMs }: PlantImage): ReadonlySet<DeviceId> {
    const resting = new Set<DeviceId>();
    for (const id of this.rests.keys()) if (!this.limited.has(id)) this.rests.delete(id);
    this.limited.forEach((id) => {
      const values = devices.get(id)?.values;
      const sunW = values?.['pv.powerW'];
      if (sunW === undefined || values?.['pv.availableW'] !== undefined) return;
      const rest = restOf(this.rests.get(id), sunW, atMs);
      this.rests.set(id, rest);
      if (needsNoRoom(rest, atMs)) resting.add(id);
    });
    return resting;
  }

  leap(byMs: DurationMs): void {
    leapAll(this.rests, byMs);
  }
}
