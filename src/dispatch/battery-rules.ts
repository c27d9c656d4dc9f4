import type { BatteryRating } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import { narrow, openBand, type PowerBand } from './band.js';
import type { PlannedStep } from './decision.js';
import type { Overshoot } from './overshoot.js';
import type { NetRange } from './silent-net.js';
import type { PhaseRoom } from './phase-limit.js';

/** Above the reserve floor, discharging fades in over this range, so that a full-power step never crosses the floor. */
const TAPER_PCT = 1;

/** What the battery itself can do now: its power limits, and nothing out of an empty one or into a full one. */
export const batteryBand = (rating: BatteryRating, socPct: number): PowerBand => {
  const device = openBand(-rating.maxChargeW, rating.maxDischargeW);
  const chargeW = socPct >= rating.maxSocPct ? 0 : rating.maxChargeW;
  const dischargeW = rating.maxDischargeW * fadeIn(socPct, rating.minSocPct);
  return narrow(device, 'device', () => `state of charge ${socPct.toFixed(1)} %`, -chargeW, dischargeW);
};

/** The household's reserve is not ours to spend. Below it the battery may still be charged. */
export const keepReserve = (band: PowerBand, rating: BatteryRating, socPct: number, reserveFloorPct: number): PowerBand =>
  narrow(band, 'consent', () => `household keeps ${reserveFloorPct} %`, band.minW, rating.maxDischargeW * fadeIn(socPct, reserveFloorPct));

/** A hybrid's battery gives what the inverter's terminal, rated `ratedW`, leaves beside its sun: the sun does not give way to it. W ≥ 0. */
export const besideSunW = (ratedW: Watt, sunW: Watt): Watt => Math.max(0, ratedW - sunW);

export const keepTerminal = (band: PowerBand, ratedW: Watt, sunW: Watt): PowerBand =>
  narrow(band, 'device', () => `its inverter gives ${Math.round(sunW)} W of sun`, band.minW, besideSunW(ratedW, sunW));

const fadeIn = (socPct: number, floorPct: number): number => Math.min(Math.max((socPct - floorPct) / TAPER_PCT, 0), 1);

/** A battery's shares of what several of one site are to give, and to take, together; 0 to 1. */
export interface Shares {
  readonly give: number;
  readonly take: number;
}

export const ALL: Shares = { give: 1, take: 1 };

/** A battery's share of what batteries of its site are to give together. */
export const shareOf = ({ give, take }: Shares, togetherW: Watt): Watt => (togetherW > 0 ? give : take) * togetherW;

/** A site's batteries together, and what flows through its connection while they do `batteriesW`. */
interface Together {
  readonly shares: Shares;
  readonly net: NetRange;
  readonly batteriesW: Watt;
}

/** Keeps the connection between `-exportLimitW` and `importLimitW`: a watt more from batteries is a watt less from the grid. */
export const keepConnection = (
  band: PowerBand,
  by: 'connection' | 'operator',
  { shares, net, batteriesW }: Together,
  importLimitW: Watt,
  exportLimitW: Watt,
): PowerBand => {
  const why = (): string => `grid between -${exportLimitW} and ${importLimitW} W`;
  const leastW = net.mostW + batteriesW - importLimitW;
  const mostW = net.leastW + batteriesW + exportLimitW;
  return narrow(band, by, why, shareOf(shares, leastW), shareOf(shares, mostW));
};

/**
 * Keeps the most loaded phases within their fuses: a watt more from batteries is a watt less of import, or a watt more of export. Where one takes too
 * much while another gives too much, they cannot help both, and stay in the middle.
 */
export const keepPhases = (band: PowerBand, { shares, batteriesW }: Omit<Together, 'net'>, room: PhaseRoom | undefined): PowerBand => {
  if (!room) return band;
  const why = (): string => `a phase carries all that its fuse allows`;
  const leastW = batteriesW - room.importW;
  const mostW = batteriesW + room.exportW;
  const middleW = (leastW + mostW) / 2;
  return narrow(band, 'connection', why, shareOf(shares, Math.min(leastW, middleW)), shareOf(shares, Math.max(mostW, middleW)));
};

/** Keeps a battery's share of a limit on loads, and of what dimmed loads may draw from the grid: there, what the site has left over comes on top. */
export const keepLoad = (band: PowerBand, load: LoadNow): PowerBand => {
  const { shares, restW, limits, unableW, loadsW } = load;
  const chargesAtMost = (limitW: Watt, othersW: Watt, ownW: Watt): Watt =>
    shareOf(shares, 0 - (Math.max(0, limitW - unableW - othersW) + ownW));
  let kept = band;
  if (limits.loadW !== undefined)
    kept = narrow(kept, 'operator', () => `loads take at most ${limits.loadW} W`, chargesAtMost(limits.loadW, loadsW, 0), band.maxW);
  if (limits.dimmingW === undefined) return kept;
  const surplusW = Math.max(0, -restW);
  // Own sun serves the loads first: no more of what they draw is from the grid than the site draws.
  const loadsFromGridW = Math.min(loadsW, Math.max(0, restW));
  return narrow(
    kept,
    'operator',
    () => `dimmed to ${limits.dimmingW} W from the grid`,
    chargesAtMost(limits.dimmingW, loadsFromGridW, surplusW),
    band.maxW,
  );
};

interface LoadNow {
  readonly shares: Shares;
  /** What the site would draw from the grid with its batteries at rest. */
  readonly restW: Watt;
  readonly limits: { readonly loadW?: Watt; readonly dimmingW?: Watt };
  /** What the site's batteries and flexible loads that cannot be told anything take. */
  readonly unableW: Watt;
  /** What its other flexible loads draw. */
  readonly loadsW: Watt;
}

/** What rested beyond its limit is kept inside by as much. */
export const stayInside = (band: PowerBand, { way, insideW }: Pick<Overshoot, 'way' | 'insideW'>): PowerBand => {
  const why = (): string => `goes ${Math.round(insideW)} W further than it is told`;
  return way > 0
    ? narrow(band, 'device', why, band.minW, band.maxW - insideW)
    : narrow(band, 'device', why, band.minW + insideW, band.maxW);
};

/** Planned grid power this near to 0 means: serve yourself. */
const SELF_USE_W = 50;

/**
 * Turns a plan made on a forecast into power for the load that really came. Where the plan kept the grid near 0, the
 * battery does so whatever the load; where it planned to import, the battery gives no more than planned; where it planned
 * to export, it takes no more than planned. `selfUseW`: what it would have to give for nothing to flow through the connection.
 */
export const followPlan = (selfUseW: Watt, planned: PlannedStep): Watt => {
  if (planned.gridW > SELF_USE_W) return Math.min(selfUseW, planned.batteryW);
  if (planned.gridW < -SELF_USE_W) return Math.max(selfUseW, planned.batteryW);
  return selfUseW;
};
