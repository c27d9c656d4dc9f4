import type { DeviceId } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import { openBand } from './band.js';
import { type BatteryCase, batteryCase, batteryDecision, decideBattery } from './battery-decision.js';
import { type Decision, type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { type EventMeans, shareEvent } from './event-sharing.js';
import { fleetGeneratorCaps, shareFleetLimit } from './fleet-limit.js';
import { decideFlexible } from './flexible-decision.js';
import { decideGenerator } from './generator-decision.js';
import { generatorOffer } from './generator-offer.js';
import { generationRoom, toldPower } from './generation-room.js';
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
  const { 'battery-power': batteryControls, generator: generators, 'pv-limit': suns } = ableControls(sites);
  const batteries = batteriesOf(input, batteryControls, decided);
  const generatorCaps = fleetGeneratorCaps(input, sites, { generators, suns, batteries });
  const event = shareEvent(input, sites, { batteries, generators: offersOf(input, generators, generatorCaps), suns });
  const wishes = batteries.map((battery) => event?.batteries[battery.index] ?? decideBattery(input, battery));
  const limit = shareFleetLimit(input, sites, batteries, wishes);
  const fleetCaps = limit.exportRoomW === undefined ? NO_CAPS : fleetSunCaps(suns, limit.exportRoomW);
  const told = batteries.map(({ index }) => limit.decisions[index] ?? wishes[index]!);
  // What one stops charging leaves the site as well, but not a terminal.
  const besideRisesW = batteryRises(sites, batteries, told, ({ own, givesW }) => (own.device.role === 'battery' ? givesW : Infinity));
  const risesW = generators.length === 0 ? besideRisesW : batteryRises(sites, batteries, told, ({ givesW }) => Math.max(0, givesW));
  for (const { site, own } of generators) {
    const shares = { eventsW: event?.generatorsW, fleetW: generatorCaps.get(own.device.id), batteriesRiseW: risesW[site.index] };
    told.push(decideGenerator(input, site, own, shares));
  }
  const toldW = toldPower(told);
  for (const { site, own } of suns) {
    const { id } = own.device;
    decided.push(
      decideSun(input, site, own, {
        fleetW: fleetCaps.get(id),
        eventW: event?.sunCapsW.get(id),
        toldW,
        besideRisesW: besideRisesW[site.index],
      }),
    );
  }
  for (const decision of told) decided.push(decision);
  const { wantedW, givenW } = event ?? limit;
  return { atMs: input.atMs, devices: decided, ...(wantedW === 0 ? {} : { shared: { wantedW, givenW } }) };
};

const NO_CAPS: ReadonlyMap<DeviceId, Watt> = new Map();

/** By how much batteries are told to give more than `fromW`, by the index of their site. `told`: theirs come first. */
const batteryRises = (
  sites: readonly SiteCase[],
  batteries: readonly BatteryCase[],
  told: readonly DeviceDecision[],
  fromW: (battery: BatteryCase) => Watt,
): Float64Array => {
  const risesW = new Float64Array(sites.length);
  for (const battery of batteries) {
    const { setpoint } = told[battery.index]!;
    if (setpoint?.kind === 'battery-power') risesW[battery.site.index]! += Math.max(0, setpoint.powerW - fromW(battery));
  }
  return risesW;
};

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

/** Those of which enough is known to tell them something; of the others it is decided here. */
const batteriesOf = (input: DecisionInput, controls: readonly AbleControl[], decided: DeviceDecision[]): BatteryCase[] => {
  const batteries: BatteryCase[] = [];
  for (const control of controls) {
    const battery = batteryCase(input, control, batteries.length);
    if (typeof battery === 'string') decided.push(unknownBattery(input, control, battery));
    else batteries.push(battery);
  }
  return batteries;
};

/** Of which too little is known to tell it what to do: left alone, but for a limit on generation that it could pass by itself. */
const unknownBattery = (input: DecisionInput, { site, own: { device } }: AbleControl, reason: string): DeviceDecision => {
  const leftW = generationRoom(input, site)?.batteriesW ?? Infinity;
  if (leftW >= site.devices.reduce((sum, { device: { battery } }) => sum + (battery?.maxDischargeW ?? 0), 0))
    return leftAlone(device, 'battery-power', reason);
  return batteryDecision(device, openBand(0, 0), 0, 'operator', `${reason}: rests under a limit on generation`);
};

/** Generators that an event may count on. One that a person has set by hand is that person's. */
const offersOf = (input: DecisionInput, generators: readonly AbleControl[], caps: ReadonlyMap<DeviceId, Watt>): EventMeans['generators'] =>
  generators.flatMap(({ site, own }) =>
    own.override ? [] : [{ site, own, offer: generatorOffer(input, site, own, caps.get(own.device.id)) }],
  );
