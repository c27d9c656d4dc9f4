import type { EpochMs } from '../kernel/units.js';
import type { DeviceControls } from './controls.js';
import { gridFrequencyHz, gridVoltageV } from './grid.js';
import { seenBy, type SiteState } from './site-state.js';
import type { VirtualSite } from './spec.js';

/** One moment of a site, as the registers of one of its devices show it. */
export interface DeviceView {
  readonly site: VirtualSite;
  readonly state: SiteState;
  readonly controls: DeviceControls;
  readonly atMs: EpochMs;
  readonly voltageV: number;
  readonly frequencyHz: number;
}

const NO_CONTROLS: DeviceControls = { values: {}, revertsAtMs: {} };

export const viewOf = (site: VirtualSite, state: SiteState, deviceId: string): DeviceView => ({
  ...seenBy(site, state, deviceId),
  controls: state.controls[deviceId] ?? NO_CONTROLS,
  atMs: state.atMs,
  voltageV: gridVoltageV(site, state.atMs),
  frequencyHz: gridFrequencyHz(site, state.atMs),
});
