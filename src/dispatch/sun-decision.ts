import { type Device, type DeviceId, givesSun } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { clamp, type Watt } from '../kernel/units.js';
import { type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { takesPart } from './event-delivery.js';
import { sunRoom, type ToldPower } from './generation-room.js';
import { owedFallback } from './owed-fallback.js';
import { phaseRoom } from './phase-limit.js';
import type { AbleControl, DeviceCase, SiteCase } from './site-case.js';
import { splitInProportion } from './split.js';
import { shareByMeter, shareSun, type SunShare, type SunSharer } from './sun-sharing.js';

/** What the decisions for all devices leave to sun. */
interface SunShares {
  /** To this inverter: by the operator's limit on the fleet, and by an event that wants less. */
  readonly fleetW?: Watt | undefined;
  readonly eventW?: Watt | undefined;
  /** What engines and batteries are to do. */
  readonly toldW: ToldPower;
  /** By how much batteries of its site with inverters of their own have just been told to give more. */
  readonly besideRisesW?: Watt | undefined;
}

/** What somebody lets an inverter give. */
interface SunCap extends Partial<SunShare> {
  readonly maxW: Watt;
  readonly owner: DeviceDecision['owner'];
  readonly reason: string;
}

/**
 * Sun is left alone unless a limit, an override or the plan holds it down. Inverters of one site share its limits by what they give, and by their
 * ratings where there is not enough (`sunShares`); what one gives that cannot be told anything is taken off first. A hybrid is held at its terminal, where its
 * battery's power leaves as well. What the plan leaves on the roof an event that wants more lets go.
 */
export const decideSun = (
  input: DecisionInput,
  site: SiteCase,
  own: DeviceCase,
  { fleetW, eventW, toldW, besideRisesW = 0 }: SunShares,
): DeviceDecision => {
  const { device } = own;
  const caps: SunCap[] = [];
  const sunW = sunLimit(site);
  const generationW = sunRoom(input, site, toldW);
  const exportW = exportCap(input, site, own, { besideRisesW, toldW });
  if (sunW !== undefined)
    caps.push({ ...shareOf(input, site, own, { limitW: sunW, meant: 'sun', toldW }), owner: 'operator', reason: 'limit on its sun' });
  if (generationW !== undefined)
    caps.push({
      ...shareOf(input, site, own, { limitW: generationW, meant: 'terminal', toldW }),
      owner: 'operator',
      reason: 'generation limit',
    });
  if (exportW !== undefined) caps.push({ maxW: exportW, owner: 'connection', reason: 'export limit' });
  if (fleetW !== undefined) caps.push({ maxW: fleetW, owner: 'operator', reason: 'keeps the fleet within its limit' });
  if (eventW !== undefined)
    caps.push({ maxW: eventW, owner: `event:${input.event!.id}`, reason: `left on the roof for ${input.event!.id}` });
  const byHand = handCap(input, site, own);
  if (byHand) caps.push(byHand);
  const fallback = owedFallback(site.site, device);
  // The fallback lies in the inverter only while it holds a limit of ours.
  if (fallback) caps.push({ maxW: device.ratedW, owner: 'operator', reason: 'no limit for now, and one to fall back to' });
  if (caps.length === 0) return leftAlone(device, 'pv-limit', 'no limit on its sun');
  // Whoever shares a limit has no more of it than the plan or a person lets it have: that is theirs then.
  const tightest = caps.sort((a, b) => a.maxW - b.maxW || Number('isAmple' in a) - Number('isAmple' in b))[0]!;
  const maxW = Math.round(clamp(tightest.maxW, 0, device.ratedW));
  const { owner, reason, isAmple, keepsFromW } = tightest;
  const setpoint = { kind: 'pv-limit', maxW } as const;
  const mostW = Math.min(...caps.filter((cap) => cap.owner !== 'plan').map((cap) => cap.maxW), device.ratedW);
  const waits = owner === 'plan' ? { waitsWithin: { minW: 0, maxW: mostW } } : {};
  const isSlack = isAmple || maxW >= device.ratedW || maxW - (outputOf(own) ?? maxW) >= SLACK_FROM * device.ratedW;
  const slack = isSlack ? { isSlack: true as const } : {};
  const owed = fallback ? { fallback } : {};
  const kept = keepsFromW === undefined ? {} : { keepsFromW };
  return { deviceId: device.id, control: 'pv-limit', owner, setpoint, ...owed, cuts: [], ...slack, ...waits, ...kept, reason };
};

/** What a person or else the plan lets it give. */
const handCap = (input: DecisionInput, site: SiteCase, own: DeviceCase): SunCap | undefined => {
  const { override } = own;
  if (override?.setpoint.kind === 'pv-limit')
    return { maxW: override.setpoint.maxW, owner: `override:${override.by}`, reason: 'set by an operator' };
  const plannedW = plannedCap(input, site, own);
  return plannedW === undefined ? undefined : { maxW: plannedW, owner: 'plan', reason: 'the plan curtails' };
};

/** What the plan lets the sun give; at a hybrid's terminal, what its battery gives or takes comes on top. */
const plannedCap = (input: DecisionInput, { site }: SiteCase, { planned, values }: DeviceCase): Watt | undefined => {
  if (!planned || (input.event?.direction === 'up' && takesPart(input.event, site, input.consents))) return undefined;
  if (planned.kind === 'pv') return planned.maxW;
  if (planned.kind !== 'battery' || planned.sunAtMostW === undefined) return undefined;
  return planned.sunAtMostW + (values['battery.powerW'] ?? 0);
};

/** Its part of what the site's inverters that can be told something do together. */
const partOf = ({ device }: DeviceCase, { able }: SiteCase): number => device.ratedW / sunRatedW(able);

const sunRatedW = (devices: readonly DeviceCase[]): Watt => {
  let ratedW: Watt = 0;
  for (const { device } of devices) if (givesSun(device)) ratedW += device.ratedW;
  return ratedW;
};

/** What an operator's limit on the site's sun leaves to those that can be told something. */
const sunLimit = (site: SiteCase): Watt | undefined => {
  const { sunW } = site.limits;
  if (sunW === undefined) return undefined;
  let othersW: Watt = 0;
  for (const { device, values, obstacle } of site.devices)
    if (obstacle && givesSun(device)) othersW += values['pv.powerW'] ?? device.ratedW;
  return Math.max(0, sunW - othersW);
};

interface SharedLimit {
  readonly limitW: Watt;
  /** Whether it is about the sun, or about all that leaves the inverters' terminals. */
  readonly meant: 'sun' | 'terminal';
  readonly toldW: ToldPower;
}

/** Its share of a limit on what the site's inverters that can be told something give together. */
const shareOf = (input: DecisionInput, site: SiteCase, own: DeviceCase, shared: SharedLimit): Pick<SunCap, keyof SunShare> => {
  if (sunRatedW(site.able) === own.device.ratedW) return { maxW: shared.limitW };
  const suns = site.able.filter(({ device }) => givesSun(device));
  const sharers = suns.map((each) => sharerOf(input, site, each, shared));
  return shareSun(shared.limitW, sharers)[suns.indexOf(own)]!;
};

/** A hybrid's battery does what it is told at once. What it takes of its sun does not leave the terminal, but is sun all the same. */
const sharerOf = (input: DecisionInput, site: SiteCase, own: DeviceCase, { meant, toldW }: Omit<SharedLimit, 'limitW'>): SunSharer => {
  const { device, values } = own;
  const { ratedW } = device;
  const mostW = clamp(handCap(input, site, own)?.maxW ?? ratedW, 0, ratedW);
  const pvW = values['pv.powerW'];
  if (pvW === undefined) return { ratedW, mostW, givesW: ratedW, couldW: ratedW, batteryW: 0 };
  const batteryW = device.battery ? (toldW(device.id) ?? values['battery.powerW'] ?? 0) : 0;
  const givesW = clamp(meant === 'sun' ? pvW : pvW + Math.min(0, batteryW), 0, ratedW);
  return { ratedW, mostW, givesW, couldW: clamp(values['pv.availableW'] ?? 0, givesW, ratedW), batteryW: Math.max(0, batteryW) };
};

/** Sun that gives this share of its rating may give all of it within seconds, when a cloud has passed. */
const MAY_RISE_FROM = 0.1;
/** A cap that is out of reach for now is set in steps of this share of the rating, so that it is not written with every kettle. */
const LOOSE_STEP = 0.1;

/** A limit this far above the output, as a share of the rating, holds nothing down. */
const SLACK_FROM = 0.05;

/** Headroom below which sun is held, as a share of the inverter's rating: let go sooner, it would swing over the limit and back. */
const HELD_WITHIN = 0.2;

/**
 * The output that brings the connection just to its export limit; `undefined` where that is out of reach. It is told ahead, while a
 * cloud is over the roof: once the sun is back it is too late. Without the grid
 * meter's word nobody knows what the house draws: then no more may leave the inverters than the connection bears. What batteries are just taking
 * over is not there any more for the sun; what they give, sun that has nearly gone out may take over a little of, or it would never come back.
 */
const exportCap = (
  input: DecisionInput,
  site: SiteCase,
  own: DeviceCase,
  { besideRisesW, toldW }: { readonly besideRisesW: Watt; readonly toldW: ToldPower },
): Watt | undefined => {
  const { device } = own;
  const { gridW, devices } = site;
  const limitW = Math.min(site.site.exportLimitW, site.limits.exportW ?? Infinity);
  const outputW = outputOf(own);
  if (gridW === undefined || outputW === undefined)
    return sunRatedW(devices) > limitW ? shareOf(input, site, own, { limitW, meant: 'terminal', toldW }).maxW : undefined;
  const part = partOf(own, site);
  const phaseRoomW = phaseRoom(site, givesSun)?.exportW ?? Infinity;
  const freeW = Math.min(gridW - besideRisesW - endingChargeW(devices) + limitW, phaseRoomW);
  const wakesW =
    outputW < WAKES_UNTIL * device.ratedW ? Math.min(WAKES * device.ratedW, batteriesGive(devices), part * phaseRoomW) : -Infinity;
  const headroomW = Math.max(part * freeW, wakesW);
  if (headroomW < HELD_WITHIN * device.ratedW) return Math.max(meteredShare(input, site, own, { freeW, toldW }), outputW + wakesW);
  const stepW = LOOSE_STEP * device.ratedW;
  const looseW = Math.floor((outputW + headroomW) / stepW) * stepW;
  return outputW >= MAY_RISE_FROM * device.ratedW && looseW < device.ratedW ? looseW : undefined;
};

/** Its share of what the site's inverters that can be told something may give together: what they do, and what is free besides. */
const meteredShare = (
  input: DecisionInput,
  site: SiteCase,
  own: DeviceCase,
  { freeW, toldW }: { readonly freeW: Watt; readonly toldW: ToldPower },
): Watt => {
  const outputW = outputOf(own)!;
  if (sunRatedW(site.able) === own.device.ratedW) return outputW + freeW;
  const suns = site.able.filter(({ device }) => givesSun(device));
  const outputsW = sum(suns.map((each) => outputOf(each) ?? Number.NaN));
  if (Number.isNaN(outputsW)) return outputW + partOf(own, site) * freeW;
  const mayGiveMore = ({ device, values }: DeviceCase): boolean =>
    values['pv.availableW'] === undefined && !input.restingSun?.has(device.id);
  const sharers = suns.map((each) => sharerOf(input, site, each, { meant: 'terminal', toldW }));
  return shareByMeter(Math.max(0, outputsW + freeW), sharers, suns.map(mayGiveMore))[suns.indexOf(own)]!;
};

/** Sun that is held at least at this share of its rating has batteries make so much room for it. */
const WAITS_FROM = 0.02;
/** With more than so many times that free it needs none of it; what batteries have just left to it is free as well. */
const LEFT_FREE = 2;
/** Until it gives this share it may wake by that, whatever else there is. */
const WAKES_UNTIL = 0.04;
const WAKES = 0.005;

/**
 * What batteries of a site that discharge are to leave to its sun, so that it may rise into that: where next to nothing more may leave, the sun would be
 * held for good by what they give. `ofHybrids`: what batteries of hybrids are to take besides, which give way to their own sun by themselves.
 */
export const leftToSunW = ({ restingSun }: DecisionInput, { site, limits, able, gridW = 0 }: SiteCase, ofHybrids = false): Watt => {
  if (limits.sunW !== undefined || limits.generationW !== undefined) return 0;
  let waitsW: Watt = 0;
  for (const { device, values, planned, override } of able) {
    const outputW = values['pv.powerW'] ?? 0;
    if (device.role !== (ofHybrids ? 'hybrid' : 'pv') || outputW < WAITS_FROM * device.ratedW || override || planned?.kind === 'pv')
      continue;
    const couldW = values['pv.availableW'] ?? (restingSun?.has(device.id) ? outputW : device.ratedW);
    waitsW += clamp(couldW - outputW, 0, WAITS_FROM * device.ratedW);
  }
  const limitW = Math.min(site.exportLimitW, limits.exportW ?? Infinity);
  return limitW < waitsW || limitW + gridW < LEFT_FREE * waitsW ? waitsW : 0;
};

const batteriesGive = (devices: readonly DeviceCase[]): Watt => {
  let givenW: Watt = 0;
  for (const { device, values } of devices) if (device.role === 'battery') givenW += Math.max(0, values['battery.powerW'] ?? 0);
  return givenW;
};

/** A battery this near to its end takes up its charging power for not much longer, and all of it leaves within a second then. */
const NEARLY_FULL_PCT = 1;

/** What the site's batteries draw now and may stop drawing at any moment. */
const endingChargeW = (devices: readonly DeviceCase[]): Watt => {
  let endingW: Watt = 0;
  for (const { device, values } of devices)
    if (device.role === 'battery' && (values['battery.socPct'] ?? 0) >= device.battery!.maxSocPct - NEARLY_FULL_PCT)
      endingW += Math.max(0, 0 - (values['battery.powerW'] ?? 0));
  return endingW;
};

/** With less room than this some inverters are held back; `ratedW`: of all of them together. */
export const sunHeldWithinW = (ratedW: Watt): Watt => HELD_WITHIN * ratedW;

const NO_CAPS: ReadonlyMap<DeviceId, Watt> = new Map();

/**
 * What each inverter may give so that together they keep to a limit, where `roomW` is what they could still give out (below 0: what they
 * give too much). Less is taken from each by what it gives; more is left to each by its rating.
 */
export const fleetSunCaps = (suns: readonly AbleControl[], roomW: Watt): ReadonlyMap<DeviceId, Watt> => {
  const sun: Device[] = [];
  const outputsW: Watt[] = [];
  let ratedW: Watt = 0;
  for (const { own } of suns) {
    const outputW = outputOf(own);
    if (outputW === undefined) continue;
    sun.push(own.device);
    outputsW.push(Math.max(0, outputW));
    ratedW += own.device.ratedW;
  }
  if (roomW >= sunHeldWithinW(ratedW)) return NO_CAPS;
  const cutsW = splitInProportion(-roomW, outputsW);
  return new Map(sun.map((device, index) => [device.id, outputsW[index]! - cutsW[index]! + (Math.max(0, roomW) * device.ratedW) / ratedW]));
};

/** What leaves the inverter's terminal. */
export const outputOf = ({ device, values }: Pick<DeviceCase, 'device' | 'values'>): Watt | undefined => {
  const pvW = values['pv.powerW'];
  if (device.role === 'pv' || pvW === undefined) return pvW;
  const batteryW = values['battery.powerW'];
  return batteryW === undefined ? undefined : pvW + batteryW;
};
