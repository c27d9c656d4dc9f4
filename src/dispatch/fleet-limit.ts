import type { DeviceId } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { clamp, type Watt } from '../kernel/units.js';
import { DECIDED_EVERY_S, paceOf } from './battery-pace.js';
import type { BatteryCase } from './battery-decision.js';
import { type PowerBand, within } from './band.js';
import { type BatteryMove, type BatteryShares, shareAmong } from './battery-sharing.js';
import type { DecisionInput, DeviceDecision, GridLimits } from './decision.js';
import { fleetNet } from './fleet-net.js';
import { isHeldOn } from './generator-rules.js';
import { awaitedDrawW } from './load-wishes.js';
import type { AbleControl, SiteCase } from './site-case.js';
import { outputOf, sunHeldWithinW } from './sun-decision.js';

/** What the fleet's limit asks of batteries, and what the fleet may still give out then; below 0 it gives too much. */
export interface FleetLimitShares extends BatteryShares {
  readonly exportRoomW?: Watt;
}

/** What the deadband of setpoints and the meters' rounding make of one battery's power, on average. */
const SLACK_W = 10;

/** An operator's limit on the fleet's net power that these wishes, one for each battery, would break: batteries give way by what they have left. */
export const shareFleetLimit = (
  input: DecisionInput,
  sites: readonly SiteCase[],
  batteries: readonly BatteryCase[],
  wishes: readonly DeviceDecision[],
): FleetLimitShares => {
  const { importW, exportW } = insideOf(input.fleetLimits, batteries.length);
  if (importW === undefined && exportW === undefined) return NOTHING;
  // One that does not follow counts for what it does.
  const fromW = batteries.map(({ own, givesW }, index) =>
    input.unfollowing?.has(own.device.id) ? givesW : (powerOf(wishes[index]) ?? givesW),
  );
  let changeW: Watt = 0;
  batteries.forEach(({ givesW }, index) => (changeW += givesW - fromW[index]!));
  const net = fleetNet(input, sites);
  const importOverW = importW === undefined ? -Infinity : withAwaitedW(input, { sites, batteries, fromW }, net.mostW + changeW - importW);
  const exportOverW = exportW === undefined ? Infinity : net.leastW + changeW + exportW;
  // Where so little is known of a fleet that both its limits may be passed, it stays as far from the one as from the other.
  const wantedW = importOverW > exportOverW ? (importOverW + exportOverW) / 2 : clamp(0, importOverW, exportOverW);
  const moves = (): BatteryMove[] => batteries.map((battery, index) => ({ battery, fromW: fromW[index]! }));
  const shares = wantedW === 0 ? NOTHING : shareInTurn(input, moves(), wantedW);
  if (exportW === undefined) return shares;
  let exportRoomW = net.leastW + exportW;
  batteries.forEach((battery, index) => {
    const toldW = powerOf(shares.decisions[index]) ?? fromW[index]!;
    exportRoomW += battery.givesW - reachedBy(input, battery, toldW);
  });
  return { ...shares, exportRoomW };
};

const powerOf = (decision: DeviceDecision | undefined): Watt | undefined =>
  decision?.setpoint?.kind === 'battery-power' ? decision.setpoint.powerW : undefined;

/** What a battery gives at most until the next decision, told to give `toldW`: a slow one comes down as fast as it can, one that does not follow not at all. */
const reachedBy = ({ unfollowing, paces }: DecisionInput, { own: { device }, givesW }: BatteryCase, toldW: Watt): Watt =>
  unfollowing?.has(device.id) ? givesW : Math.max(toldW, givesW - DECIDED_EVERY_S * paceOf(paces, device.id));

interface FleetWishes {
  readonly sites: readonly SiteCase[];
  readonly batteries: readonly BatteryCase[];
  /** What each battery would give; W. */
  readonly fromW: readonly Watt[];
}

/** By how much the fleet would be over its limit with what loads wait for, as far as batteries take it that are too slow to stop at once for them. */
const withAwaitedW = (input: DecisionInput, { sites, batteries, fromW }: FleetWishes, overW: Watt): Watt => {
  const { unfollowing, paces } = input;
  if (!paces?.size) return overW;
  let [awaitedW, takenW] = [0 as Watt, 0 as Watt];
  for (const site of sites) if (site.gridW !== undefined) awaitedW += awaitedDrawW(input, site);
  batteries.forEach(({ own: { device } }, index) => {
    if (paces.has(device.id) && !unfollowing?.has(device.id)) takenW += Math.max(0, 0 - fromW[index]!);
  });
  return Math.max(overW, Math.min(overW + awaitedW, takenW));
};

/** First those come to rest that go the way there is too much of; only what is left then has others go against it, or one battery would be filled from another. */
const shareInTurn = (input: DecisionInput, moves: readonly BatteryMove[], wantedW: Watt): BatteryShares => {
  const [owner, reason] = ['operator', 'keeps the fleet within its limit'] as const;
  const toRest = moves.map(({ battery, fromW }): BatteryMove => ({ battery, fromW, band: upToRest(battery.band, fromW) }));
  const first = shareAmong(input, toRest, wantedW, owner, reason);
  const leftW = wantedW - first.givenW;
  if (Math.abs(leftW) < 1) return first;
  const onFromThere = moves.map(({ battery, fromW }, index): BatteryMove => ({ battery, fromW: powerOf(first.decisions[index]) ?? fromW }));
  const second = shareAmong(input, onFromThere, leftW, owner, reason);
  return { decisions: second.decisions, wantedW, givenW: first.givenW + second.givenW };
};

const upToRest = (band: PowerBand, fromW: Watt): PowerBand => {
  const [hereW, restW] = [within(band, fromW), within(band, 0)];
  return { ...band, minW: Math.min(hereW, restW), maxW: Math.max(hereW, restW) };
};

/** A little inside the limit: setpoints are not written anew for the last few watts, and nobody else makes them up. */
const insideOf = ({ importW, exportW }: GridLimits, batteries: number): GridLimits => {
  const inside = (limitW: Watt | undefined): Watt | undefined => limitW && Math.max(0, limitW - SLACK_W * batteries);
  return { importW: inside(importW), exportW: inside(exportW) };
};

/**
 * What each generator may give at most under an operator's export limit on the fleet, by their ratings: together what they give now and
 * what the fleet may still give out. While sun is held back they do not rise: the room that comes is the sun's.
 */
export const fleetGeneratorCaps = (
  input: DecisionInput,
  sites: readonly SiteCase[],
  { generators, suns, batteries }: FleetMeans,
): ReadonlyMap<DeviceId, Watt> => {
  const { exportW } = input.fleetLimits;
  if (exportW === undefined || generators.length === 0) return NO_CAPS;
  const roomW = fleetNet(input, sites).leastW + exportW;
  let sunRatedW: Watt = 0;
  for (const { own } of suns) if ((outputOf(own) ?? 0) > 0) sunRatedW += own.device.ratedW;
  const sunRoomW = sunHeldWithinW(sunRatedW);
  const givenW = sum(generators.map(({ own }) => own.values['generator.powerW'] ?? 0));
  const togetherW = Math.max(0, givenW + (roomW > 0 ? Math.max(0, roomW - sunRoomW) : roomW));
  const ratedW = sum(generators.map(({ own }) => own.device.ratedW));
  const held = generators.filter(({ own: { device } }) => isHeldOn(device.generator!, input.generators.get(device.id), input.atMs));
  const heldW = sum(held.map(({ own }) => own.device.generator!.minW));
  const givesWayW =
    held.length === 0
      ? 0
      : sum(suns.map(({ own }) => Math.max(0, outputOf(own) ?? 0))) +
        sum(batteries.map(({ givesW, band }) => Math.max(0, givesW - band.minW)));
  const isKept = heldW <= togetherW + givesWayW;
  return new Map(
    generators.map((generator) => {
      const { device } = generator.own;
      const leastW = isKept && held.includes(generator) ? device.generator!.minW : 0;
      return [device.id, Math.max(leastW, (togetherW * device.ratedW) / ratedW)];
    }),
  );
};

interface FleetMeans {
  readonly generators: readonly AbleControl[];
  readonly suns: readonly AbleControl[];
  readonly batteries: readonly BatteryCase[];
}

const NO_CAPS: ReadonlyMap<DeviceId, Watt> = new Map();
const NOTHING: BatteryShares = { decisions: [], wantedW: 0, givenW: 0 };
