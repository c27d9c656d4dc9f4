import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BadInput } from '../kernel/errors.js';
import { parseYaml } from '../platform/yaml-file.js';
import { type Profile, profileSchema } from '../registers/profile.js';
import { WORDS_OF } from '../registers/words.js';
import { isKnownUnit } from './drivers/profile-units.js';

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
      profiles.set(basename(name, '.yaml'), parseYaml(file, readFileSync(file, 'utf8'), profileSchema, faultsOf));
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

/** What the schema alone cannot see. */
const faultsOf = (profile: Profile): { path: string[]; message: string }[] => {
  const faults: { path: string[]; message: string }[] = [];
  for (const [name, register] of Object.entries(profile.points)) {
    if (!register) continue;
    if (!isKnownUnit(register.unit)) faults.push({ path: ['points', name, 'unit'], message: `no unit is called "${register.unit}"` });
    if (WORDS_OF[register.type] > profile.largestRead)
      faults.push({
        path: ['points', name, 'type'],
        message: `a ${register.type} does not fit a request of ${profile.largestRead} registers`,
      });
  }
  for (const [name, register] of Object.entries(profile.commands ?? {})) {
    if (typeof register !== 'object' || isKnownUnit(register.unit)) continue;
    faults.push({ path: ['commands', name, 'unit'], message: `no unit is called "${register.unit}"` });
  }
  if (profile.reversion === 'device' && profile.commands && !profile.commands.heartbeat)
    faults.push({ path: ['reversion'], message: 'a device that ends setpoints by itself needs a `heartbeat` command' });
  return faults;
};

/** `hardware/profiles` of this repository, from the sources as from `dist`. */
const shippedProfiles = (): string => {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'hardware', 'profiles');
    if (existsSync(candidate)) return candidate;
  }
  throw new BadInput('the folder hardware/profiles is missing from this installation');
};
