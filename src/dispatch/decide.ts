import type { DeviceId } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import { type BatteryCase, batteryCase, decideBattery } from './battery-decision.js';
import { type Decision, type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { type EventMeans, shareEvent } from './event-sharing.js';
import { fleetGeneratorCaps, shareFleetLimit } from './fleet-limit.js';
import { decideFlexible } from './flexible-decision.js';
import { decideGenerator, generatorOffer } from './generator-decision.js';
import { type AbleControl, ableControls, CONTROLS_OF, type SiteCase, sitesOf } from './site-case.js';
import { decideSun, fleetSunCaps } from './sun-decision.js';

/**
 * Decides what every control of every device is to do now. Each source, in the order of DESIGN §5.3, narrows what the ones
 * before it left; within what is left the most pressing wish chooses: the grid event, then an override, then the plan, and
 * an operator's limit on the whole fleet corrects their sum. A device whose word is missing keeps what it has.
 */
export const decide = (input: DecisionInput): Decision => {
  const asked = sitesOf(input);
  const decided = toldNothing(asked);
  const flexible = decideFlexible(input, asked);
  for (const decision of flexible.decisions) decided.push(decision);
  const { sites } = flexible;
  const batteries = batteriesOf(sites, decided);
  const generators = ableControls(sites, 'generator');
  const suns = ableControls(sites, 'pv-limit');
  const generatorCaps = fleetGeneratorCaps(input, sites, { generators, suns });
  const event = shareEvent(input, sites, { batteries, generators: offersOf(input, generators, generatorCaps), suns });
  const wishes = batteries.map((battery) => event?.batteries[battery.index] ?? decideBattery(battery));
  const limit = shareFleetLimit(input, sites, batteries, wishes);
  const fleetCaps = limit.exportRoomW === undefined ? NO_CAPS : fleetSunCaps(suns, limit.exportRoomW);
  for (const { site, own } of generators) {
    const { id } = own.device;
    decided.push(decideGenerator(input, site, own, { eventW: event?.generatorsW.get(id), fleetW: generatorCaps.get(id) }));
  }
  for (const { site, own } of suns) {
    const { id } = own.device;
    decided.push(decideSun(input, site, own, { fleetW: fleetCaps.get(id), eventW: event?.sunCapsW.get(id) }));
  }
  batteries.forEach(({ index }) => decided.push(limit.decisions[index] ?? wishes[index]!));
  const { wantedW, givenW } = event ?? limit;
  return { atMs: input.atMs, devices: decided, ...(wantedW === 0 ? {} : { shared: { wantedW, givenW } }) };
};

const NO_CAPS: ReadonlyMap<DeviceId, Watt> = new Map();

/** What is decided of those that are told nothing, whatever is wished. */
const toldNothing = (sites: readonly SiteCase[]): DeviceDecision[] => {
  const decided: DeviceDecision[] = [];
  for (const { devices, able } of sites) {
    if (able.length === devices.length) continue;
    for (const { device, obstacle } of devices) {
      if (!obstacle) continue;
      for (const control of CONTROLS_OF[device.role])
        decided.push({ ...leftAlone(device, control, obstacle.reason), ...(obstacle.holds ? { holds: true } : {}) });
    }
  }
  return decided;
};

/** Those of which enough is known to tell them something; of the others it is decided that they are left alone. */
const batteriesOf = (sites: readonly SiteCase[], decided: DeviceDecision[]): BatteryCase[] => {
  const batteries: BatteryCase[] = [];
  for (const control of ableControls(sites, 'battery-power')) {
    const battery = batteryCase(control, batteries.length);
    if (typeof battery === 'string') decided.push(leftAlone(control.own.device, 'battery-power', battery));
    else batteries.push(battery);
  }
  return batteries;
};

/** Generators that an event may count on. One that a person has set by hand is that person's. */
const offersOf = (input: DecisionInput, generators: readonly AbleControl[], caps: ReadonlyMap<DeviceId, Watt>): EventMeans['generators'] =>
  generators.flatMap(({ site, own }) =>
    own.override ? [] : [{ site, own, offer: generatorOffer(input, site, own, caps.get(own.device.id)) }],
  );
