import type { Quantity, SampleValues } from '../field/sample.js';
import type { Device, DeviceId } from '../fleet/plant.js';
import { DAY_MS, type DurationMs, type EpochMs } from '../kernel/units.js';
import type { ReadingStore } from './reading-store.port.js';

/** A hybrid's counter, and the one on its DC side that it is worked out from. */
const PAIRS = [
  ['pv.toBusCounterWh', 'pv.dcCounterWh'],
  ['battery.toBusCounterWh', 'battery.dischargedDcCounterWh'],
  ['battery.fromBusCounterWh', 'battery.chargedDcCounterWh'],
] as const satisfies readonly (readonly [Quantity, Quantity])[];

/** A plant that was off for longer begins anew, as the gate does. */
const MEMORY_MS: DurationMs = 7 * DAY_MS;

/**
 * Where the counters of hybrids stood when they were last stored, each pair at one moment, for the field to go on from.
 * Throws `AdapterError` when the store is away.
 */
export const lastHybridCounters = async (
  store: ReadingStore,
  devices: readonly Pick<Device, 'id' | 'role'>[],
  nowMs: EpochMs,
): Promise<Map<DeviceId, SampleValues>> => {
  const found = new Map<DeviceId, SampleValues>();
  for (const { id, role } of devices) {
    if (role !== 'hybrid') continue;
    const values: SampleValues = {};
    for (const [ac, dc] of PAIRS) {
      const last = await store.lastAtOrBefore(id, ac, nowMs, MEMORY_MS);
      if (!last) continue;
      values[ac] = last.value;
      const beside = await store.lastAtOrBefore(id, dc, last.atMs, 0);
      if (beside) values[dc] = beside.value;
    }
    found.set(id, values);
  }
  return found;
};
