import type { Device } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { clamp, type Watt } from '../kernel/units.js';
import { narrow, type PowerBand, wholeWithin, within } from './band.js';
import {
  ALL,
  batteryBand,
  followPlan,
  keepConnection,
  keepLoad,
  keepPhases,
  keepReserve,
  keepTerminal,
  type Shares,
  shareOf,
  stayInside,
} from './battery-rules.js';
import { type NetRange, silentNet, widestNet } from './silent-net.js';
import { type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { generationRoom } from './generation-room.js';
import { ableDrawW, drawOf, unableDrawW } from './load-limits.js';
import { awaitedDrawW } from './load-wishes.js';
import { phaseRoom } from './phase-limit.js';
import type { AbleControl, DeviceCase, SiteCase } from './site-case.js';
import { leftToSunW } from './sun-decision.js';

/** A battery that may be told something now, its part in what its site's batteries do together, and what it may do. */
export interface BatteryCase {
  /** Its place among them. */
  readonly index: number;
  readonly own: DeviceCase;
  readonly site: SiteCase;
  readonly shares: Shares;
  readonly givesW: Watt;
  /** What the site would draw from the grid with its batteries at rest: what they would have to give together for nothing to flow. */
  readonly restW: Watt;
  readonly band: PowerBand;
  /** What a limit on generation leaves to it; it may be told less for another reason. */
  readonly generationW: Watt;
  readonly socPct: number;
}

/** What is to be known of a battery before it is told anything, or why it is not told anything. */
export const batteryCase = (input: DecisionInput, { site, own }: AbleControl, index: number): BatteryCase | string => {
  const { limits } = site;
  const connection = connectionOf(input, site);
  if (!connection) return 'no fresh word from its grid meter';
  const socPct = own.values['battery.socPct'];
  if (socPct === undefined) return 'state of charge unknown';
  const together = batteriesTogether(input, site, own);
  if (!together) return 'power of the site’s batteries unknown';
  const { shares, batteriesW, othersGiveW, othersTakeW } = together;
  const awaitedW = makesRoomForW(input, site, own);
  const net = { shares, batteriesW, net: { leastW: connection.widest.leastW, mostW: connection.widest.mostW + awaitedW } };
  const restW = connection.likely.leastW + batteriesW;
  const { importLimitW, exportLimitW } = site.site;
  // The reserve comes first: a limit binds what we do, and what the house draws by itself is no reason to spend what it keeps.
  let band = keptBand(site, own, socPct);
  // Loads come before the connection: what batteries may not take up stays on the roof.
  if (limits.loadW !== undefined || limits.dimmingW !== undefined)
    band = keepLoad(band, { shares, restW, limits, unableW: unableDrawW(site) + othersTakeW, loadsW: ableDrawW(site) + awaitedW });
  band = keepConnection(band, 'connection', net, importLimitW, exportLimitW);
  band = keepPhases(band, net, phaseRoom(site, hasBattery));
  const room = generationRoom(input, site);
  const generationW = room ? shareOf(shares, Math.max(0, room.batteriesW - othersGiveW)) : Infinity;
  if (room)
    band = narrow(band, 'operator', () => `generation of at most ${limits.generationW} W, sun and engines first`, band.minW, generationW);
  if (limits.importW !== undefined || limits.exportW !== undefined) {
    const { importW = importLimitW, exportW = exportLimitW } = limits;
    band = keepConnection(band, 'operator', net, importW, exportW);
  }
  const overshoot = input.overshoots?.get(own.device.id);
  if (overshoot) band = stayInside(band, overshoot);
  return { index, own, site, shares, givesW: own.values['battery.powerW']!, restW, band, generationW, socPct };
};

/**
 * A battery that is slow, or does not follow, is asked to make room for loads that give way to it: told what it takes already, it would never come down
 * for them, nor could it show that it follows again.
 */
const makesRoomForW = (input: DecisionInput, site: SiteCase, { device: { id } }: DeviceCase): Watt =>
  input.unfollowing?.has(id) || input.paces?.has(id) ? awaitedDrawW(input, site) : 0;

/** What it can do, and its household lets it. */
const keptBand = ({ consent }: SiteCase, { device: { battery, role, ratedW }, values }: DeviceCase, socPct: number): PowerBand => {
  const band = keepReserve(batteryBand(battery!, socPct), battery!, socPct, consent?.reserveFloorPct ?? 0);
  const sunW = role === 'hybrid' ? values['pv.powerW'] : undefined;
  return sunW === undefined ? band : keepTerminal(band, ratedW, sunW);
};

/** What several batteries of a site do together of which a battery has its share; the others are beside it, and cannot be counted on. */
interface BatteriesTogether {
  readonly shares: Shares;
  readonly batteriesW: Watt;
  readonly othersGiveW: Watt;
  readonly othersTakeW: Watt;
}

/** They share by what each can give, or take, now; one that does not follow, or does not say what it holds, has no part in it but its own. */
const batteriesTogether = ({ unfollowing }: DecisionInput, site: SiteCase, own: DeviceCase): BatteriesTogether | undefined => {
  const ownW = own.values['battery.powerW'];
  if (ownW === undefined) return undefined;
  if (isAlone(site, own)) return { shares: ALL, batteriesW: ownW, othersGiveW: 0, othersTakeW: 0 };
  const mates = site.able.filter(({ device }) => hasBattery(device));
  if (mates.some(({ values }) => values['battery.powerW'] === undefined)) return undefined;
  const sharers = mates.filter(
    (mate) => mate === own || (mate.values['battery.socPct'] !== undefined && !unfollowing?.has(mate.device.id)),
  );
  const others = mates.filter((mate) => !sharers.includes(mate)).map(({ values }) => values['battery.powerW']!);
  const able = (mate: DeviceCase): PowerBand => keptBand(site, mate, mate.values['battery.socPct']!);
  const giveW = sum(sharers.map((mate) => Math.max(0, able(mate).maxW)));
  const takeW = sum(sharers.map((mate) => Math.max(0, 0 - able(mate).minW)));
  const { minW, maxW } = able(own);
  return {
    shares: { give: giveW > 0 ? maxW / giveW : 1 / sharers.length, take: takeW > 0 ? (0 - minW) / takeW : 1 / sharers.length },
    batteriesW: sum(sharers.map(({ values }) => values['battery.powerW']!)),
    othersGiveW: sum(others.map((powerW) => Math.max(0, powerW))),
    othersTakeW: sum(others.map((powerW) => Math.max(0, 0 - powerW))),
  };
};

/** Most sites have no other battery that can be told something, and fleets have thousands of them. */
const isAlone = ({ able }: SiteCase, own: DeviceCase): boolean => {
  for (const mate of able) if (mate.device.battery && mate !== own) return false;
  return true;
};

/**
 * What flows through a site's connection, and what may flow through it at worst, by which limits are kept. Where nobody lives it is known well enough without
 * the grid meter, unless single phases are to be watched, since devices speak for themselves.
 */
const connectionOf = (input: DecisionInput, site: SiteCase): Record<'likely' | 'widest', NetRange> | undefined => {
  const { gridW } = site;
  if (gridW !== undefined) {
    const net = { leastW: gridW, mostW: gridW };
    return { likely: net, widest: net };
  }
  if (site.site.kind === 'home' || site.site.phaseLimitA !== undefined) return undefined;
  return { likely: silentNet(input, site), widest: widestNet(input, site) };
};

const hasBattery = ({ battery }: Device): boolean => battery !== undefined;

/** What it does without an event or a limit on the fleet: as a person or the plan has it. */
export const decideBattery = (input: DecisionInput, battery: BatteryCase): DeviceDecision => {
  const { own, site, shares, restW, band } = battery;
  const { device, override, planned } = own;
  if (override?.setpoint.kind === 'battery-power') {
    const { powerW } = override.setpoint;
    const narrowed = narrow(band, 'override', () => `set by ${override.by}`, powerW, powerW);
    return batteryDecision(device, narrowed, powerW, `override:${override.by}`, 'set by an operator');
  }
  if (planned?.kind !== 'battery') return withoutPlan(battery);
  const servingW = withoutCars(followPlan(shareOf(shares, restW), planned.step), () =>
    followPlan(shareOf(shares, restW - unplannedDrawW(site)), planned.step),
  );
  // Where it is to charge it takes a little more than is left over, for sun that is held to come into that.
  const isHybrid = device.role === 'hybrid';
  const fromW = planned.step.batteryW < 0 ? band.minW : isHybrid ? servingW : 0;
  const servesW = within(band, servingW);
  const leavesW = clamp(shareOf(shares, leftToSunW(input, site, isHybrid)), 0, Math.max(0, servesW - fromW));
  const plan = `plan has ${Math.round(planned.step.batteryW)} W and grid ${Math.round(planned.step.gridW)} W`;
  const reason = leavesW > 0 ? `${plan}; leaves ${Math.round(leavesW)} W to sun that is held` : plan;
  return batteryDecision(device, band, leavesW > 0 ? servesW - leavesW : servingW, 'plan', reason);
};

/**
 * What serves its site by itself does not know of an operator's limit on what it may take or give: where there is one it is told to do the same
 * within that, since limits hold without a plan. By itself it also gives what its household keeps, so that a limit on generation may bind it that would leave it more.
 */
const withoutPlan = ({ own: { device }, site, band, generationW, shares, restW }: BatteryCase): DeviceDecision => {
  const { importW, generationW: limitW, loadW, dimmingW } = site.limits;
  const isCut = (importW ?? limitW ?? loadW ?? dimmingW) !== undefined && band.cuts.some(({ by }) => by === 'operator');
  if (!isCut && generationW >= device.battery!.maxDischargeW) return leftAlone(device, 'battery-power', 'no plan for it');
  return batteryDecision(device, band, shareOf(shares, restW), 'operator', 'no plan for it: serves its site within the limit');
};

/** A battery charges from what loads leave, but it is not emptied for what a flexible load draws beyond its plan. */
const withoutCars = (withAllW: Watt, withoutW: () => Watt): Watt => (withAllW <= 0 ? withAllW : clamp(withoutW(), 0, withAllW));

/** What flexible loads of a site draw beyond what is planned for them. */
const unplannedDrawW = ({ devices }: SiteCase): Watt =>
  devices.reduce((drawnW, load) => {
    if (!load.device.flexibleLoad || load.flexibleW === undefined) return drawnW;
    const { planned } = load;
    return drawnW + Math.max(0, drawOf(load) - (planned?.kind === 'flexible-load' ? planned.drawW : 0));
  }, 0 as Watt);

export const batteryDecision = (
  device: Device,
  band: PowerBand,
  wantedW: Watt,
  owner: DeviceDecision['owner'],
  reason: string,
): DeviceDecision => ({
  deviceId: device.id,
  control: 'battery-power',
  owner,
  setpoint: { kind: 'battery-power', powerW: wholeWithin(band, wantedW) },
  cuts: band.cuts,
  waitsWithin: owner === 'plan' && within(band, wantedW) === wantedW ? { minW: band.minW, maxW: band.maxW } : undefined,
  reason,
});
