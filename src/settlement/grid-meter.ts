import type { DeviceId } from '../fleet/plant.js';
import { durationOf, type Interval, overlaps } from '../kernel/interval.js';
import type { WattHour } from '../kernel/units.js';
import { ENERGY_QUALITIES, type EnergyQuality, type IntervalEnergy } from '../telemetry/interval-energy.js';

/** What a site's grid meters say about one stretch of time. Import and export are absent where quality is `missing`. */
export interface SlotEnergy extends Interval {
  readonly importWh?: WattHour;
  readonly exportWh?: WattHour;
  /** The worst of the intervals it was made of. */
  readonly quality: EnergyQuality;
  /** Whether a longer interval was cut to fit: its mean power stands for the part. */
  readonly spread: boolean;
}

/** A site's metered intervals: each meter's in order of time, none covering time that another has covered. */
export type MeteredSite = ReadonlyMap<DeviceId, readonly IntervalEnergy[]>;

/**
 * The intervals of a site's grid meters that were measured here, in order and without overlap, whatever order they came in. What
 * was imported is not money. Where two intervals
 * of a meter overlap, as where history of another step length meets live data, the earlier and then the shorter stands.
 */
export const meteredSite = (intervals: readonly IntervalEnergy[], meters: readonly DeviceId[]): MeteredSite =>
  new Map(
    meters.map((deviceId) => [
      deviceId,
      inOrder(intervals.filter((one) => one.flow === 'grid' && one.deviceId === deviceId && !one.imported)),
    ]),
  );

const inOrder = (intervals: IntervalEnergy[]): IntervalEnergy[] => {
  const sorted = intervals.sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs || rank(a.quality) - rank(b.quality));
  const kept: IntervalEnergy[] = [];
  for (const interval of sorted) if (kept.length === 0 || interval.startMs >= kept.at(-1)!.endMs) kept.push(interval);
  return kept;
};

const rank = (quality: EnergyQuality): number => ENERGY_QUALITIES.indexOf(quality);

const worst = (a: EnergyQuality, b: EnergyQuality): EnergyQuality => (rank(a) >= rank(b) ? a : b);

/** Whether an interval tells both sides of the meter; one that does not is as good as missing. */
export const isKnown = (interval: IntervalEnergy): interval is IntervalEnergy & { toBusWh: WattHour; fromBusWh: WattHour } =>
  interval.quality !== 'missing' && interval.toBusWh !== undefined && interval.fromBusWh !== undefined;

/**
 * Energy through a site's grid meters in a slot: shorter intervals are added up, a longer one gives its mean power. All
 * meters must cover all of the slot, or it is missing; a site without a grid meter is always missing.
 */
export const slotEnergy = (slot: Interval, site: MeteredSite): SlotEnergy => {
  const missing: SlotEnergy = { ...slot, quality: 'missing', spread: false };
  if (site.size === 0) return missing;
  let [importWh, exportWh, spread] = [0, 0, false];
  let quality: EnergyQuality = 'measured';
  for (const intervals of site.values()) {
    let coveredMs = 0;
    for (const interval of touching(slot, intervals)) {
      if (!isKnown(interval)) return missing;
      const partMs = Math.min(interval.endMs, slot.endMs) - Math.max(interval.startMs, slot.startMs);
      const share = partMs / durationOf(interval);
      importWh += interval.toBusWh * share;
      exportWh += interval.fromBusWh * share;
      quality = worst(quality, interval.quality);
      spread ||= share < 1;
      coveredMs += partMs;
    }
    if (coveredMs < durationOf(slot)) return missing;
  }
  return { ...slot, importWh, exportWh, quality, spread };
};

const touching = (slot: Interval, intervals: readonly IntervalEnergy[]): IntervalEnergy[] => {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (intervals[middle]!.endMs <= slot.startMs) low = middle + 1;
    else high = middle;
  }
  const found: IntervalEnergy[] = [];
  for (let at = low; at < intervals.length && overlaps(intervals[at]!, slot); at += 1) found.push(intervals[at]!);
  return found;
};

/** Net import of a slot, negative where the site fed in; absent where it is missing. */
export const netImportWh = ({ importWh, exportWh }: SlotEnergy): WattHour | undefined =>
  importWh === undefined || exportWh === undefined ? undefined : importWh - exportWh;

/** Whether a meter has said something, be it `missing`, about all of a slot, so that nothing more is to be waited for. */
export const isClosed = (slot: Interval, site: MeteredSite): boolean =>
  [...site.values()].every((intervals) => {
    const coveredMs = touching(slot, intervals).reduce(
      (sum, one) => sum + Math.min(one.endMs, slot.endMs) - Math.max(one.startMs, slot.startMs),
      0,
    );
    return coveredMs >= durationOf(slot);
  });
