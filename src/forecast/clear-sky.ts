import { zoneOffsetMs } from '../kernel/local-day.js';
import { randomStream } from '../kernel/random.js';
import { clearSkyW, type PvArray, type SunDirection, sunDirection } from '../kernel/sun.js';
import { clamp, DAY_MS, type EpochMs, HOUR_MS } from '../kernel/units.js';
import { pinball } from './distribution.js';
import type { PowerSeries } from './history.js';

/** Where a roof is and how it lies; degrees, east and north positive. What the fleet file gives, or what its output tells. */
export interface Roof extends PvArray {
  readonly latitude: number;
  readonly longitude: number;
}

/** The sun stands still for so long: what changes less than the sky does. */
const STEP_MS = HOUR_MS / 4;

const directions = new Map<string, Map<EpochMs, SunDirection>>();
const MOST_PLACES = 30;
const MOST_MOMENTS = 100_000;

/** Every site of a place sees the same sun at a time, so that it is worked out once. */
const sunOver = ({ latitude, longitude }: Roof): Map<EpochMs, SunDirection> => {
  const place = `${latitude} ${longitude}`;
  let known = directions.get(place);
  if (!known || known.size > MOST_MOMENTS) {
    if (directions.size >= MOST_PLACES) directions.clear();
    directions.set(place, (known = new Map<EpochMs, SunDirection>()));
  }
  return known;
};

/** Mean power under a clear sky over a slot; W. */
export const clearSlotW = (roof: Roof, startMs: EpochMs, stepMs: number): number => {
  const pieces = Math.max(1, Math.round(stepMs / STEP_MS));
  const known = sunOver(roof);
  let sum = 0;
  for (let piece = 0; piece < pieces; piece += 1) {
    const atMs = startMs + ((piece + 0.5) * stepMs) / pieces;
    let sun = known.get(atMs);
    if (!sun) known.set(atMs, (sun = sunDirection(atMs, roof.latitude, roof.longitude)));
    sum += clearSkyW(roof, sun);
  }
  return sum / pieces;
};

/** What is known of a roof; the rest is learnt. */
export type KnownRoof = Partial<Omit<Roof, 'peakW'>>;

/** A clear hour is brighter than nine of ten hours of its kind: the quantile that the clear sky is fitted to. */
const CLEAR_LEVEL = 0.9;
const SAMPLES = 700;
const STEPS_DEG = [16, 8, 4, 2, 1] as const;

/**
 * The roof whose output under a clear sky best bounds what was measured: least pinball loss at the 90 % quantile over daylight
 * slots, by a search along each unknown angle with ever smaller steps. What is known is kept. A place that is not known is looked
 * for around the zone's meridian. Undefined without sun to learn from.
 */
export const learnRoof = (series: PowerSeries, zone: string, known: KnownRoof = {}, seed = 1): Roof | undefined => {
  const sample = daylight(series, seed);
  if (sample.length < 60) return undefined;
  const { latitude = 40, longitude = (standardOffsetMs(zone, series.startMs) / HOUR_MS) * 15, tiltDeg = 25, azimuthDeg = 180 } = known;
  let best = fitted({ latitude, longitude, tiltDeg, azimuthDeg, peakW: 1 }, sample, series.stepMs);
  const free = (['latitude', 'longitude', 'tiltDeg', 'azimuthDeg'] as const).filter((angle) => known[angle] === undefined);
  for (const stepDeg of STEPS_DEG) {
    for (let better = true, round = 0; better && round < 6; round += 1) {
      better = false;
      for (const angle of free) {
        for (const way of [-stepDeg, stepDeg]) {
          const moved = fitted(within({ ...best.roof, [angle]: best.roof[angle] + way }), sample, series.stepMs);
          if (moved.lossW >= best.lossW) continue;
          best = moved;
          better = true;
        }
      }
    }
  }
  return best.roof;
};

/** The offset of winter is the one that follows the sun; summer's is an hour more. */
const standardOffsetMs = (zone: string, atMs: EpochMs): number =>
  Math.min(zoneOffsetMs(zone, atMs), zoneOffsetMs(zone, atMs + 182 * DAY_MS));

const within = (roof: Roof): Roof => ({
  ...roof,
  latitude: clamp(roof.latitude, -60, 65),
  longitude: clamp(roof.longitude, -180, 180),
  tiltDeg: clamp(roof.tiltDeg, 0, 90),
  azimuthDeg: ((roof.azimuthDeg % 360) + 360) % 360,
});

interface Daylight {
  readonly startMs: EpochMs;
  readonly powerW: number;
}

/** Slots with sun, and those at its edges: dusk tells where a roof is. */
const daylight = ({ startMs, stepMs, values }: PowerSeries, seed: number): Daylight[] => {
  const lit: Daylight[] = [];
  for (let slot = 1; slot + 1 < values.length; slot += 1) {
    const powerW = values[slot];
    if (powerW === undefined) continue;
    if (powerW > 0 || values[slot - 1]! > 0 || values[slot + 1]! > 0) lit.push({ startMs: startMs + slot * stepMs, powerW });
  }
  const random = randomStream(seed);
  const share = SAMPLES / lit.length;
  return lit.filter(() => random() < share);
};

/** A roof of these angles with the peak power that bounds the sample best, and how well it does; W. */
const fitted = (angles: Roof, sample: readonly Daylight[], stepMs: number): { roof: Roof; lossW: number } => {
  const unit = sample.map(({ startMs }) => clearSlotW({ ...angles, peakW: 1 }, startMs, stepMs));
  const ratios = sample.flatMap(({ powerW }, index) =>
    unit[index]! > 0.05 ? [{ ratio: powerW / unit[index]!, weight: unit[index]! }] : [],
  );
  ratios.sort((a, b) => a.ratio - b.ratio);
  // The pinball loss of a scale is least at the weighted quantile of the ratios.
  let left = CLEAR_LEVEL * ratios.reduce((sum, { weight }) => sum + weight, 0);
  const peakW = ratios.find(({ weight }) => (left -= weight) <= 0)?.ratio ?? 0;
  const lossW = sample.reduce((sum, { powerW }, index) => sum + pinball(CLEAR_LEVEL, peakW * unit[index]!, powerW), 0) / sample.length;
  return { roof: { ...angles, peakW }, lossW };
};
