import type { DeviceId } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';

/**
 * What a device can tell, by name; the unit stands last. Power is positive into the site's bus. Counters only rise: `toBus`
 * counts energy into the bus (import, sun, discharge, generation), `fromBus` energy out of it (export, charging). Counters
 * of a hybrid are worked out from those on its DC side (`…DcCounterWh`), which are kept so that the next start goes on from them.
 */
export const QUANTITIES = [
  'grid.powerW',
  'grid.toBusCounterWh',
  'grid.fromBusCounterWh',
  'grid.voltageV',
  'grid.frequencyHz',
  /** In each phase, without a direction: most meters tell none. */
  'grid.currentAA',
  'grid.currentBA',
  'grid.currentCA',
  /** Between each phase and the neutral. */
  'grid.voltageAV',
  'grid.voltageBV',
  'grid.voltageCV',
  'pv.powerW',
  'pv.toBusCounterWh',
  'pv.dcCounterWh',
  'pv.availableW',
  'battery.powerW',
  'battery.toBusCounterWh',
  'battery.fromBusCounterWh',
  'battery.dischargedDcCounterWh',
  'battery.chargedDcCounterWh',
  'battery.socPct',
  'generator.powerW',
  'generator.toBusCounterWh',
  'generator.fuelPct',
  /** 0 stopped, 1 warming up, 2 running, 3 cooling down, 4 failed to start. */
  'generator.state',
  /** Active-power limit in force on the device, in percent of its rating. */
  'device.limitPct',
] as const;
export type Quantity = (typeof QUANTITIES)[number];

/** What only the moment needs: the limit of each phase is held now, and no bill or forecast asks later what the phases carried. */
const MOMENTARY: readonly Quantity[] = [
  'grid.currentAA',
  'grid.currentBA',
  'grid.currentCA',
  'grid.voltageAV',
  'grid.voltageBV',
  'grid.voltageCV',
];

/** What readings are kept of. */
export const STORED_QUANTITIES: readonly Quantity[] = QUANTITIES.filter((quantity) => !MOMENTARY.includes(quantity));

export type SampleValues = Partial<Record<Quantity, number>>;

/** One poll of one device, in the house's units and signs. What the device did not tell is absent, never 0. */
export interface Sample {
  readonly deviceId: DeviceId;
  readonly atMs: EpochMs;
  readonly values: SampleValues;
}

/** Whether a device answers: `stale` after one missed poll, `offline` after a while. */
export type DeviceHealth = 'online' | 'stale' | 'offline';

export interface HealthChange {
  readonly deviceId: DeviceId;
  readonly atMs: EpochMs;
  readonly health: DeviceHealth;
  /** What went wrong, in one line; absent when the device came back. */
  readonly reason?: string;
}
