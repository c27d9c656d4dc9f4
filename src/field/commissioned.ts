import { AdapterError } from '../kernel/errors.js';
import type { BusUnit } from './bus.js';
import { ProfileControls } from './commands/profile-controls.js';
import { sunspecControls } from './commands/sunspec-commands.js';
import { type DeviceReport, readProfileDevice, readSunspecDevice, type ReportOptions } from './commissioning.js';
import type { CommandOutcome } from './drivers/device-driver.js';
import { PointReader } from './drivers/profile-points.js';
import { loadProfiles, profileNamed, SUNSPEC_PROFILE } from './profiles.js';
import type { Setpoint } from './setpoint.js';
import { walkSunspec } from './sunspec-walk.js';

/** A device on the bench: it has no role at a site yet. Every method throws an `AdapterError` when it does not answer. */
export interface Commissioned {
  report(options?: ReportOptions): Promise<DeviceReport>;
  command(setpoint: Setpoint, leaseS: number): Promise<CommandOutcome>;
  /** Ends what was commanded, of these kinds alone where some are named; true once the device shows it. */
  release(kinds?: readonly Setpoint['kind'][]): Promise<boolean>;
  /** Whether it is under a setpoint, whoever gave it. */
  holds(): Promise<boolean>;
  ratedW(): Promise<number | undefined>;
}

/** What is said about a device besides its unit id. */
export interface DescribedDevice {
  /** The name of a profile, or `sunspec`, which is also meant where it is left out. */
  readonly profile?: string;
  /** Where the SunSpec map begins, if that is known. */
  readonly sunspecBase?: number;
}

/**
 * The device at a unit id, by a profile or by its SunSpec map. Throws `BadInput` for a profile that does not exist, and an
 * `AdapterError` where the device does not answer or has no SunSpec map.
 */
export const commissionedDevice = async (unit: BusUnit, { profile, sunspecBase }: DescribedDevice = {}): Promise<Commissioned> =>
  profile === undefined || profile === SUNSPEC_PROFILE ? bySunspec(unit, sunspecBase) : byProfile(unit, profile);

const bySunspec = async (unit: BusUnit, sunspecBase: number | undefined): Promise<Commissioned> => {
  const map = await walkSunspec((address, count) => unit.read('holding', address, count), sunspecBase);
  const where = sunspecBase === undefined ? '' : ` at ${sunspecBase}`;
  if (!map) throw new AdapterError(`unit ${unit.unitId} answers, but has no SunSpec map${where}: name its --profile or its --base`, false);
  return { report: (options) => readSunspecDevice(unit, map, options), ...sunspecControls(map, unit) };
};

const byProfile = (unit: BusUnit, profileName: string): Commissioned => {
  const profile = profileNamed(loadProfiles(), profileName);
  unit.minGapMs = profile.minGapMs;
  const controls = new ProfileControls(unit, profile);
  return {
    report: (options) => readProfileDevice(unit, profile, options),
    command: (setpoint, leaseS) => controls.command(setpoint, leaseS),
    release: (kinds) => controls.release(kinds),
    holds: () => controls.holds(),
    ratedW: async () => (await new PointReader(unit, profile, ['ratedW']).readValues()).ratedW,
  };
};
