import { MINUTE_MS, type EpochMs } from '../kernel/units.js';
import { smoothNoise } from './noise.js';
import type { VirtualSite } from './spec.js';

/** Phase voltage at the connection: a few volts about the nominal. */
export const gridVoltageV = (site: VirtualSite, atMs: EpochMs): number =>
  (site.nominalVoltageV ?? 230) * (1 + 0.03 * (smoothNoise(site.seed ^ 0x5a17, atMs / (3 * MINUTE_MS)) - 0.5));

/** Frequency is the same everywhere: it depends on the time alone. */
export const gridFrequencyHz = (site: VirtualSite, atMs: EpochMs): number =>
  (site.nominalFrequencyHz ?? 50) + 0.08 * (smoothNoise(0x50_02, atMs / (MINUTE_MS / 2)) - 0.5);
