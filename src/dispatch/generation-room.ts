import type { Setpoint } from '../field/setpoint.js';
import { type Device, type DeviceId, givesSun } from '../fleet/plant.js';
import { clamp, type Watt } from '../kernel/units.js';
import { comingW } from './generator-course.js';
import type { DecisionInput, DeviceDecision } from './decision.js';
import type { DeviceCase, SiteCase } from './site-case.js';

/**
 * What an operator's limit on generation leaves at a site (CSIP-AUS `opModGenLimW`), in a fixed order: the sun first, since it costs nothing, then
 * engines, then batteries, which keep what they hold. Who comes later makes room for those before him, and sun is held to what the others
 * are told. A hybrid inverter counts with what leaves its terminal. All in W, ≥ 0.
 */
export interface GenerationRoom {
  readonly enginesW: Watt;
  /** Also what the sun gives: it is held for an engine that may not stop yet. */
  readonly heldEnginesW: Watt;
  readonly batteriesW: Watt;
}

/** `undefined` where generation is not limited. */
export const generationRoom = (input: Pick<DecisionInput, 'generators' | 'atMs'>, site: SiteCase): GenerationRoom | undefined => {
  const { generationW } = site.limits;
  if (generationW === undefined) return undefined;
  let [sunW, leavesW, enginesW, leftW] = [0 as Watt, 0 as Watt, 0 as Watt, generationW];
  for (const own of site.devices) {
    if (own.obstacle) leftW -= sunNowOf(own) + engineNowOf(own) + batteryOf(own);
    else {
      sunW += sunSoonOf(own);
      leavesW += leavesSoonOf(own);
      enginesW += engineSoonOf(input, own);
    }
  }
  return {
    enginesW: Math.max(0, leftW - leavesW),
    heldEnginesW: Math.max(0, leftW),
    batteriesW: Math.max(0, leftW - sunW - enginesW),
  };
};

/**
 * What is left, by the index of each site where generation is limited, to those of its sun's inverters that can be told something. `told`: what
 * engines and batteries are to do; until they do it they count with what they give.
 */
export const sunRooms = (sites: readonly SiteCase[], told: readonly DeviceDecision[]): ReadonlyMap<number, Watt> => {
  const limited = sites.filter(({ limits }) => limits.generationW !== undefined);
  if (limited.length === 0) return NO_ROOMS;
  const toldW = new Map(told.map(({ deviceId, setpoint }) => [deviceId, powerOf(setpoint)]));
  return new Map(limited.map((site) => [site.index, sunRoomW(site, (id) => toldW.get(id) ?? 0)]));
};

const NO_ROOMS: ReadonlyMap<number, Watt> = new Map();

const powerOf = (setpoint: Setpoint | undefined): Watt =>
  setpoint?.kind === 'battery-power' || setpoint?.kind === 'generator' ? setpoint.powerW : 0;

const sunRoomW = ({ devices, limits }: SiteCase, toldW: (id: DeviceId) => Watt): Watt => {
  let leftW = limits.generationW!;
  for (const own of devices) {
    if (own.obstacle) leftW -= sunNowOf(own) + engineNowOf(own) + batteryOf(own);
    else if (!givesSun(own.device)) leftW -= Math.max(engineNowOf(own), batteryOf(own), toldW(own.device.id));
  }
  return Math.max(0, leftW);
};

/** What the sun's inverter gives; one that does not say may give all. A hybrid's battery comes on top. */
const sunNowOf = ({ device, values }: DeviceCase): Watt => (givesSun(device) ? Math.max(0, values['pv.powerW'] ?? device.ratedW) : 0);

/** Sun may come to give twice as much by the next decision, and no more: it is held to what is left to it. As shares of its rating. */
const RISES_LEAST = 0.02;
const RISES_MOST = 0.1;

/** What is kept free for the sun beside batteries. A hybrid is held at its terminal, where its battery gives way to its sun by itself. */
const sunSoonOf = (own: DeviceCase): Watt => (own.device.role === 'pv' ? risen(own.device, sunNowOf(own)) : sunNowOf(own));

/** What is kept free for the sun beside engines: they do not give way by themselves. What a hybrid's battery takes of it does not leave the terminal. */
const leavesSoonOf = (own: DeviceCase): Watt => {
  const { device, values } = own;
  if (!givesSun(device)) return 0;
  const takenW = device.battery ? Math.min(0, values['battery.powerW'] ?? 0) : 0;
  return risen(device, Math.max(0, sunNowOf(own) + takenW));
};

const risen = ({ ratedW }: Device, sunW: Watt): Watt => Math.min(ratedW, sunW + clamp(sunW, RISES_LEAST * ratedW, RISES_MOST * ratedW));

const engineNowOf = ({ device: { generator }, values }: DeviceCase): Watt =>
  generator ? Math.max(0, values['generator.powerW'] ?? generator.maxW) : 0;

const engineSoonOf = ({ generators, atMs }: Pick<DecisionInput, 'generators' | 'atMs'>, own: DeviceCase): Watt => {
  const { id, generator } = own.device;
  return generator ? engineNowOf(own) + Math.max(0, comingW(generators.get(id)?.course, generator.maxW, generator, atMs)) : 0;
};

/** What a battery gives; one that charges has no part in it, unless it takes the sun before that leaves its own inverter. */
const batteryOf = ({ device: { battery }, values }: DeviceCase): Watt =>
  battery ? Math.max(0, values['battery.powerW'] ?? battery.maxDischargeW) : 0;
