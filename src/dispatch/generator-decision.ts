import type { Device, DeviceId, GeneratorRating } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import type { Cut } from './band.js';
import { type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { type EngineRoom, engineNow, engineRoom, plannedEngineW } from './engine-room.js';
import { type GeneratorNow, generatorPower, mayRun, WHY_HELD } from './generator-rules.js';
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
  const { run: mayTurn, heldBy } = mayRun(rating, engineNow(input, device), wish.run, input.atMs);
  const room = engineRoom(input, site, own, { fleetW, batteriesRiseW }, (mate) => wishFor(input, mate, eventsW)?.run === true);
  const hasRoom = room.mostW >= leastRoom(rating, room, engineNow(input, device));
  const isToTurn = mayTurn && hasRoom;
  const comesToW = isToTurn ? Math.min(generatorPower(rating, wish.powerW), room.mostW) : 0;
  const run = isToTurn && room.nowW >= rating.minW;
  const powerW = run ? Math.min(comesToW, room.nowW) : 0;
  const cut = (source: Cut['by'], words: string): Cut => ({ by: source, why: words, minW: powerW, maxW: powerW });
  const cuts = [
    ...(heldBy === undefined ? [] : [cut('device', WHY_HELD[heldBy])]),
    ...(run && generatorPower(rating, wish.powerW) !== wish.powerW ? [cut('device', `it runs at ${rating.minW} to ${rating.maxW} W`)] : []),
    ...(mayTurn && (!hasRoom || room.mostW < wish.powerW) ? [cut(room.by, whatIsLeft(rating, room))] : []),
    ...(powerW < comesToW ? [cut('operator', `waits for batteries to make room for ${Math.round(comesToW)} W`)] : []),
  ];
  return {
    deviceId: device.id,
    control: 'generator',
    owner: wish.owner,
    setpoint: { kind: 'generator', run, powerW: Math.round(powerW) },
    cuts,
    ...(powerW < comesToW ? { comesToW } : {}),
    ...(run && room.by === 'connection' && powerW === room.mostW
      ? { keepsFromW: Math.max(rating.minW, powerW - KEEPS_SHARE * rating.maxW) }
      : {}),
    ...(wish.owner === 'plan' && cuts.length === 0 ? { waitsWithin: { minW: 0, maxW: room.mostW } } : {}),
    reason: wish.owner.startsWith('event:') ? `${run ? 'to run' : 'to stand'} for ${input.event!.id}` : run ? 'to run' : 'to stand',
  };
};

const NO_EVENT: ReadonlyMap<DeviceId, Watt> = new Map();

/** Room that wanders has to be so many times its least power before an engine is started into it. */
const STARTS_FROM = 1.1;

/** So much of its rating below what its connection leaves an engine goes on, instead of following each kettle. What it left of a fleet's limit others would take. */
const KEEPS_SHARE = 0.1;

const leastRoom = ({ minW, maxW }: GeneratorRating, { wanders }: EngineRoom, { running }: GeneratorNow): Watt =>
  wanders && !running ? Math.min(maxW, STARTS_FROM * minW) : minW;

const whatIsLeft = ({ minW }: GeneratorRating, { says, mostW, leavesW }: EngineRoom): string =>
  mostW > 0 ? `${says} leaves it ${Math.round(mostW)} W` : `${says} leaves ${Math.round(leavesW)} W, and it gives ${minW} W at least`;

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
  if (eventW !== undefined && eventW !== plannedEngineW(planned))
    return { run: eventW > 0, powerW: eventW, owner: `event:${input.event!.id}` };
  return planned?.kind === 'generator' ? { ...planned, owner: 'plan' } : undefined;
};

/** A cold engine is broken by a stop too soon, also where nobody wants anything of it any more. */
const heldOn = (input: DecisionInput, device: Device): Wish | undefined => {
  const now = engineNow(input, device);
  const isHeld = now.isOurs && mayRun(device.generator!, now, false, input.atMs).run;
  return isHeld ? { run: false, powerW: 0, owner: 'device' } : undefined;
};
