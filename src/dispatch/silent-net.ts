import type { Watt } from '../kernel/units.js';
import type { DecisionInput, LoadRange } from './decision.js';
import { silentEngineMostW } from './silent-engine.js';
import type { DeviceCase, SiteCase } from './site-case.js';

type Knowing = Pick<DecisionInput, 'silentLoads' | 'generators' | 'atMs'>;

/** Between what and what a power lies, as far as it is known; import positive. Both are the same where it is measured. */
export interface NetRange {
  readonly leastW: Watt;
  readonly mostW: Watt;
}

/**
 * What flows through the connection of a site whose grid meter is silent, by what else is known of it: its devices by their own word, or by
 * all that they are rated for where they are silent as well; what the house draws besides them, as far as that is remembered. The connection
 * bears no more than its limits. A site without a grid meter is nobody's to measure: its devices count, and a house behind them does not.
 */
export const silentNet = (input: Knowing, site: SiteCase): NetRange => {
  const { importLimitW, exportLimitW } = site.site;
  const { leastW, mostW } = netWith(input, silentLoadOf(input, site), site);
  return { leastW: within(leastW, exportLimitW, importLimitW), mostW: within(mostW, exportLimitW, importLimitW) };
};

/**
 * The same for who has to keep the limits of the connection: the house may draw nothing, or as much as it ever did; one of which nothing is
 * known no more than its connection bears.
 */
export const widestNet = (input: Knowing, site: SiteCase): NetRange => {
  const { leastW, mostW } = netWith(input, { leastW: 0, mostW: silentLoadOf(input, site).mostSeenW }, site);
  return { leastW, mostW: Math.min(mostW, site.site.importLimitW) };
};

const silentLoadOf = ({ silentLoads }: Knowing, { site, devices }: SiteCase): LoadRange => {
  const hasMeter = devices.some(({ device }) => device.role === 'grid-meter');
  return hasMeter ? (silentLoads?.get(site.id) ?? ANY_LOAD) : NO_LOAD;
};

const netWith = (input: Knowing, load: NetRange, { now, devices }: SiteCase): NetRange => {
  if (now?.islanded) return NOTHING_FLOWS;
  let { leastW, mostW } = load;
  for (const device of devices) {
    const given = givenBy(input, device);
    leastW -= given.mostW;
    mostW -= given.leastW;
  }
  return { leastW, mostW };
};

const NOTHING_FLOWS: NetRange = { leastW: 0, mostW: 0 };
const NO_LOAD: LoadRange = { leastW: 0, mostW: 0, mostSeenW: 0 };
const ANY_LOAD: LoadRange = { leastW: 0, mostW: Infinity, mostSeenW: Infinity };

const within = (netW: Watt, exportLimitW: Watt, importLimitW: Watt): Watt => Math.max(-exportLimitW, Math.min(netW, importLimitW));

/** What a device gives into the site's bus; a load that draws gives less than nothing. */
const givenBy = ({ generators, atMs }: Knowing, { device, values, flexibleW }: DeviceCase): NetRange => {
  const { role, ratedW, battery, generator } = device;
  let [leastW, mostW] = [0 as Watt, 0 as Watt];
  const add = (powerW: Watt | undefined, lowW: Watt, highW: Watt): void => {
    leastW += powerW ?? lowW;
    mostW += powerW ?? highW;
  };
  if (role === 'pv' || role === 'hybrid') add(values['pv.powerW'], 0, ratedW);
  if (battery) add(values['battery.powerW'], -battery.maxChargeW, battery.maxDischargeW);
  if (generator) add(values['generator.powerW'], 0, silentEngineMostW(device, generators.get(device.id), atMs));
  if (role === 'flexible-load') add(flexibleW, -ratedW, 0);
  return { leastW, mostW };
};
