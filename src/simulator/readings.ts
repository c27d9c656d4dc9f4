import { limitPct } from './controls.js';
import { socPctOf } from './battery.js';
import { GENERATOR_STATES } from './generator.js';
import type { SiteState } from './site-state.js';
import { packOf, type VirtualSite } from './spec.js';

/** By the names the plant has for what devices tell, in the house's signs. */
export type SimulatedValues = Partial<
  Record<
    | 'grid.powerW'
    | 'grid.toBusCounterWh'
    | 'grid.fromBusCounterWh'
    | 'pv.powerW'
    | 'pv.toBusCounterWh'
    | 'pv.availableW'
    | 'battery.powerW'
    | 'battery.toBusCounterWh'
    | 'battery.fromBusCounterWh'
    | 'battery.socPct'
    | 'generator.powerW'
    | 'generator.toBusCounterWh'
    | 'generator.fuelPct'
    | 'generator.state'
    | 'device.limitPct',
    number
  >
>;

/**
 * What a poll of the device would decode to at the end of the last step, once role and direction are applied; unrounded.
 * Powers are means over the step. `undefined` where the device has nothing to say, because replayed rows have a gap.
 */
export const readDevice = (site: VirtualSite, state: SiteState, deviceId: string): SimulatedValues | undefined => {
  if (deviceId === site.meter.id) return readMeter(state);
  if (deviceId === site.pv?.id) return readPv(state, deviceId);
  if (deviceId === site.hybrid?.id) {
    const pv = readPv(state, deviceId);
    return pv && { ...pv, ...readBattery(site, state) };
  }
  if (deviceId === site.battery?.id) return { ...readBattery(site, state), ...chargeCounter(site, state) };
  const generator = site.generators?.find(({ id }) => id === deviceId);
  const now = state.generators[deviceId];
  if (!generator || !now) throw new Error(`site ${site.id} has no device ${deviceId}`);
  return {
    'generator.powerW': state.generatorMeansW[deviceId] ?? now.outputW,
    'generator.toBusCounterWh': now.producedWh,
    'generator.fuelPct': (now.fuelLitres / generator.tankLitres) * 100,
    'generator.state': GENERATOR_STATES.indexOf(now.phase),
  };
};

const readMeter = ({ powers, meter }: SiteState): SimulatedValues | undefined =>
  powers.gridW === undefined
    ? undefined
    : { 'grid.powerW': powers.gridW, 'grid.toBusCounterWh': meter.importWh, 'grid.fromBusCounterWh': meter.exportWh };

const readPv = (state: SiteState, deviceId: string): SimulatedValues | undefined => {
  const { pvW, pvAvailableW } = state.powers;
  if (pvW === undefined || !state.pv) return undefined;
  return {
    'pv.powerW': pvW,
    'pv.toBusCounterWh': state.pv.producedWh,
    ...(pvAvailableW === undefined ? {} : { 'pv.availableW': pvAvailableW }),
    'device.limitPct': limitPct(state.controls[deviceId]!),
  };
};

const readBattery = (site: VirtualSite, { powers, battery }: SiteState): SimulatedValues => ({
  'battery.powerW': powers.batteryW ?? 0,
  'battery.toBusCounterWh': battery!.dischargedWh,
  'battery.socPct': socPctOf(battery!, packOf(site)!),
});
