import type { EpochMs, Watt, WattHour } from '../kernel/units.js';
import { controlledModelsOf, type Inverters, inverterId, packOf, type VirtualSite } from './spec.js';
import { controlPointsOf, type DeviceControls, initialControls } from './controls.js';
import { randomStream, seedOf } from '../kernel/random.js';
import { type BatteryState, initialBattery } from './battery.js';
import { type ChargerState, initialCharger } from './charger.js';
import { type GeneratorState, initialGenerator } from './generator.js';

/** Mean powers over the last step, in the house's signs. What is not known (a gap in replayed rows) is absent. */
export interface SitePowers {
  /** What is drawn besides what chargers draw. */
  loadW?: Watt;
  /** What they draw together. */
  chargersW?: Watt;
  gridW?: Watt;
  pvW?: Watt;
  /** What the sun would have allowed. */
  pvAvailableW?: Watt;
  /** Of a hybrid: on its DC side, before the inverter. */
  pvDcW?: Watt;
  batteryDcW?: Watt;
  batteryW?: Watt;
  generatorW?: Watt;
}

/** Of an inverter, or of the two of a site that has no more. */
export interface InvertersState {
  powers: SitePowers;
  /** Power of the sun's inverter at the very end of the last step, from which ramps go on; of a hybrid on the DC side. */
  pvOutputW: Watt;
  pv?: { producedWh: WattHour; dcWh: WattHour };
  battery?: BatteryState;
  /** Of a hybrid, whose battery counts on its DC side: energy that left the AC terminal, and the battery's share of it. */
  hybrid?: { acOutWh: WattHour; batteryToBusWh: WattHour; batteryFromBusWh: WattHour };
}

/** Everything about a site that the next moment depends on. Plain JSON. Its powers are those of all its inverters. */
export interface SiteState extends InvertersState {
  siteId: string;
  atMs: EpochMs;
  meter: { importWh: WattHour; exportWh: WattHour };
  /** Of a site with further inverters: what those first named do by themselves, and what the others do, by their ids. */
  firstPowers?: SitePowers;
  further?: Record<string, InvertersState>;
  generators: Record<string, GeneratorState>;
  /** Mean power of each generator over the last step. */
  generatorMeansW: Record<string, Watt>;
  chargers: Record<string, ChargerState>;
  /** Mean power that each charger drew over the last step. */
  chargerMeansW: Record<string, Watt>;
  controls: Record<string, DeviceControls>;
}

/** A site as it stands when the simulation begins: counters that have counted for some years, devices at rest. */
export const initialSite = (site: VirtualSite, atMs: EpochMs): SiteState => {
  const random = randomStream(seedOf('counters', site.id, site.seed));
  /** Works and community batteries move ten times what a home does. */
  const scale = site.kind === 'home' ? 1 : 10;
  const usedWh = (fromWh: number, toWh: number): WattHour => Math.round(scale * (fromWh + random() * (toWh - fromWh)));
  const state: SiteState = {
    siteId: site.id,
    atMs,
    powers: {},
    pvOutputW: 0,
    meter: { importWh: usedWh(2e6, 6e6), exportWh: usedWh(1e6, 4e6) },
    generators: {},
    generatorMeansW: {},
    chargers: {},
    chargerMeansW: {},
    controls: {},
  };
  const begin = (inverters: Inverters, begun: InvertersState): void => {
    const pack = packOf(inverters);
    const [producedWh, throughputWh] = [usedWh(3e6, 9e6), usedWh(5e5, 2e6)];
    if (inverters.pv ?? inverters.hybrid) begun.pv = { producedWh, dcWh: Math.round(producedWh * 1.03) };
    if (pack) begun.battery = initialBattery(pack, throughputWh);
    if (inverters.hybrid)
      begun.hybrid = { acOutWh: producedWh, batteryToBusWh: throughputWh, batteryFromBusWh: Math.round(throughputWh * 1.1) };
    for (const [id, models] of controlledModelsOf(inverters)) state.controls[id] = initialControls(controlPointsOf(models, pack));
  };
  begin(site, state);
  for (const { id } of site.chargers ?? []) state.chargers[id] = initialCharger(usedWh(1e6, 5e6));
  for (const generator of site.generators ?? []) state.generators[generator.id] = initialGenerator(generator);
  if (site.further) {
    state.firstPowers = {};
    state.further = {};
    for (const inverter of site.further) begin(inverter, (state.further[inverterId(inverter)] = { powers: {}, pvOutputW: 0 }));
  }
  return state;
};

/** The site as one of its inverters knows it: as if it were the only one. */
export const seenBy = (site: VirtualSite, state: SiteState, deviceId: string): { site: VirtualSite; state: SiteState } => {
  if (!state.further || deviceId === site.meter.id) return { site, state };
  const own = state.further[deviceId];
  if (!own) return { site, state: { ...state, powers: { ...state.powers, ...state.firstPowers } } };
  const { pv: _pv, battery: _battery, hybrid: _hybrid, ...rest } = site;
  const further = site.further!.find((inverter) => inverterId(inverter) === deviceId)!;
  return { site: { ...rest, ...further }, state: { ...state, ...own } };
};
