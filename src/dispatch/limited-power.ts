import type { SiteId } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';
import { FLEET_SCOPE, type OperatorLimit } from '../signals/operator-limit.js';
import type { DeviceNow, PlantImage, SiteNow } from '../telemetry/image.js';

type Limited = Pick<OperatorLimit, 'scope' | 'kind'>;

/**
 * What a limit is about, as a magnitude; `undefined` while a device that has a part in it does not say what that is. An inverter that is silent
 * has none in what meters say of their connections.
 */
export const limitedPowers = (image: PlantImage): ((limit: Limited) => Watt | undefined) => {
  const { sites } = image;
  let devices: ReadonlyMap<SiteId, readonly DeviceNow[]> | undefined;
  return ({ scope, kind }) => {
    const limited = scope === FLEET_SCOPE ? [...sites.values()] : [sites.get(scope)].filter((site) => site !== undefined);
    switch (kind) {
      case 'import':
        return above(netOf(limited));
      case 'export':
        return above(negative(netOf(limited)));
      case 'generation':
        return givenBy(limited, (devices ??= bySite(image)));
      case 'sun':
        return above(flowOf(limited, 'pv'));
      case 'load':
        return loadsOf(limited);
      case 'dimming':
        return lesser(netOf(limited), loadsOf(limited));
    }
  };
};

const above = (powerW: Watt | undefined): Watt | undefined => powerW && Math.max(0, powerW);
const negative = (powerW: Watt | undefined): Watt | undefined => powerW && -powerW;

/** What the grid gives to all of these sites together. */
const netOf = (sites: readonly SiteNow[]): Watt | undefined =>
  sites.length === 0 || sites.some(({ powersW }) => powersW.grid === undefined)
    ? undefined
    : sum(sites.map(({ powersW }) => powersW.grid!));

/** Of sites that have it; where one has it and does not say how much, nobody knows. */
const flowOf = (sites: readonly SiteNow[], flow: Flow): Watt | undefined =>
  sites.length === 0 || sites.some(({ silentFlows }) => silentFlows?.includes(flow))
    ? undefined
    : sum(sites.map(({ powersW }) => powersW[flow] ?? 0));

/** What batteries of sites take and their flexible loads draw; a site may have but one of them, or none. */
const loadsOf = (sites: readonly SiteNow[]): Watt | undefined => {
  if (flowOf(sites, 'battery') === undefined || flowOf(sites, 'flexible') === undefined) return undefined;
  return sum(sites.map(({ powersW: { battery = 0, flexible = 0 } }) => Math.max(0, -battery) - flexible));
};

const bySite = ({ devices }: PlantImage): Map<SiteId, DeviceNow[]> => {
  const sites = new Map<SiteId, DeviceNow[]>();
  for (const device of devices.values()) {
    const here = sites.get(device.siteId);
    if (here) here.push(device);
    else sites.set(device.siteId, [device]);
  }
  return sites;
};

/** What leaves the terminals of inverters and engines: what a hybrid's battery takes of its own sun does not, and a battery that charges gives nothing. */
const givenBy = (sites: readonly SiteNow[], devices: ReadonlyMap<SiteId, readonly DeviceNow[]>): Watt | undefined => {
  if (GIVING.some((flow) => flowOf(sites, flow) === undefined)) return undefined;
  let givenW: Watt = 0;
  for (const { siteId } of sites)
    for (const { values } of devices.get(siteId) ?? [])
      givenW += Math.max(0, (values['pv.powerW'] ?? 0) + (values['battery.powerW'] ?? 0)) + Math.max(0, values['generator.powerW'] ?? 0);
  return givenW;
};

const GIVING = ['pv', 'battery', 'generator'] as const;

/** What is drawn from the grid by those loads: no more than the connection takes. */
const lesser = (gridW: Watt | undefined, loadsW: Watt | undefined): Watt | undefined =>
  gridW === undefined || loadsW === undefined ? undefined : Math.max(0, Math.min(gridW, loadsW));
