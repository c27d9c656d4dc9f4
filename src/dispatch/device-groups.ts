import { type Device, givesSun } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';

/** Devices of one site by what they are to it, and the sums of their ratings, by which they share what the site may do. */
export interface DeviceGroups {
  /** Inverters with modules on them, hybrids among them. */
  readonly suns: readonly Device[];
  readonly sunRatedW: Watt;
  /** All with a battery, hybrids among them. */
  readonly batteries: readonly Device[];
  readonly maxDischargeW: Watt;
  readonly generators: readonly Device[];
  readonly generatorsRatedW: Watt;
  readonly flexibleLoads: readonly Device[];
}

const known = new WeakMap<readonly Device[], DeviceGroups>();

/** Worked out once for each list of devices: those of a site stay the same from cycle to cycle, and a fleet has thousands. */
export const groupsOf = (devices: readonly Device[]): DeviceGroups => {
  const before = known.get(devices);
  if (before) return before;
  const groups = grouped(devices);
  known.set(devices, groups);
  return groups;
};

const ratedSumW = (devices: readonly Device[]): Watt => devices.reduce((sum, { ratedW }) => sum + ratedW, 0);

const grouped = (devices: readonly Device[]): DeviceGroups => {
  const suns = devices.filter(givesSun);
  const batteries = devices.filter(({ battery }) => battery);
  const generators = devices.filter(({ generator }) => generator);
  return {
    suns,
    sunRatedW: ratedSumW(suns),
    batteries,
    maxDischargeW: batteries.reduce((sum, { battery }) => sum + battery!.maxDischargeW, 0),
    generators,
    generatorsRatedW: ratedSumW(generators),
    flexibleLoads: devices.filter(({ flexibleLoad }) => flexibleLoad),
  };
};
