import { chargerStateOf } from './charger.js';
import { limitPct } from './controls.js';
import { socPctOf } from './battery.js';
import { gridFrequencyHz, gridVoltageV } from './grid.js';
import { GENERATOR_STATES } from './generator.js';
import { phasePowersW } from './phases.js';
import { seenBy, type SiteState } from './site-state.js';
import { packOf, type VirtualSite } from './spec.js';

/** By the names the plant has for what devices tell, in the house's signs. */
export type SimulatedValues = Partial<
  Record<
    | 'grid.powerW'
    | 'grid.toBusCounterWh'
    | 'grid.fromBusCounterWh'
    | 'grid.voltageV'
    | 'grid.frequencyHz'
    | 'grid.currentAA'
    | 'grid.currentBA'
    | 'grid.currentCA'
    | 'grid.voltageAV'
    | 'grid.voltageBV'
    | 'grid.voltageCV'
    | 'pv.powerW'
    | 'pv.toBusCounterWh'
    | 'pv.dcCounterWh'
    | 'pv.availableW'
    | 'battery.powerW'
    | 'battery.toBusCounterWh'
    | 'battery.fromBusCounterWh'
    | 'battery.dischargedDcCounterWh'
    | 'battery.chargedDcCounterWh'
    | 'battery.socPct'
    | 'generator.powerW'
    | 'generator.toBusCounterWh'
    | 'generator.fuelPct'
    | 'generator.state'
    | 'flexible.powerW'
    | 'flexible.fromBusCounterWh'
    | 'flexible.state'
    | 'device.limitPct'
    | 'device.islanded',
    number
  >
>;

/**
 * What a poll of the device would decode to at the end of the last step, once role and direction are applied; unrounded.
 * Powers are means over the step. `undefined` where the device has nothing to say, because replayed rows have a gap. A
 * hybrid's counters are those of its AC shares; on the wire it counts DC, and who reads it counts the shares from then on.
 */
export const readDevice = (site: VirtualSite, state: SiteState, deviceId: string): SimulatedValues | undefined => {
  if (deviceId === site.meter.id) return readMeter(site, state);
  const own = seenBy(site, state, deviceId);
  if (deviceId === own.site.pv?.id) return readPv(own.state, deviceId);
  if (deviceId === own.site.hybrid?.id) return readHybrid(own.site, own.state, deviceId);
  if (deviceId === own.site.battery?.id) return readBattery(own.site, own.state);
  return readCharger(site, state, deviceId) ?? readGenerator(site, state, deviceId);
};

const readCharger = (site: VirtualSite, state: SiteState, deviceId: string): SimulatedValues | undefined => {
  const charger = site.chargers?.find(({ id }) => id === deviceId);
  const now = state.chargers[deviceId];
  if (!charger || !now) return undefined;
  const drawnW = state.chargerMeansW[deviceId] ?? 0;
  const stateNow = chargerStateOf(now, charger);
  return {
    'flexible.powerW': 0 - drawnW,
    'flexible.fromBusCounterWh': now.drawnWh,
    // Told past its registers to draw nothing, it is held back all the same.
    'flexible.state': stateNow === DRAWS && drawnW === 0 ? HELD_BACK : stateNow,
  };
};

const [HELD_BACK, DRAWS] = [2, 3];

const readMeter = (site: VirtualSite, state: SiteState): SimulatedValues | undefined => {
  const { powers, meter, atMs } = state;
  const phasesW = phasePowersW(site, state);
  if (powers.gridW === undefined || !phasesW) return undefined;
  const voltageV = gridVoltageV(site, atMs);
  const [currentAA, currentBA, currentCA] = phasesW.map((powerW) => Math.abs(powerW) / voltageV) as [number, number, number];
  return {
    'grid.powerW': powers.gridW,
    'grid.toBusCounterWh': meter.importWh,
    'grid.fromBusCounterWh': meter.exportWh,
    'grid.voltageV': voltageV,
    'grid.frequencyHz': gridFrequencyHz(site, atMs),
    'grid.currentAA': currentAA,
    'grid.currentBA': currentBA,
    'grid.currentCA': currentCA,
    ...(site.meter.map === 'sunspec-203' ? { 'grid.voltageAV': voltageV, 'grid.voltageBV': voltageV, 'grid.voltageCV': voltageV } : {}),
  };
};

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

const readHybrid = (site: VirtualSite, state: SiteState, deviceId: string): SimulatedValues | undefined => {
  const { pvW, batteryW } = state.powers;
  if (pvW === undefined || batteryW === undefined) return undefined;
  return {
    'pv.powerW': pvW,
    'pv.toBusCounterWh': state.pv!.producedWh,
    'pv.dcCounterWh': state.pv!.dcWh,
    'battery.powerW': batteryW,
    'battery.toBusCounterWh': state.hybrid!.batteryToBusWh,
    'battery.fromBusCounterWh': state.hybrid!.batteryFromBusWh,
    'battery.dischargedDcCounterWh': state.battery!.dischargedWh,
    'battery.chargedDcCounterWh': state.battery!.chargedWh,
    'battery.socPct': socPctOf(state.battery!, packOf(site)!),
    'device.limitPct': limitPct(state.controls[deviceId]!),
  };
};

const readBattery = (site: VirtualSite, { powers, battery }: SiteState): SimulatedValues => ({
  'battery.powerW': powers.batteryW ?? 0,
  'battery.toBusCounterWh': battery!.dischargedWh,
  // Model 103 has one counter, of what leaves the terminal.
  ...(site.battery!.models === '704' ? { 'battery.fromBusCounterWh': battery!.chargedWh, 'device.islanded': 0 } : {}),
  'battery.socPct': socPctOf(battery!, packOf(site)!),
});

const readGenerator = (site: VirtualSite, state: SiteState, deviceId: string): SimulatedValues => {
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
