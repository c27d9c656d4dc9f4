import type { Device, Site } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import type { SiteNow } from '../telemetry/image.js';
import type { DecisionInput, LoadRange } from './decision.js';

/** Between what and what a power lies, as far as it is known; import positive. Both are the same where it is measured. */
export interface NetRange {
  readonly leastW: Watt;
  readonly mostW: Watt;
}

/** The net power of all sites. A limit on import is held against the most of it, one on export against the least. */
export const fleetNet = (input: DecisionInput): NetRange => {
  let [leastW, mostW] = [0 as Watt, 0 as Watt];
  for (const site of input.plant.sites) {
    const now = input.image.sites.get(site.id);
    const gridW = now?.powersW.grid;
    const range = gridW === undefined ? silentNet(input, site, now) : undefined;
    leastW += range?.leastW ?? gridW!;
    mostW += range?.mostW ?? gridW!;
  }
  return { leastW, mostW };
};

/**
 * What flows through the connection of a site whose grid meter is silent, by what else is known of it: its devices by their own word, or by
 * all that they are rated for where they are silent as well; what the house draws besides them, as far as that is remembered. The connection
 * bears no more than its limits. A site without a grid meter is nobody's to measure: its devices count, and a house behind them does not.
 */
export const silentNet = (input: DecisionInput, { id, devices, importLimitW, exportLimitW }: Site, now: SiteNow | undefined): NetRange => {
  if (now?.islanded) return NOTHING_FLOWS;
  const hasMeter = devices.some(({ role }) => role === 'grid-meter');
  const load = hasMeter ? (input.silentLoads?.get(id) ?? ANY_LOAD) : NO_LOAD;
  let { leastW, mostW } = load;
  for (const device of devices) {
    const given = givenBy(input, device);
    leastW -= given.mostW;
    mostW -= given.leastW;
  }
  return { leastW: within(leastW, exportLimitW, importLimitW), mostW: within(mostW, exportLimitW, importLimitW) };
};

const NOTHING_FLOWS: NetRange = { leastW: 0, mostW: 0 };
const NO_LOAD: LoadRange = { leastW: 0, mostW: 0 };
const ANY_LOAD: LoadRange = { leastW: 0, mostW: Infinity };

const within = (netW: Watt, exportLimitW: Watt, importLimitW: Watt): Watt => Math.max(-exportLimitW, Math.min(netW, importLimitW));

/** What a device gives into the site's bus; a load that draws gives less than nothing. */
const givenBy = ({ image }: DecisionInput, { id, role, ratedW, battery, generator }: Device): NetRange => {
  const values = image.devices.get(id)?.values;
  let [leastW, mostW] = [0 as Watt, 0 as Watt];
  const add = (powerW: Watt | undefined, lowW: Watt, highW: Watt): void => {
    leastW += powerW ?? lowW;
    mostW += powerW ?? highW;
  };
  if (role === 'pv' || role === 'hybrid') add(values?.['pv.powerW'], 0, ratedW);
  if (battery) add(values?.['battery.powerW'], -battery.maxChargeW, battery.maxDischargeW);
  if (generator) add(values?.['generator.powerW'], 0, generator.maxW);
  if (role === 'flexible-load') add(values?.['flexible.powerW'], -ratedW, 0);
  return { leastW, mostW };
};
