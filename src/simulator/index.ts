/** Virtual hardware on the real wire. What the command line and the tests use of it. */
export { meanClearness } from './clouds.js';
export { FaultProxy } from './fault-proxy.js';
export { GENERATOR_STATES } from './generator.js';
export { loadHomes, type MeasuredHome } from './homes.js';
export { type FleetState, type RunningFleet, startFleet } from './modbus-fleet.js';
export { readDevice, type SimulatedValues } from './readings.js';
export { chargersOutlookW, type SiteCommands, type SiteModel, siteModel, stepSite } from './site.js';
export { initialSite, type SiteState } from './site-state.js';
export type { VirtualSite } from './spec.js';
export { parseWireFault, type WireFault, WIRE_FAULTS } from './wire-fault.js';
