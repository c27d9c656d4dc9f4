import { floorTo, type Interval } from '../kernel/interval.js';
import type { DurationMs, EpochMs, WattHour } from '../kernel/units.js';
import { worseQuality } from './energy-from-counters.js';
import type { EnergyQuality, IntervalEnergy } from './interval-energy.js';

/** One slot of one flow while its pieces are being gathered. */
interface Gathering {
  readonly slot: Interval;
  readonly of: IntervalEnergy;
  coveredMs: DurationMs;
  toBusWh: WattHour;
  fromBusWh: WattHour;
  toBusCounterWh?: WattHour;
  fromBusCounterWh?: WattHour;
  quality: EnergyQuality;
  commanded: boolean;
  availableWh: WattHour | undefined;
  imported?: true;
  clockUnsure?: true;
}

/**
 * The same energy in slots of one length, aligned to the epoch: shorter intervals are summed, longer ones split in
 * proportion to time and marked `estimated`. A slot that the intervals do not cover wholly, or of which a piece is missing,
 * is `missing`. The intervals of one device and flow must not overlap. Answers by site, device, flow and time.
 */
export const resample = (intervals: readonly IntervalEnergy[], slotMs: DurationMs): IntervalEnergy[] => {
  const slots = new Map<string, Gathering>();
  for (const interval of intervals) {
    for (let startMs = floorTo(interval.startMs, slotMs); startMs < interval.endMs; startMs += slotMs) {
      const key = `${interval.siteId}\u0000${interval.deviceId}\u0000${interval.flow}\u0000${startMs}`;
      let slot = slots.get(key);
      if (!slot) slots.set(key, (slot = emptySlot(interval, startMs, slotMs)));
      gather(slot, interval);
    }
  }
  return [...slots.values()].map(finished).sort(bySiteDeviceFlowTime);
};

const emptySlot = (of: IntervalEnergy, startMs: EpochMs, slotMs: DurationMs): Gathering => ({
  slot: { startMs, endMs: startMs + slotMs },
  of,
  coveredMs: 0,
  toBusWh: 0,
  fromBusWh: 0,
  quality: 'measured',
  commanded: false,
  availableWh: 0,
});

const gather = (into: Gathering, interval: IntervalEnergy): void => {
  const startMs = Math.max(interval.startMs, into.slot.startMs);
  const endMs = Math.min(interval.endMs, into.slot.endMs);
  const share = (endMs - startMs) / (interval.endMs - interval.startMs);
  into.coveredMs += endMs - startMs;
  into.toBusWh += (interval.toBusWh ?? 0) * share;
  into.fromBusWh += (interval.fromBusWh ?? 0) * share;
  into.quality = worseQuality(into.quality, share < 1 ? worseQuality(interval.quality, 'estimated') : interval.quality);
  into.commanded ||= interval.commanded;
  into.availableWh =
    interval.availableWh === undefined || into.availableWh === undefined ? undefined : into.availableWh + interval.availableWh * share;
  into.imported ??= interval.imported;
  into.clockUnsure ??= interval.clockUnsure;
  if (interval.endMs === into.slot.endMs) {
    into.toBusCounterWh = interval.toBusCounterWh;
    into.fromBusCounterWh = interval.fromBusCounterWh;
  }
};

const finished = (gathered: Gathering): IntervalEnergy => {
  const { slot, of, toBusWh, fromBusWh, toBusCounterWh, fromBusCounterWh, commanded } = gathered;
  const quality = gathered.coveredMs < slot.endMs - slot.startMs ? 'missing' : gathered.quality;
  const energies = quality === 'missing' ? {} : { toBusWh, fromBusWh };
  const { siteId, deviceId, flow } = of;
  const availableWh = quality === 'missing' ? undefined : gathered.availableWh;
  const facts = { commanded, availableWh, imported: gathered.imported, clockUnsure: gathered.clockUnsure };
  return { ...slot, siteId, deviceId, flow, ...energies, toBusCounterWh, fromBusCounterWh, quality, ...facts };
};

const bySiteDeviceFlowTime = (a: IntervalEnergy, b: IntervalEnergy): number =>
  compare(a.siteId, b.siteId) || compare(a.deviceId, b.deviceId) || compare(a.flow, b.flow) || a.startMs - b.startMs;

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
