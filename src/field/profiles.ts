import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Device, type DeviceRole, REVERSION_CLASSES, type ReversionClass } from '../fleet/plant.js';
import { BadInput } from '../kernel/errors.js';
import { parseYaml } from '../platform/yaml-file.js';
import { type Profile, profileSchema } from '../registers/profile.js';
import type { ProfileCommands } from '../registers/profile-commands.js';
import { profileFaults } from '../registers/profile-faults.js';

/** The profiles of `hardware/profiles`, by the name of their file without `.yaml`. */
export type Profiles = ReadonlyMap<string, Profile>;

/** What a fleet file calls a device that describes itself. */
export const SUNSPEC_PROFILE = 'sunspec';

/** Reads and checks every profile of a folder. Throws `BadInput` with all faults of all files, each with its line. */
export const loadProfiles = (folder: string = shippedProfiles()): Profiles => {
  const profiles = new Map<string, Profile>();
  const faults: string[] = [];
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
  for (const name of files) {
    const file = join(folder, name);
    try {
      profiles.set(basename(name, '.yaml'), parseYaml(file, readFileSync(file, 'utf8'), profileSchema, profileFaults));
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      faults.push(...error.faults);
    }
  }
  if (faults.length > 0) throw new BadInput(faults);
  return profiles;
};

/** The profile of that name. Throws `BadInput` where there is none. */
export const profileNamed = (profiles: Profiles, name: string): Profile => {
  const profile = profiles.get(name);
  if (profile) return profile;
  throw new BadInput(`no profile "${name}" in hardware/profiles; there are ${[SUNSPEC_PROFILE, ...profiles.keys()].join(', ')}`);
};

/** Which places at a site a kind of device may take. A hybrid's terminal would tell what came out of its battery as sun. */
const ROLES_OF: Readonly<Record<Profile['kind'], readonly DeviceRole[]>> = {
  meter: ['grid-meter', 'pv', 'battery', 'generator', 'flexible-load'],
  pv: ['pv'],
  battery: ['battery'],
  hybrid: ['hybrid'],
  generator: ['generator'],
  load: ['flexible-load'],
  gateway: ['grid-meter', 'hybrid'],
};

/**
 * The profile of a device of the fleet, with the commands that end as the fleet file counts on. Throws `BadInput` where there is
 * none, where it is of another kind of device, or where none of its commands ends so.
 */
export const profileFor = (profiles: Profiles, device: Pick<Device, 'profile' | 'role' | 'reversion'>): Profile => {
  const profile = profileNamed(profiles, device.profile);
  if (!ROLES_OF[profile.kind].includes(device.role))
    throw new BadInput(`profile "${device.profile}" is of a ${profile.kind} and cannot be a ${device.role}`);
  if (!profile.commands) return profile;
  const commands = commandsThatEnd(profile, device.reversion);
  if (Object.keys(commands).length > 0) return { ...profile, commands };
  const reversion = profile.reversion?.class ?? 'none';
  throw new BadInput(
    `\`reversion: ${device.reversion}\`, but by profile "${device.profile}" it is \`${reversion}\`: ${profile.reversion?.reason}`,
  );
};

/** A control that something surer ends will do; one that needs more than the fleet file has is left out. */
const commandsThatEnd = ({ commands, reversion }: Profile, counted: ReversionClass): ProfileCommands => {
  const ends = (control: { readonly reversion?: Profile['reversion'] | undefined }): boolean =>
    REVERSION_CLASSES.indexOf((control.reversion ?? reversion)?.class ?? 'none') <= REVERSION_CLASSES.indexOf(counted);
  return Object.fromEntries(Object.entries(commands ?? {}).filter(([, control]) => control !== undefined && ends(control)));
};

/** `hardware/profiles` of this repository, from the sources as from `dist`. */
const shippedProfiles = (): string => {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'hardware', 'profiles');
    if (existsSync(candidate)) return candidate;
  }
  throw new BadInput('the folder hardware/profiles is missing from this installation');
};
