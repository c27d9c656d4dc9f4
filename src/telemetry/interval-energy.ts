import type { DeviceId, SiteId } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import type { Interval } from '../kernel/interval.js';
import type { WattHour } from '../kernel/units.js';

/** `measured` from counters at both ends; `estimated` from power, or across a gap; `missing` where nothing is known. */
export const ENERGY_QUALITIES = ['measured', 'estimated', 'missing'] as const;
export type EnergyQuality = (typeof ENERGY_QUALITIES)[number];

/** What one flow of one metering device moved in one closed interval. Energies are never negative. */
export interface IntervalEnergy extends Interval {
  readonly siteId: SiteId;
  readonly deviceId: DeviceId;
  readonly flow: Flow;
  /** Energy into the bus (import, sun, discharge, generation); absent where missing. */
  readonly toBusWh?: WattHour;
  /** Energy out of the bus (export, charging); absent where missing. */
  readonly fromBusWh?: WattHour;
  /** The device's own counters at the end of the interval. */
  readonly toBusCounterWh?: WattHour;
  readonly fromBusCounterWh?: WattHour;
  readonly quality: EnergyQuality;
  /** Whether a setpoint or limit of ours was in force on the device: forecasts do not train on it. */
  readonly commanded: boolean;
  /** What the sun would have given, where the inverter tells it: more than `toBusWh` where it was limited. */
  readonly availableWh?: WattHour;
  /** Brought in from a file: forecasts learn from it, but nobody saw it measured, so it is never proven nor paid. */
  readonly imported?: true;
  /** The plant was not sure of the time: the energy is right, its hour may not be. */
  readonly clockUnsure?: true;
}
