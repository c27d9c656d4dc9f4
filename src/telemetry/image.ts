import type { DeviceHealth, SampleValues } from '../field/sample.js';
import type { DeviceId, SiteId } from '../fleet/plant.js';
import type { Flow, FlowPowers } from '../kernel/flow.js';
import type { EpochMs, Watt, WattHour } from '../kernel/units.js';

/** What is true of a device now. `values` holds only what passed the quality gate and is not older than it may be. */
export interface DeviceNow {
  readonly deviceId: DeviceId;
  readonly siteId: SiteId;
  readonly health: DeviceHealth;
  /** When `values` were read; absent before the first good reading. */
  readonly readAtMs?: EpochMs;
  readonly values: SampleValues;
  readonly reason?: string;
}

/** A site's balance. A flow whose device is missing or stale is absent, and then so is the load. */
export interface SiteNow {
  readonly siteId: SiteId;
  readonly powersW: Partial<Record<Flow, Watt>>;
  readonly loadW?: Watt;
  readonly socPct?: number;
  readonly storedWh?: WattHour;
  /** It runs on its own, cut off from the public grid (backup mode): nothing there is ours to command. */
  readonly islanded?: true;
  /** Flows of which some device does not say its part: their sum is not known. Absent: none. */
  readonly silentFlows?: readonly Flow[];
  /** Devices whose word is missing from the balance. */
  readonly missing: readonly DeviceId[];
  /** The oldest reading in the balance. */
  readonly readAtMs?: EpochMs;
}

/**
 * A site's word with other powers of its connection and its flexible loads. Written out field by field: it is done for each site of a fleet
 * in each cycle, and to spread a frozen object costs ten times as much.
 */
export const withPowers = (
  { siteId, powersW, loadW, socPct, storedWh, islanded, silentFlows, missing, readAtMs }: SiteNow,
  { grid, flexible }: { readonly grid: Watt | undefined; readonly flexible: Watt | undefined },
): SiteNow => {
  const { pv, battery, generator } = powersW;
  return { siteId, powersW: { grid, pv, battery, generator, flexible }, loadW, socPct, storedWh, islanded, silentFlows, missing, readAtMs };
};

/** Sums over the sites that answer. `complete` says whether that is all of them. */
export interface FleetNow {
  readonly powersW: FlowPowers;
  readonly loadW: Watt;
  readonly storedWh: WattHour;
  readonly capacityWh: WattHour;
  readonly complete: boolean;
  readonly sitesMissing: readonly SiteId[];
}

/** The frozen image of the plant that one control cycle decides on. */
export interface PlantImage {
  readonly atMs: EpochMs;
  readonly devices: ReadonlyMap<DeviceId, DeviceNow>;
  readonly sites: ReadonlyMap<SiteId, SiteNow>;
  readonly fleet: FleetNow;
}
