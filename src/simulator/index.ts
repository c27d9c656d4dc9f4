/** Virtual hardware on the real wire. What the command line and the tests use of it. */
export { meanClearness } from './clouds.js';
export { loadHomes, type MeasuredHome } from './homes.js';
export { type FleetOptions, type FleetState, type RunningFleet, type SiteTruth, startFleet } from './modbus-fleet.js';
export { readDevice, type SimulatedValues } from './readings.js';
export { parseReplay, type Replay } from './replay.js';
export { type SiteCommands, type SiteModel, siteModel, stepSite } from './site.js';
export { initialSite, type SitePowers, type SiteState } from './site-state.js';
export type {
  BatteryPack,
  DeviceFault,
  LoadSource,
  PvArray,
  ReplayRow,
  VirtualBattery,
  VirtualGenerator,
  VirtualHybrid,
  VirtualMeter,
  VirtualPv,
  VirtualSite,
} from './spec.js';
export { skySeedOf } from './sunlight.js';
