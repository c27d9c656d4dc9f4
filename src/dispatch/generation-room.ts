import type { Setpoint } from '../field/setpoint.js';
import { type DeviceId, type GeneratorRating, givesSun } from '../fleet/plant.js';
import { type DurationMs, SECOND_MS, type Watt } from '../kernel/units.js';
import { paceOf } from './battery-pace.js';
import { comingW } from './generator-course.js';
import type { GeneratorNow } from './generator-rules.js';
import { GENERATOR_STATE } from './generator-watch.js';
import type { DecisionInput, DeviceDecision } from './decision.js';
import { silentEngineMostW } from './silent-engine.js';
import type { DeviceCase, SiteCase } from './site-case.js';
import { risen } from './sun-sharing.js';

/**
 * What an operator's limit on generation leaves at a site (CSIP-AUS `opModGenLimW`), in a fixed order: the sun first, since it costs nothing, then
 * engines, then batteries, which keep what they hold. Who comes later makes room for those before him, who rise only into what is free already: a
 * battery may be slow, or deaf. Sun is held to what the others give. A hybrid inverter counts with what leaves its terminal. All in W, ≥ 0.
 */
export interface GenerationRoom {
  /** Once batteries have given way, and as much of it as those leave at least that do follow. */
  readonly enginesW: Watt;
  readonly enginesSurelyW: Watt;
  /** Also what the sun gives, and what silent devices might: neither stops an engine that may not stop yet. */
  readonly heldEnginesW: Watt;
  /** What nobody gives yet, for engines to rise into. */
  readonly freeW: Watt;
  /** How soon batteries make more of it. */
  readonly frees: FreeingPace;
  readonly batteriesW: Watt;
}

type Knowing = Pick<DecisionInput, 'generators' | 'unfollowing' | 'paces' | 'atMs'>;

/** What batteries of a site that do as they are told make free of what they give: quick ones by the next decision, slow ones at their pace, W/s. */
interface FreeingPace {
  readonly atOnceW: Watt;
  readonly wPerS: number;
}

/** `undefined` where generation is not limited. */
export const generationRoom = (input: Knowing, site: SiteCase): GenerationRoom | undefined => {
  const { generationW } = site.limits;
  if (generationW === undefined) return undefined;
  let [leftW, knownLeftW] = [generationW, generationW];
  const deafW = givenByTheDeaf(input, site);
  const frees = freeingPace(input, site);
  let [sunW, leavesW, enginesW, enginesSoonW, batteriesW] = [0, 0, 0, 0, 0] as [Watt, Watt, Watt, Watt, Watt];
  for (const own of site.devices) {
    if (own.obstacle) {
      leftW -= unableW(input, own);
      knownLeftW -= knownOf(own);
    } else {
      sunW += sunSoonOf(own);
      leavesW += leavesSoonOf(own);
      enginesW += engineNowOf(input, own);
      enginesSoonW += engineSoonOf(input, own, deafW > 0, frees);
      batteriesW += batteryOf(own);
    }
  }
  return {
    enginesW: Math.max(0, leftW - leavesW),
    enginesSurelyW: Math.max(0, leftW - leavesW - deafW),
    heldEnginesW: Math.max(0, knownLeftW),
    freeW: Math.max(0, leftW - leavesW - enginesW - batteriesW),
    frees,
    batteriesW: Math.max(0, leftW - sunW - enginesSoonW),
  };
};

/** What a device is to do, as decided; `undefined` where it is left alone. */
export type ToldPower = (id: DeviceId) => Watt | undefined;

/** What engines and batteries are told: looked up only where somebody asks. */
export const toldPower = (told: readonly DeviceDecision[]): ToldPower => {
  let powersW: ReadonlyMap<DeviceId, Watt | undefined> | undefined;
  return (id) => (powersW ??= new Map(told.map(({ deviceId, setpoint }) => [deviceId, powerOf(setpoint)]))).get(id);
};

const powerOf = (setpoint: Setpoint | undefined): Watt | undefined =>
  setpoint?.kind === 'battery-power' || setpoint?.kind === 'generator' ? setpoint.powerW : undefined;

/** What a limit on generation leaves to those of the site's inverters of sun that can be told something. `toldW`: what engines and batteries are to do; until they do it they count with what they give. */
export const sunRoom = (input: Knowing, { devices, limits }: SiteCase, toldW: ToldPower): Watt | undefined => {
  if (limits.generationW === undefined) return undefined;
  let leftW = limits.generationW;
  for (const own of devices) {
    if (own.obstacle) leftW -= unableW(input, own);
    else if (!givesSun(own.device)) leftW -= reachedW(input, own, Math.max(0, toldW(own.device.id) ?? 0));
  }
  return Math.max(0, leftW);
};

/** What a device counts with that cannot be told anything; of a silent one all that may leave its terminal. */
const unableW = (input: Knowing, own: DeviceCase): Watt => {
  const fromTerminalW = sunNowOf(own) + batteryOf(own);
  return engineNowOf(input, own) + (own.device.role === 'hybrid' ? Math.min(own.device.ratedW, fromTerminalW) : fromTerminalW);
};

/** What is known of that. */
const knownOf = ({ values }: DeviceCase): Watt =>
  Math.max(0, (values['pv.powerW'] ?? 0) + (values['battery.powerW'] ?? 0)) + Math.max(0, values['generator.powerW'] ?? 0);

/** What the sun's inverter gives; one that does not say may give all. A hybrid's battery comes on top. */
const sunNowOf = ({ device, values }: DeviceCase): Watt => (givesSun(device) ? Math.max(0, values['pv.powerW'] ?? device.ratedW) : 0);

/** What is kept free for the sun beside batteries. A hybrid is held at its terminal, where its battery gives way to its sun by itself. */
const sunSoonOf = (own: DeviceCase): Watt => (own.device.role === 'pv' ? risen(own.device, sunNowOf(own)) : sunNowOf(own));

/** What is kept free for the sun beside engines: they do not give way by themselves. What a hybrid's battery takes of it does not leave the terminal. */
const leavesSoonOf = (own: DeviceCase): Watt => {
  const { device, values } = own;
  if (!givesSun(device)) return 0;
  const takenW = device.battery ? Math.min(0, values['battery.powerW'] ?? 0) : 0;
  return risen(device, Math.max(0, sunNowOf(own) + takenW));
};

const engineNowOf = ({ generators, atMs }: Knowing, { device, values }: DeviceCase): Watt =>
  device.generator ? Math.max(0, values['generator.powerW'] ?? silentEngineMostW(device, generators.get(device.id), atMs)) : 0;

/** So far ahead of an engine on its way up batteries make room for it, and sun is held for it. */
const MAKES_ROOM_MS: DurationMs = 2 * SECOND_MS;
/** So long before an engine is warm batteries begin to make room for its least power; slow ones sooner. */
const NEARLY_WARM_S = 15;

/** What an engine or a battery may have come to by the next decision, told to give `toldW`. */
const reachedW = (input: Knowing, own: DeviceCase, toldW: Watt): Watt => {
  const { generator } = own.device;
  if (!generator) return Math.max(batteryOf(own), toldW);
  const nowW = engineNowOf(input, own);
  return Math.max(nowW, Math.min(toldW, nowW + risesBy(generator)));
};

const risesBy = ({ rampWPerS }: GeneratorRating): Watt => (rampWPerS * MAKES_ROOM_MS) / SECOND_MS;

/**
 * What batteries leave to an engine: what it gives, what it is seen to come to, and beyond that a little of what it was to come to. `isBarred`: it
 * waits for a battery that did not follow, and may do so again.
 */
const engineSoonOf = (input: Knowing, own: DeviceCase, isBarred: boolean, frees: FreeingPace): Watt => {
  const { generators, atMs } = input;
  const { id, generator } = own.device;
  if (!generator) return 0;
  const nowW = engineNowOf(input, own);
  const { course, comesToW = 0, warmingSinceMs } = generators.get(id) ?? NOTHING_KNOWN;
  const soonW = nowW + Math.max(0, comingW(course, generator.maxW, generator, atMs));
  if (comesToW < generator.minW) return soonW;
  if (own.values['generator.state'] === GENERATOR_STATE.running)
    return Math.max(soonW, Math.min(comesToW, Math.max(generator.minW, nowW + risesBy(generator))));
  const warmInS = generator.warmUpS - (atMs - (warmingSinceMs ?? atMs)) / SECOND_MS;
  const isNearlyWarm = warmInS <= Math.max(NEARLY_WARM_S, freedInS(frees, generator.minW));
  return isBarred || isNearlyWarm ? Math.max(soonW, generator.minW) : soonW;
};

const NOTHING_KNOWN: Partial<GeneratorNow> = {};

const QUICK: FreeingPace = { atOnceW: Infinity, wPerS: 0 };

const freeingPace = ({ unfollowing, paces }: Knowing, { able }: SiteCase): FreeingPace => {
  if (!paces?.size) return QUICK;
  let [atOnceW, wPerS] = [0 as Watt, 0];
  for (const own of able) {
    const { id } = own.device;
    const givenW = unfollowing?.has(id) ? 0 : batteryOf(own);
    if (paces.has(id)) wPerS += givenW > 0 ? paceOf(paces, id) : 0;
    else atOnceW += givenW;
  }
  return wPerS > 0 ? { atOnceW, wPerS } : QUICK;
};

/** How long it takes until so much is free. */
const freedInS = ({ atOnceW, wPerS }: FreeingPace, powerW: Watt): number => (powerW <= atOnceW ? 0 : (powerW - atOnceW) / wPerS);

/** By batteries that do not follow what they are told. */
const givenByTheDeaf = ({ unfollowing }: Knowing, { able }: SiteCase): Watt => {
  let givenW: Watt = 0;
  if (unfollowing?.size) for (const own of able) if (unfollowing.has(own.device.id)) givenW += batteryOf(own);
  return givenW;
};

/** What a battery gives; one that charges has no part in it, unless it takes the sun before that leaves its own inverter. */
const batteryOf = ({ device: { battery }, values }: DeviceCase): Watt =>
  battery ? Math.max(0, values['battery.powerW'] ?? battery.maxDischargeW) : 0;
