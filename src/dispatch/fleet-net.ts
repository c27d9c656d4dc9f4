import type { Watt } from '../kernel/units.js';
import type { DecisionInput } from './decision.js';
import { type NetRange, silentNet } from './silent-net.js';
import type { SiteCase } from './site-case.js';

/** The net power of all sites. A limit on import is held against the most of it, one on export against the least. */
export const fleetNet = (input: Pick<DecisionInput, 'silentLoads' | 'generators' | 'atMs'>, sites: readonly SiteCase[]): NetRange => {
  let leastW: Watt = 0;
  let mostW: Watt = 0;
  for (const site of sites) {
    const { gridW } = site;
    const range = gridW === undefined ? silentNet(input, site) : undefined;
    leastW += range?.leastW ?? gridW!;
    mostW += range?.mostW ?? gridW!;
  }
  return { leastW, mostW };
};
