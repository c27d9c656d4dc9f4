import type { DeviceId } from '../fleet/plant.js';
import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';

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
  /** Negative while it draws. */
  'flexible.powerW',
  'flexible.fromBusCounterWh',
  /** One of `LOAD_STATE`. */
  'flexible.state',
  /** Active-power limit in force on the device, in percent of its rating. */
  'device.limitPct',
  /** 1 while it makes a grid of its own, cut off from the public one; 0 while it follows that. */
  'device.islanded',
] as const;
export type Quantity = (typeof QUANTITIES)[number];

/** What a flexible load says it does; what is full or warm wants nothing. */
export const LOAD_STATE = { nothingThere: 0, wantsNothing: 1, heldBack: 2, draws: 3, failed: 4 } as const;

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

/** What a device says of itself besides its readings, now and then. */
export interface SelfWord {
  readonly deviceId: DeviceId;
  /** The power it says it is made or set for. */
  readonly ratedW?: Watt;
  /** How far its own clock is ahead of the plant's, within a second. */
  readonly clockAheadMs?: DurationMs;
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
