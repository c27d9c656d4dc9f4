import { readFileSync } from 'node:fs';
import { type Device, devicesOf } from '../fleet/plant.js';
import { type Fleet, parseFleet } from '../fleet/fleet-file.js';
import { loadProfiles, profileFor, SUNSPEC_PROFILE } from '../field/profiles.js';
import { BadInput, messageOf } from '../kernel/errors.js';
import type { Config } from '../platform/config.js';
import { type Tariff, tariffSchema } from '../signals/tariff.js';

/** The fleet file that `serve` goes by. Throws `BadInput` where none is named, or with every fault of it. */
export const readFleet = ({ fleetFile }: Pick<Config, 'fleetFile'>): Fleet<Tariff> => {
  if (fleetFile === undefined)
    throw new BadInput('no fleet file; name one with --fleet or VPP_FLEET (hardware/fleets/example.yaml is one to start from)');
  let text: string;
  try {
    text = readFileSync(fleetFile, 'utf8');
  } catch (error) {
    throw new BadInput(`${fleetFile}: cannot be read: ${messageOf(error)}`);
  }
  const fleet = parseFleet(fleetFile, text, tariffSchema);
  const faults = profileFaults(fleetFile, devicesOf(fleet.plant));
  if (faults.length > 0) throw new BadInput(faults);
  return fleet;
};

const profileFaults = (fleetFile: string, devices: readonly Device[]): string[] => {
  const profiles = loadProfiles();
  return devices.flatMap((device) => {
    try {
      if (device.profile !== SUNSPEC_PROFILE) profileFor(profiles, device);
      return [];
    } catch (error) {
      if (error instanceof BadInput) return error.faults.map((fault) => `${fleetFile}: device "${device.id}": ${fault}`);
      throw error;
    }
  });
};
