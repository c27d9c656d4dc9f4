import { Inject, Injectable } from '@nestjs/common';
import type { Quantity, Sample } from '../field/sample.js';
import { type Device, type DeviceId, devicesOf, type Plant, type Site, type SiteId } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { type Interval, SLOT_MS } from '../kernel/interval.js';
import { DAY_MS, type DurationMs, type EpochMs, MINUTE_MS } from '../kernel/units.js';
import { ClockWatch } from '../platform/clock-watch.js';
import { deviceEnergies, type LeaseSpan } from './device-energies.js';
import { worseQuality } from './energy-from-counters.js';
import { gateLimits } from './gate-limits.js';
import { IntervalRows, type IntervalsQuery } from './interval-rows.js';
import type { IntervalEnergy } from './interval-energy.js';
import { closeReadingsMs, flowsOfRole, QUANTITIES_OF_FLOW } from './metering.js';
import { ReadingStore } from './reading-store.port.js';

/** How far beyond an interval a counter reading is looked for. */
const REACH_MS = DAY_MS;
/** A request to a store costs much more than a device in it; others get their turn in between. */
const DEVICES_AT_ONCE = 100;
const LONGEST_WAIT_MS: DurationMs = MINUTE_MS;

/** Closes intervals: what every metering device moved, worked out from stored readings once and kept. */
@Injectable()
export class IntervalService {
  /** Of devices with an interval: where their own time begins, as far as something was brought in before it. */
  private readonly ownTimes = new Map<DeviceId, EpochMs>();

  constructor(
    private readonly rows: IntervalRows,
    private readonly readings: ReadingStore,
    private readonly plants: PlantDirectory,
    @Inject(ClockWatch) private readonly clocks: Pick<ClockWatch, 'wasUnsure'>,
  ) {}

  /**
   * Works out one interval for the whole plant and stores it. Closing it again answers what was stored the first time.
   * Close it a little after its end (`isSettled`), so that the readings past its end are stored.
   */
  async closeInterval(interval: Interval, spans: readonly LeaseSpan[] = []): Promise<IntervalEnergy[]> {
    const { startMs, endMs } = interval;
    const closed: IntervalEnergy[] = [];
    const places = placesOf(this.plants.plant());
    for (let at = 0; at < places.length; at += DEVICES_AT_ONCE) {
      const some = places.slice(at, at + DEVICES_AT_ONCE);
      const samples = await this.samplesAround(
        some.map(({ device }) => device),
        { startMs, endMs },
      );
      for (const { device, site } of some) {
        const metering = { device, limits: gateLimits(device, site) };
        closed.push(...deviceEnergies(metering, samples.get(device.id)!, [interval], spans).map((one) => this.timed(one)));
      }
    }
    await this.rows.insertNew(closed);
    return (await this.rows.find({ fromMs: startMs, toMs: startMs + 1 })).filter((row) => row.endMs === endMs);
  }

  /**
   * Whether an interval that ends at `endMs` may be closed: every device has had time to be read past its end, and readings
   * from after that time are stored. A machine that stood still, or a plant that was off until `upSinceMs`, has the clock past
   * it but not the readings; where none come, they are waited for no longer than a minute.
   */
  async isSettled(endMs: EpochMs, nowMs: EpochMs, upSinceMs: EpochMs): Promise<boolean> {
    const marginMs = Math.max(...devicesOf(this.plants.plant()).map(closeReadingsMs), 0);
    const readToMs = Math.max(endMs, upSinceMs) + marginMs;
    if (nowMs < readToMs) return false;
    if (nowMs >= readToMs + LONGEST_WAIT_MS) return true;
    return ((await this.readings.lastMs()) ?? -Infinity) >= readToMs;
  }

  /** Stores intervals worked out elsewhere (history made in process). What is stored already stays as it is. */
  async storeAll(intervals: readonly IntervalEnergy[]): Promise<void> {
    await this.rows.insertNew(intervals);
    for (const { deviceId, imported } of intervals) if (imported) this.ownTimes.delete(deviceId);
  }

  /** Puts what a later file tells in place of estimates that were brought in earlier; what was measured here stays as it is. */
  improveImported(intervals: readonly IntervalEnergy[]): Promise<void> {
    return this.rows.replaceImportedEstimates(intervals);
  }

  /** The newest interval that was closed here and is over at `nowMs`: one from a time to come was closed by a clock that had leapt. */
  lastClosed(nowMs: EpochMs): Promise<Interval | undefined> {
    return this.rows.last(nowMs);
  }

  /** When any device was first read in a stretch, or so soon that it makes no difference; absent where none was. */
  async firstReadMs({ startMs, endMs }: Interval): Promise<EpochMs | undefined> {
    let firstMs: EpochMs | undefined;
    for (const device of devicesOf(this.plants.plant())) {
      for (const quantity of meteredQuantities(device)) {
        if (firstMs !== undefined && firstMs < startMs + SLOT_MS) return firstMs;
        const reachMs = (firstMs ?? endMs) - 1 - startMs;
        firstMs = (await this.readings.firstAtOrAfter(device.id, quantity, startMs, reachMs))?.atMs ?? firstMs;
      }
    }
    return firstMs;
  }

  /** From a site's first stored interval to the end of its last; absent where none is stored. */
  spanOf(siteId: SiteId): Promise<Interval | undefined> {
    return this.rows.span(siteId);
  }

  /** Where the first interval of a device begins that was measured here. */
  async firstMeasuredMs(device: Device): Promise<EpochMs | undefined> {
    return (await this.rows.first(device, true))?.startMs;
  }

  /** Stored intervals that begin in `[fromMs, toMs)`, by site, time, device and flow. Their lengths may differ. */
  intervalsOf(query: IntervalsQuery): Promise<IntervalEnergy[]> {
    return this.rows.find(query);
  }

  /**
   * Looks again at intervals in `[fromMs, toMs)` that were closed as `missing`: where a device has come back and its
   * counters tell the energy of the gap, they become `estimated`. Answers those that did, for adjustments to follow.
   */
  async fillGaps(fromMs: EpochMs, toMs: EpochMs): Promise<IntervalEnergy[]> {
    const filled: IntervalEnergy[] = [];
    const places = new Map(placesOf(this.plants.plant()).map((place) => [place.device.id, place]));
    const gaps = await this.rows.missing(fromMs, toMs);
    const latest = await this.readings.latest([...new Set(gaps.map(({ deviceId }) => deviceId))]);
    for (const gap of gaps) {
      const place = places.get(gap.deviceId);
      if (!place || (latest.get(gap.deviceId)?.atMs ?? -Infinity) < gap.endMs) continue;
      const { site, device } = place;
      const samples = await this.samplesAround([device], gap);
      const again = deviceEnergies({ device, limits: gateLimits(device, site) }, samples.get(device.id)!, [gap], []);
      const found = again.find(({ flow, quality }) => flow === gap.flow && quality !== 'missing');
      const estimate = found && this.timed({ ...found, quality: 'estimated' });
      if (estimate && (await this.rows.fillMissing(estimate))) filled.push(estimate);
    }
    return filled;
  }

  /** Energy of an hour that may be another is an estimate. */
  private timed(interval: IntervalEnergy): IntervalEnergy {
    if (!this.clocks.wasUnsure(interval)) return interval;
    return { ...interval, quality: worseQuality(interval.quality, 'estimated'), clockUnsure: true };
  }

  /** The devices' samples in an interval, each with the nearest counter readings on both sides of it. */
  private async samplesAround(devices: readonly Device[], interval: Interval): Promise<Map<DeviceId, Sample[]>> {
    const marginMs = Math.max(...devices.map(closeReadingsMs));
    const inside = await this.readings.samples({
      deviceIds: devices.map(({ id }) => id),
      quantities: [...new Set(devices.flatMap((device) => [...meteredQuantities(device), ...beside(device)]))],
      fromMs: interval.startMs - marginMs,
      toMs: interval.endMs + marginMs + 1,
    });
    const byDevice = new Map<DeviceId, Sample[]>(devices.map(({ id }) => [id, []]));
    for (const sample of inside) byDevice.get(sample.deviceId)!.push(sample);
    for (const device of devices) byDevice.set(device.id, await this.reachingOut(device, byDevice.get(device.id)!, interval, marginMs));
    return byDevice;
  }

  private async reachingOut(device: Device, all: Sample[], { startMs, endMs }: Interval, marginMs: DurationMs): Promise<Sample[]> {
    const ownSinceMs = await this.ownSinceMs(device, startMs);
    const inside = all.filter(({ atMs }) => atMs >= ownSinceMs);
    const beforeMs = startMs - marginMs - 1;
    const before: Sample[] = [];
    const after: Sample[] = [];
    for (const quantity of meteredQuantities(device)) {
      const told = inside.filter(({ values }) => values[quantity] !== undefined);
      if (beforeMs >= ownSinceMs && !told.some(({ atMs }) => atMs <= startMs)) {
        const reading = await this.readings.lastAtOrBefore(device.id, quantity, beforeMs, Math.min(REACH_MS, beforeMs - ownSinceMs));
        if (reading) before.push({ deviceId: device.id, atMs: reading.atMs, values: { [quantity]: reading.value } });
      }
      if (!told.some(({ atMs }) => atMs >= endMs)) {
        const reading = await this.readings.firstAtOrAfter(device.id, quantity, endMs + marginMs + 1, REACH_MS);
        if (reading) after.push({ deviceId: device.id, atMs: reading.atMs, values: { [quantity]: reading.value } });
      }
    }
    return [...before.sort(byTime), ...inside, ...after.sort(byTime)];
  }

  /**
   * Readings from before this were brought in from a file: what is paid must not rest on them, not even where they lie next to
   * the first gap. `startMs` is that of an interval that is closed now, and so the device's first where it has none.
   */
  private async ownSinceMs(device: Device, startMs: EpochMs): Promise<EpochMs> {
    const known = this.ownTimes.get(device.id);
    if (known !== undefined) return known;
    const first = await this.rows.first(device, false);
    if (!first) return -Infinity;
    const sinceMs = first.imported ? await this.firstMeasuredMs(device) : -Infinity;
    if (sinceMs === undefined) return startMs;
    this.ownTimes.set(device.id, sinceMs);
    return sinceMs;
  }
}

const placesOf = ({ sites }: Plant): { device: Device; site: Site }[] =>
  sites.flatMap((site) => site.devices.map((device) => ({ device, site })));

const meteredQuantities = (device: Device): Quantity[] =>
  flowsOfRole(device.role).flatMap((flow) => Object.values(QUANTITIES_OF_FLOW[flow]) as Quantity[]);

/** Those of which a reading far from an interval says nothing about it. */
const beside = (device: Device): Quantity[] => (flowsOfRole(device.role).includes('pv') ? ['pv.availableW'] : []);

const byTime = (a: Sample, b: Sample): number => a.atMs - b.atMs;
