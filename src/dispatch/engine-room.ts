import type { Device } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';
import type { Cut } from './band.js';
import type { DecisionInput, PlannedDevice } from './decision.js';
import { generationRoom, type GenerationRoom } from './generation-room.js';
import { type GeneratorNow, isHeldOn } from './generator-rules.js';
import { engineShares } from './generator-sharing.js';
import { phaseRoom } from './phase-limit.js';
import type { DeviceCase, SiteCase } from './site-case.js';

/** What one word leaves to an engine. */
interface Room {
  /** Most that it may give; 0 where that is less than its least. */
  readonly mostW: Watt;
  readonly by: Cut['by'];
  /** It is measured, and goes up and down with loads and sun. */
  readonly wanders?: true;
  /** Whose word it is, and what it leaves to all that share it. */
  readonly says: string;
  readonly leavesW: Watt;
}

/** What is left to an engine by the tightest word. */
export interface EngineRoom extends Room {
  /** So much of it, before batteries have made room for the rest; 0 to wait for that standing. */
  readonly nowW: Watt;
}

/** What the decisions for all devices leave to it. */
export interface LeftByOthers {
  /** Its part of what the operator's limit on the fleet leaves to engines. */
  readonly fleetW: Watt;
  /** By how much batteries of its site have just been told to give more. */
  readonly batteriesRiseW: Watt;
}

export const engineNow = ({ generators }: Pick<DecisionInput, 'generators'>, { id }: Device): GeneratorNow =>
  generators.get(id) ?? { running: false, sinceMs: undefined };

/** What the plan has an engine give; 0 where it has it stand, or nothing. */
export const plannedEngineW = (planned: PlannedDevice | undefined): Watt =>
  planned?.kind === 'generator' && planned.run ? planned.powerW : 0;

/** What an engine may give: by its connection, its part of the fleet's limit and of a limit on generation. `isToRun`: which of the others that stand are to share it. */
export const engineRoom = (
  input: DecisionInput,
  site: SiteCase,
  own: DeviceCase,
  { fleetW, batteriesRiseW }: LeftByOthers,
  isToRun: (mate: DeviceCase) => boolean,
): EngineRoom => {
  const engine = engineOf(input, site, own, isToRun);
  const ofFleet: Room = { mostW: fleetW, by: 'operator', wanders: true, says: 'the fleet’s limit', leavesW: fleetW };
  const generation = generationRoom(input, site);
  const rooms = [connectionRoom(site, engine), ofFleet, ...(generation ? [operatorRoom(generation, engine)] : [])];
  const tightest = rooms.reduce((least, room) => (room.mostW < least.mostW ? room : least));
  return { ...tightest, nowW: generation ? besideBatteries(generation, engine, batteriesRiseW) : Infinity };
};

/** An engine that asks for its room. */
interface Engine {
  readonly own: DeviceCase;
  readonly minW: Watt;
  /** It may not stop yet. */
  readonly isHeld: boolean;
  readonly stands: boolean;
  /** Those of its site that have a part in what is left to engines, itself among them: first those that may not stop yet, then the others that turn. */
  readonly sharers: readonly Device[];
  /** So many of them may not stop yet. */
  readonly held: number;
}

const engineOf = (input: DecisionInput, site: SiteCase, own: DeviceCase, isToRun: (mate: DeviceCase) => boolean): Engine => {
  const isHeld = ({ device }: DeviceCase): boolean => isHeldOn(device.generator!, engineNow(input, device), input.atMs);
  const turns = ({ device, values }: DeviceCase): boolean => engineNow(input, device).running || (values['generator.powerW'] ?? 0) > 0;
  const mates = site.able.filter((mate) => mate.device.generator && (mate === own || turns(mate) || isToRun(mate)));
  const held = mates.filter(isHeld);
  const turning = mates.filter((mate) => !isHeld(mate) && turns(mate));
  const sharers = [...held, ...turning, ...mates.filter((mate) => !turns(mate))].map(({ device }) => device);
  return { own, minW: own.device.generator!.minW, isHeld: isHeld(own), stands: !turns(own), sharers, held: held.length };
};

/** Its part of what is left to engines; `heldW`: once others have given way for those that may not stop yet. These come first, at their least. */
const partOf = ({ own, sharers, held }: Engine, roomW: Watt, heldW = roomW): Watt => {
  const sharing = sharers.map(({ ratedW, generator }) => ({ ratedW, minW: generator!.minW }));
  const index = sharers.indexOf(own.device);
  const heldLeastW = engineShares(heldW, sharing.slice(0, held)).map((shareW, at) => Math.min(shareW, sharing[at]!.minW));
  const takenW = sum(heldLeastW);
  if (takenW <= roomW) return engineShares(roomW, sharing)[index]!;
  return index < held ? heldLeastW[index]! : 0;
};

/** Its part of what is left to engines where generation is limited. The sun is held for one that may not stop yet. */
const operatorRoom = ({ enginesW, heldEnginesW }: GenerationRoom, engine: Engine): Room => ({
  mostW: partOf(engine, enginesW, Math.max(enginesW, heldEnginesW)),
  by: 'operator',
  says: 'the limit on generation',
  leavesW: enginesW,
});

/**
 * What it may give where generation is limited before batteries have made room for it: it rises into its part of what is free, gives way to a battery that
 * does not follow, and stands where that leaves it too little, or where batteries are so slow that there would be too little when it is warm.
 */
const besideBatteries = ({ enginesSurelyW, freeW, frees }: GenerationRoom, engine: Engine, batteriesRiseW: Watt): Watt => {
  const { own, minW, isHeld, stands, sharers } = engine;
  const surelyW = partOf(engine, enginesSurelyW);
  if (surelyW < minW) return isHeld ? minW : 0;
  if (stands && freeW + frees.atOnceW + frees.wPerS * own.device.generator!.warmUpS < minW) return 0;
  const partOfFreeW = (Math.max(0, freeW - batteriesRiseW) * own.device.ratedW) / sum(sharers.map(({ ratedW }) => ratedW));
  return Math.min(surelyW, Math.max(minW, (own.values['generator.powerW'] ?? 0) + partOfFreeW));
};

/**
 * Its part of what may leave the site: its own load and the export limit. Without the meter's word, the limit alone. Sun and batteries give way for
 * one that may not stop yet, as far as they can.
 */
const connectionRoom = (site: SiteCase, engine: Engine): Room => {
  const { gridW, able } = site;
  const limitW = Math.min(site.site.exportLimitW, site.limits.exportW ?? Infinity);
  const givenW = sum(able.map(({ values }) => values['generator.powerW'] ?? 0));
  const phaseRoomW = givenW + (phaseRoom(site, isGenerator)?.exportW ?? Infinity);
  const leavesW = Math.max(0, Math.min(gridW === undefined ? limitW : gridW + givenW + limitW, phaseRoomW));
  const mostW = partOf(engine, leavesW, leavesW + givingWayW(able));
  return { mostW, by: 'connection', wanders: true, says: 'the connection', leavesW };
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
