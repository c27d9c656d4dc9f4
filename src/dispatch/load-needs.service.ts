import { Injectable } from '@nestjs/common';
import { needWindowAt } from '../fleet/daily-need.js';
import { type Device, type DeviceId, isPlannedApart, type Plant } from '../fleet/plant.js';
import { AdapterError } from '../kernel/errors.js';
import type { Interval } from '../kernel/interval.js';
import { DAY_MS, type EpochMs, type WattHour } from '../kernel/units.js';
import type { NeedNow } from '../schedule/load-needs.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { ReadingStore } from '../telemetry/reading-store.port.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { wouldDraw } from './load-limits.js';

const COUNTER = 'flexible.fromBusCounterWh';

/** How far flexible loads have come with what they need: by their counters, or by closed intervals where they have none. */
@Injectable()
export class LoadNeeds {
  constructor(
    private readonly telemetry: TelemetryService,
    private readonly readings: ReadingStore,
    private readonly intervals: IntervalService,
  ) {}

  /** Those in a window of their need; a load that does not say whether it wants anything is taken to. */
  async at(plant: Plant, nowMs: EpochMs): Promise<Map<DeviceId, NeedNow>> {
    const image = this.telemetry.image(nowMs);
    const needs = new Map<DeviceId, NeedNow>();
    for (const site of plant.sites)
      for (const device of site.devices.filter(isPlannedApart)) {
        const window = needWindowAt(device.flexibleLoad!.need!, site.zone, nowMs);
        if (!window) continue;
        const values = image.devices.get(device.id)?.values;
        const drawnWh = await this.drawnWh(device, { startMs: window.startMs, endMs: nowMs }, values?.[COUNTER]);
        needs.set(device.id, { drawnWh, wants: wouldDraw(values?.['flexible.state']) });
      }
    return needs;
  }

  /** What a counter said at a moment, or soon after it; `undefined` too while the store of readings is away. */
  private async counterAt(id: DeviceId, { startMs, endMs }: Interval): Promise<WattHour | undefined> {
    try {
      const before = await this.readings.lastAtOrBefore(id, COUNTER, startMs, DAY_MS);
      return (before ?? (await this.readings.firstAtOrAfter(id, COUNTER, startMs, endMs - startMs)))?.value;
    } catch (error) {
      if (error instanceof AdapterError) return undefined;
      throw error;
    }
  }

  private async drawnWh({ id, siteId }: Device, { startMs, endMs }: Interval, counterWh: WattHour | undefined): Promise<WattHour> {
    const firstWh = counterWh === undefined ? undefined : await this.counterAt(id, { startMs, endMs });
    if (counterWh !== undefined && firstWh !== undefined && counterWh >= firstWh) return counterWh - firstWh;
    const closed = await this.intervals.intervalsOf({ siteIds: [siteId], fromMs: startMs, toMs: endMs });
    return closed.reduce(
      (sum, { deviceId, flow, fromBusWh }) => (deviceId === id && flow === 'flexible' ? sum + (fromBusWh ?? 0) : sum),
      0,
    );
  }
}
