import type { Quantity } from '../field/sample.js';
import type { Device, DeviceRole } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import type { DurationMs } from '../kernel/units.js';

const FLOWS_OF_ROLE: Readonly<Record<DeviceRole, readonly Flow[]>> = {
  'grid-meter': ['grid'],
  pv: ['pv'],
  battery: ['battery'],
  hybrid: ['pv', 'battery'],
  generator: ['generator'],
  'flexible-load': ['flexible'],
};

/** The flows a device in this role tells of: a hybrid inverter speaks for its sun and for its battery. */
export const flowsOfRole = (role: DeviceRole): readonly Flow[] => FLOWS_OF_ROLE[role];

/** The quantities that tell one flow. Sun and generation never flow out of the bus, flexible loads never into it: they have one counter. */
export interface FlowQuantities {
  readonly power: Quantity;
  readonly toBusCounter?: Quantity;
  readonly fromBusCounter?: Quantity;
}

export const QUANTITIES_OF_FLOW: Readonly<Record<Flow, FlowQuantities>> = {
  grid: { power: 'grid.powerW', toBusCounter: 'grid.toBusCounterWh', fromBusCounter: 'grid.fromBusCounterWh' },
  pv: { power: 'pv.powerW', toBusCounter: 'pv.toBusCounterWh' },
  battery: { power: 'battery.powerW', toBusCounter: 'battery.toBusCounterWh', fromBusCounter: 'battery.fromBusCounterWh' },
  generator: { power: 'generator.powerW', toBusCounter: 'generator.toBusCounterWh' },
  flexible: { power: 'flexible.powerW', fromBusCounter: 'flexible.fromBusCounterWh' },
};

export const COUNTERS = [
  'grid.toBusCounterWh',
  'grid.fromBusCounterWh',
  'pv.toBusCounterWh',
  'battery.toBusCounterWh',
  'battery.fromBusCounterWh',
  'generator.toBusCounterWh',
  'flexible.fromBusCounterWh',
] as const satisfies readonly Quantity[];
export type CounterQuantity = (typeof COUNTERS)[number];

/** On the DC side of a hybrid. Its AC counters are worked out from these, and no energy is taken from them otherwise. */
export const DC_COUNTERS = [
  'pv.dcCounterWh',
  'battery.dischargedDcCounterWh',
  'battery.chargedDcCounterWh',
] as const satisfies readonly Quantity[];

/** How old a reading may be and still count as true now: three missed polls and two seconds of slack, 5 s at least. */
export const staleAfterMs = (device: Pick<Device, 'pollPeriodMs'>): DurationMs => Math.max(5_000, 3 * device.pollPeriodMs + 2_000);

/** Two counter readings this close on both sides of a boundary pass for a reading at the boundary. */
export const closeReadingsMs = (device: Pick<Device, 'pollPeriodMs'>): DurationMs => Math.max(5_000, 2 * device.pollPeriodMs);
