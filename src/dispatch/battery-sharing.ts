import { type EpochMs, meanPowerW, type Watt } from '../kernel/units.js';
import { type BatteryCase, batteryDecision } from './battery-decision.js';
import type { DecisionInput, DeviceDecision } from './decision.js';
import { type PowerBand, wholeWithin } from './band.js';
import { eventCycles, fairWeights } from './fairness.js';
import { splitToLast, wholeWatts } from './split.js';

/** A battery that is to move from a power, in the house's sign, by its share. */
export interface BatteryMove {
  readonly battery: BatteryCase;
  readonly fromW: Watt;
  /** Absent: it may go as far as its own band. */
  readonly band?: PowerBand;
}

/** What batteries do together; `givenW` is of the sign of what was wanted. */
export interface BatteryShares {
  /** One for each move; none where nothing was wanted. */
  readonly decisions: readonly DeviceDecision[];
  readonly wantedW: Watt;
  readonly givenW: Watt;
}

/**
 * Moves each battery from `fromW` by its share of `wantedW`, which may be of either sign, within its band. One that does not follow
 * what it is told keeps being asked for its share, counts for what it does, and the others make up the rest.
 */
export const shareAmong = (
  input: DecisionInput,
  moves: readonly BatteryMove[],
  wantedW: Watt,
  owner: DeviceDecision['owner'],
  reason: string,
): BatteryShares => {
  if (moves.length === 0) return { decisions: NONE, wantedW, givenW: 0 };
  const sign = Math.sign(wantedW) || 1;
  const roomW = moves.map(({ battery, fromW, band = battery.band }) => Math.max(sign > 0 ? band.maxW - fromW : fromW - band.minW, 0));
  const toTheEndW = moves.map(({ battery }, index) => (input.event ? lastingW(input, battery, sign, input.event.endMs) : roomW[index]!));
  const weights = input.event && weightsIn(input, moves);
  const asked = splitToLast(Math.abs(wantedW), { lastingW: toTheEndW, capacitiesW: roomW, weights });
  const doneW = doneByThoseNotFollowing(input, moves, sign, asked);
  const sumDoneW = doneW.reduce((sum: Watt, eachW) => sum + (eachW ?? 0), 0);
  const byFollowers = (powersW: readonly Watt[]): Watt[] => powersW.map((eachW, index) => (doneW[index] === undefined ? eachW : 0));
  const followers = doneW.every((eachW) => eachW === undefined)
    ? asked
    : splitToLast(Math.abs(wantedW) - sumDoneW, { lastingW: byFollowers(toTheEndW), capacitiesW: byFollowers(roomW), weights });
  const exactW = moves.map(({ fromW }, index) => fromW + sign * (doneW[index] === undefined ? followers[index]! : asked[index]!));
  const powersW = wholeWatts(exactW, (powerW, index) => wholeWithin(moves[index]!.band ?? moves[index]!.battery.band, powerW));
  const whyLeftOpen = `${reason}, and does not follow: others take its part`;
  const decisions = moves.map(({ battery, band = battery.band }, index) => {
    const isLeftOpen = doneW[index] !== undefined && doneW[index] < asked[index]!;
    return batteryDecision(battery.own.device, band, powersW[index]!, owner, isLeftOpen ? whyLeftOpen : reason);
  });
  return { decisions, wantedW, givenW: sign * (sumDoneW + followers.reduce((a, b) => a + b, 0)) };
};

/** What each of those does that do not follow, as far as it was asked for; `undefined` for the others, nothing at all where all follow. */
const doneByThoseNotFollowing = (
  { unfollowing }: DecisionInput,
  moves: readonly BatteryMove[],
  sign: number,
  askedW: readonly Watt[],
): readonly (Watt | undefined)[] =>
  unfollowing === undefined || unfollowing.size === 0
    ? []
    : moves.map(({ battery: { own, givesW }, fromW }, index) =>
        unfollowing.has(own.device.id) ? Math.min(Math.max(0, sign * (givesW - fromW)), askedW[index]!) : undefined,
      );

const NONE: BatteryShares['decisions'] = [];

/** Absent where all have been used alike. */
const weightsIn = ({ event }: DecisionInput, moves: readonly BatteryMove[]): number[] | undefined => {
  const before = event?.deliveredBeforeWh;
  if (!before || before.size === 0) return undefined;
  return fairWeights(moves.map(({ battery: { site } }) => eventCycles(site.site, site.consent, before.get(site.site.id) ?? 0)));
};

/** The power that a battery can keep up until `endMs`, from what it holds above the floor, or still has room for. */
export const lastingW = (
  { atMs }: Pick<DecisionInput, 'atMs'>,
  { own, site, socPct }: BatteryCase,
  sign: number,
  endMs: EpochMs | undefined,
): Watt => {
  if (endMs === undefined || endMs <= atMs) return Infinity;
  const { capacityWh, minSocPct, maxSocPct, chargeEfficiency, dischargeEfficiency } = own.device.battery!;
  const floorPct = Math.max(minSocPct, site.consent?.reserveFloorPct ?? 0);
  const leftWh =
    sign > 0
      ? ((socPct - floorPct) / 100) * capacityWh * dischargeEfficiency
      : (((maxSocPct - socPct) / 100) * capacityWh) / chargeEfficiency;
  return meanPowerW(Math.max(0, leftWh), endMs - atMs);
};
