import type { Device, DeviceId, GeneratorRating } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { SECOND_MS, type Watt } from '../kernel/units.js';
import type { Cut } from './band.js';
import { type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { phaseRoom } from './phase-limit.js';
import type { GeneratorOffer } from './generator-merit.js';
import { engineShares } from './generator-sharing.js';
import { GENERATOR_STATE } from './generator-watch.js';
import { generationRoom } from './generation-room.js';
import { type GeneratorNow, generatorPower, isHeldOn, mayRun, WHY_HELD } from './generator-rules.js';
import type { DeviceCase, SiteCase } from './site-case.js';

/** What the decisions for all devices leave to one generator. */
export interface GeneratorShares {
  /** What the running event has it and others give, 0 to stand. */
  readonly eventsW?: ReadonlyMap<DeviceId, Watt> | undefined;
  /** Its part of what the operator's limit on the fleet leaves to generators. */
  readonly fleetW?: Watt | undefined;
  /** By how much batteries of its site have just been told to give more. */
  readonly batteriesRiseW?: Watt | undefined;
}

/**
 * Runs a generator as an event, an override or the plan has it, within its minimum times, what the connection still takes and its part of
 * the fleet's limit. One that would have to run below its minimum for that stands.
 */
export const decideGenerator = (
  input: DecisionInput,
  site: SiteCase,
  own: DeviceCase,
  { eventsW = NO_EVENT, fleetW = Infinity, batteriesRiseW = 0 }: GeneratorShares,
): DeviceDecision => {
  const { device } = own;
  const rating = device.generator!;
  const wish = wishFor(input, own, eventsW) ?? heldOn(input, device);
  if (!wish) return leftAlone(device, 'generator', 'no plan for it');
  const { run: mayTurn, heldBy } = mayRun(rating, nowOf(input, device), wish.run, input.atMs);
  const sharers = enginesIn(input, site, (mate) => mate === own || wishFor(input, mate, eventsW)?.run === true);
  const { mostW, by, why, wanders } = tightestOf([
    connectionRoom(input, site, device, sharers),
    { mostW: fleetW, by: 'operator', wanders: true, why: (powerW) => `the fleet's limit leaves it ${powerW} W` },
    ...operatorRoom(input, site, device, sharers),
  ]);
  const startsFromW = wanders ? Math.min(rating.maxW, STARTS_FROM * rating.minW) : rating.minW;
  const hasRoom = mayTurn && mostW >= (nowOf(input, device).running ? rating.minW : startsFromW);
  const comesToW = hasRoom ? Math.min(generatorPower(rating, wish.powerW), mostW) : 0;
  const nowAtMostW = besideBatteries(input, site, own, { sharers, batteriesRiseW });
  const run = hasRoom && nowAtMostW >= rating.minW;
  const powerW = run ? Math.min(comesToW, nowAtMostW) : 0;
  const cut = (source: Cut['by'], words: string): Cut => ({ by: source, why: words, minW: powerW, maxW: powerW });
  const cuts = [
    ...(heldBy === undefined ? [] : [cut('device', WHY_HELD[heldBy])]),
    ...(run && generatorPower(rating, wish.powerW) !== wish.powerW ? [cut('device', `it runs at ${rating.minW} to ${rating.maxW} W`)] : []),
    ...(mayTurn && mostW < Math.max(wish.powerW, rating.minW) ? [cut(by, why(Math.round(mostW)))] : []),
    ...(powerW < comesToW ? [cut('operator', `waits for batteries to make room for ${Math.round(comesToW)} W`)] : []),
  ];
  return {
    deviceId: device.id,
    control: 'generator',
    owner: wish.owner,
    setpoint: { kind: 'generator', run, powerW: Math.round(powerW) },
    cuts,
    ...(powerW < comesToW ? { comesToW } : {}),
    ...(wish.owner === 'plan' && cuts.length === 0 ? { waitsWithin: { minW: 0, maxW: mostW } } : {}),
    reason: wish.owner.startsWith('event:') ? `${run ? 'to run' : 'to stand'} for ${input.event!.id}` : run ? 'to run' : 'to stand',
  };
};

const NO_EVENT: ReadonlyMap<DeviceId, Watt> = new Map();

interface Wish {
  readonly run: boolean;
  readonly powerW: Watt;
  readonly owner: DeviceDecision['owner'];
}

/** An event that leaves it as it is planned leaves it to the plan. */
const wishFor = (
  input: DecisionInput,
  { device, override, planned }: DeviceCase,
  eventsW: ReadonlyMap<DeviceId, Watt>,
): Wish | undefined => {
  const eventW = eventsW.get(device.id);
  if (override?.setpoint.kind === 'generator') return { ...override.setpoint, owner: `override:${override.by}` };
  if (eventW !== undefined && eventW !== plannedW(planned)) return { run: eventW > 0, powerW: eventW, owner: `event:${input.event!.id}` };
  return planned?.kind === 'generator' ? { ...planned, owner: 'plan' } : undefined;
};

/** A cold engine is broken by a stop too soon, also where nobody wants anything of it any more. */
const heldOn = (input: DecisionInput, device: Device): Wish | undefined => {
  const now = nowOf(input, device);
  const isHeld = now.isOurs && mayRun(device.generator!, now, false, input.atMs).run;
  return isHeld ? { run: false, powerW: 0, owner: 'device' } : undefined;
};

const plannedW = (planned: DeviceCase['planned']): Watt => (planned?.kind === 'generator' && planned.run ? planned.powerW : 0);

const nowOf = ({ generators }: DecisionInput, { id }: Device): GeneratorNow => generators.get(id) ?? { running: false, sinceMs: undefined };

const WATT_HOURS_PER_KWH = 1_000;

/** What a generator can do for an event, and what it gives now. */
export const generatorOffer = (
  input: DecisionInput,
  site: SiteCase,
  { device, values, planned }: DeviceCase,
  fleetW: Watt = Infinity,
): GeneratorOffer => {
  const rating = device.generator!;
  const now = nowOf(input, device);
  const mayStop = !mayRun(rating, now, false, input.atMs).run;
  const sharers = enginesIn(input, site, () => true);
  const rooms = [connectionRoom(input, site, device, sharers), ...operatorRoom(input, site, device, sharers)];
  const maxW = Math.min(rating.maxW, fleetW, tightestOf(rooms).mostW);
  const givesW = values['generator.powerW'] ?? 0;
  const isWarm = values['generator.state'] === GENERATOR_STATE.running;
  // What it will give once it is warm is not there yet, and has to come from others until then.
  const heldW = isWarm && !mayStop ? rating.minW : 0;
  const idlingLitresPerKwh = rating.noLoadLitresPerH / (rating.maxW / WATT_HOURS_PER_KWH);
  return {
    deviceId: device.id,
    baseW: Math.max(plannedW(planned), heldW),
    minW: rating.minW,
    maxW,
    runs: now.running,
    isWarm,
    givesW,
    mayStart: mayRun(rating, now, true, input.atMs).run && isWarmInTime(input, rating),
    mayStop,
    costMicroPerKwh: (rating.litresPerKwh + idlingLitresPerKwh) * rating.fuelMicroPerLitre,
  };
};

/** For less than this share of the time that it has to run then, no engine is started. */
const WORTH_A_RUN = 0.1;

/** Whether an engine that is started now gives anything worth it before the event is over. */
const isWarmInTime = ({ event, atMs }: DecisionInput, { warmUpS, minUpS }: GeneratorRating): boolean =>
  event?.endMs === undefined || atMs + (warmUpS + WORTH_A_RUN * minUpS) * SECOND_MS < event.endMs;

/** Most that it may give, by whose word. */
interface Room {
  readonly mostW: Watt;
  readonly by: Cut['by'];
  /** It is measured, and goes up and down with loads and sun. */
  readonly wanders?: true;
  readonly why: (powerW: Watt) => string;
}

/** Room that wanders has to be so many times its least power before an engine is started into it. */
const STARTS_FROM = 1.1;

const tightestOf = (rooms: readonly Room[]): Room => rooms.reduce((tightest, room) => (room.mostW < tightest.mostW ? room : tightest));

const isHeld = (input: DecisionInput, device: Device): boolean => isHeldOn(device.generator!, input.generators.get(device.id), input.atMs);

/** Its part of what is left to engines where generation is limited. The sun is held for one that may not stop yet. */
const operatorRoom = (input: DecisionInput, site: SiteCase, device: Device, sharers: readonly Device[]): Room[] => {
  const room = generationRoom(input, site);
  if (!room) return [];
  const leastW = isHeld(input, device) ? Math.min(device.generator!.minW, shareOf(room.heldEnginesW, device, sharers)) : 0;
  const mostW = Math.max(leastW, shareOf(room.enginesW, device, sharers));
  return [{ mostW, by: 'operator', why: (powerW) => `the limit on generation leaves it ${powerW} W` }];
};

/**
 * What it may give where generation is limited before batteries have made room for it: it rises into its part of what is free, gives way to a battery that
 * does not follow, and stands where that leaves it too little.
 */
const besideBatteries = (
  input: DecisionInput,
  site: SiteCase,
  { device, values }: DeviceCase,
  { sharers, batteriesRiseW }: { readonly sharers: readonly Device[]; readonly batteriesRiseW: Watt },
): Watt => {
  const room = generationRoom(input, site);
  if (!room) return Infinity;
  const { minW } = device.generator!;
  const surelyW = shareOf(room.enginesSurelyW, device, sharers);
  if (surelyW < minW) return isHeld(input, device) ? minW : 0;
  const freeW = (Math.max(0, room.freeW - batteriesRiseW) * device.ratedW) / sum(sharers.map(({ ratedW }) => ratedW));
  return Math.min(surelyW, Math.max(minW, (values['generator.powerW'] ?? 0) + freeW));
};

/** Those of a site that turn, and those of the others that are to have a part of what engines may give there; those that turn come first. */
const enginesIn = (input: DecisionInput, { able }: SiteCase, isToRun: (mate: DeviceCase) => boolean): Device[] => {
  const mates = able.filter(({ device }) => device.generator !== undefined);
  const turns = ({ device, values }: DeviceCase): boolean => nowOf(input, device).running || (values['generator.powerW'] ?? 0) > 0;
  return [...mates.filter(turns), ...mates.filter((mate) => !turns(mate) && isToRun(mate))].map(({ device }) => device);
};

const shareOf = (roomW: Watt, device: Device, sharers: readonly Device[]): Watt => {
  const shares = engineShares(
    roomW,
    sharers.map(({ ratedW, generator }) => ({ ratedW, minW: generator!.minW })),
  );
  return shares[sharers.indexOf(device)]!;
};

/**
 * This generator's part of what may leave the site: its own load and the export limit. Without the meter's word, the limit alone. Sun and
 * batteries give way for one that may not stop yet, as far as they can.
 */
const connectionRoom = (input: DecisionInput, site: SiteCase, device: Device, sharers: readonly Device[]): Room => {
  const { gridW, able } = site;
  const limitW = Math.min(site.site.exportLimitW, site.limits.exportW ?? Infinity);
  const givenW = sum(able.map(({ values }) => values['generator.powerW'] ?? 0));
  const phaseRoomW = givenW + (phaseRoom(site, isGenerator)?.exportW ?? Infinity);
  const leftW = Math.min(gridW === undefined ? limitW : gridW + givenW + limitW, phaseRoomW);
  const heldW = isHeld(input, device) ? Math.min(device.generator!.minW, shareOf(leftW + givingWayW(able), device, sharers)) : 0;
  const mostW = Math.max(heldW, shareOf(leftW, device, sharers));
  return { mostW, by: 'connection', wanders: true, why: (powerW) => `the connection takes ${powerW} W` };
};

/** By how much sun and batteries of a site may come down. */
const givingWayW = (able: readonly DeviceCase[]): Watt =>
  sum(
    able.map(({ device: { battery }, values }) => {
      const isFull = (values['battery.socPct'] ?? 100) >= (battery?.maxSocPct ?? 0);
      const batteryW = battery ? Math.max(0, (values['battery.powerW'] ?? 0) + (isFull ? 0 : battery.maxChargeW)) : 0;
      return Math.max(0, values['pv.powerW'] ?? 0) + batteryW;
    }),
  );

const isGenerator = ({ generator }: Device): boolean => generator !== undefined;
