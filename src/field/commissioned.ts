import type { ReversionClass } from '../fleet/plant.js';
import { AdapterError } from '../kernel/errors.js';
import type { Profile } from '../registers/profile.js';
import { type BusUnit, paceUnit } from './bus.js';
import { ProfileControls } from './commands/profile-controls.js';
import { sunspecControls } from './commands/sunspec-commands.js';
import { type DeviceReport, readProfileDevice, readSunspecDevice, type ReportOptions } from './commissioning.js';
import { BY_A_TIMER, endingBy } from './control-ending.js';
import type { CommandOutcome } from './drivers/device-driver.js';
import { PointReader } from './drivers/profile-points.js';
import { loadProfiles, profileNamed, SUNSPEC_PROFILE } from './profiles.js';
import type { Setpoint } from './setpoint.js';
import { walkSunspec } from './sunspec-walk.js';

/** What the timers of most devices hold; those of class `supervisor` have none that this could run into. */
const LONGEST_S = 65_534;

/** A device on the bench: it has no role at a site yet. Every method throws an `AdapterError` when it does not answer. */
export interface Commissioned {
  report(options?: ReportOptions): Promise<DeviceReport>;
  /** The setpoints that it has a control for. */
  readonly kinds: readonly Setpoint['kind'][];
  /** What ends a setpoint of this kind when nobody says more. */
  endsBy(kind: Setpoint['kind']): ReversionClass;
  /** Whether `holds` and `shows` tell when its timer has ended a setpoint. */
  showsItsEnd(kind: Setpoint['kind']): boolean;
  /** Without `leaseS` the device keeps it for as long as it can: for what something else ends. */
  command(setpoint: Setpoint, leaseS?: number): Promise<CommandOutcome>;
  /** Ends what was commanded, of these kinds alone where some are named; true once the device shows it. */
  release(kinds?: readonly Setpoint['kind'][]): Promise<boolean>;
  /** Whether it is under a setpoint, whoever gave it. */
  holds(): Promise<boolean>;
  /** What binds it by its controls of a kind, whoever set it: the same text as its driver's. */
  shows(kind: Setpoint['kind']): Promise<string | undefined>;
  ratedW(): Promise<number | undefined>;
}

/** What is said about a device besides its unit id. */
export interface DescribedDevice {
  /** The name of a profile, or `sunspec`, which is also meant where it is left out. */
  readonly profile?: string;
  /** Where the SunSpec map begins, if that is known. */
  readonly sunspecBase?: number;
  /** Silence it needs between two requests; its profile's where nothing is said. */
  readonly minGapMs?: number;
  /** Phases that a load hangs on; three where nothing is said. */
  readonly phases?: 1 | 3;
}

/**
 * The device at a unit id, by a profile or by its SunSpec map. Throws `BadInput` for a profile that does not exist, and an
 * `AdapterError` where the device does not answer or has no SunSpec map.
 */
export const commissionedDevice = async (
  unit: BusUnit,
  { profile, sunspecBase, minGapMs, phases }: DescribedDevice = {},
): Promise<Commissioned> => {
  if (profile !== undefined && profile !== SUNSPEC_PROFILE) {
    const known = profileNamed(loadProfiles(), profile);
    paceUnit(unit, minGapMs, known);
    return byProfile(unit, known, phases);
  }
  paceUnit(unit, minGapMs);
  return bySunspec(unit, sunspecBase);
};

const bySunspec = async (unit: BusUnit, sunspecBase: number | undefined): Promise<Commissioned> => {
  const map = await walkSunspec((address, count) => unit.read('holding', address, count), sunspecBase);
  const where = sunspecBase === undefined ? '' : ` at ${sunspecBase}`;
  if (!map) throw new AdapterError(`unit ${unit.unitId} answers, but has no SunSpec map${where}: name its --profile or its --base`, false);
  const controls = sunspecControls(map, unit);
  return {
    ...controls,
    report: (options) => readSunspecDevice(unit, map, options),
    endsBy: () => BY_A_TIMER.by,
    showsItsEnd: () => true,
    command: (setpoint, leaseS) => controls.command(setpoint, leaseS),
  };
};

const byProfile = (unit: BusUnit, profile: Profile, phases: 1 | 3 | undefined): Commissioned => {
  const controls = new ProfileControls(unit, profile, phases);
  return {
    report: (options) => readProfileDevice(unit, profile, options),
    kinds: controls.kinds,
    endsBy: (kind) => endingBy(profile, kind)?.by ?? 'none',
    showsItsEnd: (kind) => !endingBy(profile, kind)?.unseen,
    command: (setpoint, leaseS = LONGEST_S) => controls.command(setpoint, leaseS),
    release: (kinds) => controls.release(kinds),
    holds: () => controls.holds(),
    shows: (kind) => controls.shows(kind),
    ratedW: async () => (await new PointReader(unit, profile, ['ratedW']).readValues()).ratedW,
  };
};
