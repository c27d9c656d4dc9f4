import type { Setpoint } from '../field/setpoint.js';
import type { Device, DeviceId, DeviceRole, Site } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import { type BatteryCase, batteryCase, decideBattery } from './battery-decision.js';
import { type Decision, type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { type EventMeans, shareEvent } from './event-sharing.js';
import { fleetGeneratorCaps, shareFleetLimit } from './fleet-limit.js';
import { decideFlexible } from './flexible-decision.js';
import { decideGenerator, generatorOffer } from './generator-decision.js';
import { loadCase } from './load-limits.js';
import { decideSun, fleetSunCaps } from './sun-decision.js';

/**
 * Decides what every control of every device is to do now. Each source, in the order of DESIGN §5.3, narrows what the ones
 * before it left; within what is left the most pressing wish chooses: the grid event, then an override, then the plan, and
 * an operator's limit on the whole fleet corrects their sum. A device whose word is missing keeps what it has.
 */
export const decide = (asked: DecisionInput): Decision => {
  const { decided, generators, suns, loads, batteries: toCharge } = ableOf(asked);
  const flexible = decideFlexible(
    asked,
    loads.map((load) => loadCase(asked, load)),
    toCharge,
  );
  for (const decision of flexible.decisions) decided.push(decision);
  const input = flexible.image === asked.image ? asked : { ...asked, image: flexible.image };
  const batteries = batteriesOf(input, toCharge, decided);
  const sunDevices = suns.map(({ device }) => device);
  const generatorCaps = fleetGeneratorCaps(
    input,
    generators.map(({ device }) => device),
    sunDevices,
  );
  const event = input.event && shareEvent(input, { batteries, generators: offersOf(input, generators, generatorCaps), suns: sunDevices });
  const wishes = batteries.map((battery) => event?.batteries.get(battery.device.id) ?? decideBattery(input, battery));
  const limit = shareFleetLimit(input, batteries, wishes);
  const fleetCaps = limit.exportRoomW === undefined ? NO_CAPS : fleetSunCaps(input.image, sunDevices, limit.exportRoomW);
  for (const { site, device, able } of generators)
    decided.push(
      decideGenerator(input, site, device, able, { eventW: event?.generatorsW.get(device.id), fleetW: generatorCaps.get(device.id) }),
    );
  for (const { site, device, able } of suns)
    decided.push(decideSun(input, site, device, able, { fleetW: fleetCaps.get(device.id), eventW: event?.sunCapsW.get(device.id) }));
  batteries.forEach(({ device }, index) => decided.push(limit.decisions.get(device.id) ?? wishes[index]!));
  const { wantedW, givenW } = event ?? limit;
  return { atMs: input.atMs, devices: decided, ...(wantedW === 0 ? {} : { shared: { wantedW, givenW } }) };
};

const NO_CAPS: ReadonlyMap<DeviceId, Watt> = new Map();

/** A device that may be told something now. `able`: all of its site that can be. */
interface Able {
  readonly site: Site;
  readonly device: Device;
  readonly able: readonly Device[];
}

interface AbleByControl {
  /** Those that are told nothing, whatever is wished. */
  readonly decided: DeviceDecision[];
  readonly batteries: readonly Able[];
  readonly generators: readonly Able[];
  readonly suns: readonly Able[];
  readonly loads: readonly Able[];
}

const ableOf = (input: DecisionInput): AbleByControl => {
  const decided: DeviceDecision[] = [];
  const able: Readonly<Record<Setpoint['kind'], Able[]>> = { 'battery-power': [], generator: [], 'pv-limit': [], 'load-limit': [] };
  for (const site of input.plant.sites) {
    const obstacles = obstaclesAt(input, site);
    const mates = obstacles ? site.devices.filter((device) => !obstacles.has(device)) : site.devices;
    for (const device of site.devices) {
      const obstacle = obstacles?.get(device);
      for (const control of CONTROLS_OF[device.role]) {
        if (obstacle) decided.push({ ...leftAlone(device, control, obstacle.reason), ...(obstacle.holds ? { holds: true } : {}) });
        else able[control].push({ site, device, able: mates });
      }
    }
  }
  return { decided, batteries: able['battery-power'], generators: able.generator, suns: able['pv-limit'], loads: able['load-limit'] };
};

/** Those of which enough is known to tell them something; of the others it is decided that they are left alone. */
const batteriesOf = (input: DecisionInput, able: readonly Able[], decided: DeviceDecision[]): BatteryCase[] => {
  const batteries: BatteryCase[] = [];
  for (const { site, device, able: mates } of able) {
    const battery = batteryCase(input, site, device, mates);
    if (typeof battery === 'string') decided.push(leftAlone(device, 'battery-power', battery));
    else batteries.push(battery);
  }
  return batteries;
};

/** Generators that an event may count on. One that a person has set by hand is that person's. */
const offersOf = (input: DecisionInput, generators: readonly Able[], caps: ReadonlyMap<DeviceId, Watt>): EventMeans['generators'] =>
  generators.flatMap(({ site, device, able }) =>
    input.overrides.has(device.id) ? [] : [{ site, device, ...generatorOffer(input, site, device, able, caps.get(device.id)) }],
  );

const CONTROLS_OF: Readonly<Record<DeviceRole, readonly Setpoint['kind'][]>> = {
  'grid-meter': [],
  pv: ['pv-limit'],
  battery: ['battery-power'],
  hybrid: ['battery-power', 'pv-limit'],
  generator: ['generator'],
  'flexible-load': ['load-limit'],
};

/** Why a device is told nothing. `holds`: it is silent, and keeps what it has. */
interface Obstacle {
  readonly reason: string;
  readonly holds: boolean;
}

const NEVER_DISPATCHED: Obstacle = { reason: 'not dispatched: nothing would end a setpoint if we fell silent', holds: false };
const LOCKED_OUT: Obstacle = { reason: 'locked out for maintenance', holds: false };
const ALONE: Obstacle = { reason: 'its site runs on its own, cut off from the grid', holds: false };
const SILENT: Obstacle = { reason: 'no fresh word from it', holds: true };

/** The site's devices that are told nothing, and why; `undefined` where there are none. */
const obstaclesAt = (input: DecisionInput, site: Site): ReadonlyMap<Device, Obstacle> | undefined => {
  const isAlone = input.image.sites.get(site.id)?.islanded === true;
  let obstacles: Map<Device, Obstacle> | undefined;
  for (const device of site.devices) {
    const obstacle = obstacleOf(input, device, isAlone);
    if (obstacle) (obstacles ??= new Map()).set(device, obstacle);
  }
  return obstacles;
};

const obstacleOf = (input: DecisionInput, device: Device, isAlone: boolean): Obstacle | undefined => {
  if (device.reversion === 'none') return NEVER_DISPATCHED;
  if (input.lockedOut.has(device.id)) return LOCKED_OUT;
  if (isAlone) return ALONE;
  const now = input.image.devices.get(device.id);
  return now?.health === 'online' && now.readAtMs !== undefined ? undefined : SILENT;
};
