import { wouldDraw } from '../../dispatch/load-limits.js';
import { needWindowAt } from '../../fleet/daily-need.js';
import { type Device, type DeviceId, isPlannedApart } from '../../fleet/plant.js';
import { DAY_MS, type EpochMs, type WattHour } from '../../kernel/units.js';
import type { NeedNow } from '../../schedule/load-needs.js';
import { readDevice } from '../../simulator/index.js';
import type { PastSite } from './past-plant.js';

/** How flexible loads stood in the windows of their needs, from what their counters said in the days before. */
export class PastNeeds {
  private readonly counters = new Map<DeviceId, { readonly atMs: EpochMs; readonly counterWh: WattHour }[]>();

  /** Keeps what the counters say now. */
  note(sites: readonly PastSite[]): void {
    for (const past of sites)
      for (const device of loadsOf(past)) {
        const { atMs } = past.state;
        const kept = this.counters.get(device.id) ?? [];
        kept.push({ atMs, counterWh: counterOf(past, device) });
        while (kept[0]!.atMs < atMs - DAY_MS) kept.shift();
        this.counters.set(device.id, kept);
      }
  }

  at(sites: readonly PastSite[], nowMs: EpochMs): Map<DeviceId, NeedNow> {
    return new Map(sites.flatMap((past) => loadsOf(past).flatMap((device) => this.needNow(past, device, nowMs))));
  }

  private needNow(past: PastSite, device: Device, nowMs: EpochMs): [DeviceId, NeedNow][] {
    const window = needWindowAt(device.flexibleLoad!.need!, past.site.zone, nowMs);
    const before = window && this.counters.get(device.id)?.find(({ atMs }) => atMs >= window.startMs);
    if (!window) return [];
    const state = readDevice(past.model.site, past.state, device.id)?.['flexible.state'];
    const drawnWh = before ? counterOf(past, device) - before.counterWh : 0;
    return [[device.id, { drawnWh, wants: wouldDraw(state) }]];
  }
}

const loadsOf = ({ site }: PastSite): Device[] => site.devices.filter(isPlannedApart);

const counterOf = ({ model, state }: PastSite, { id }: Device): WattHour =>
  readDevice(model.site, state, id)?.['flexible.fromBusCounterWh'] ?? 0;
