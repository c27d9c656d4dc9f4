import { needWindowAt } from '../fleet/daily-need.js';
import type { Device } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { meanPowerW, type Watt } from '../kernel/units.js';
import { withPowers } from '../telemetry/image.js';
import { type Cut, narrow, openBand, type PowerBand } from './band.js';
import { type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { deliveredAt, signOf } from './event-delivery.js';
import { fleetNet } from './fleet-net.js';
import { type GeneratorHold, WHY_HELD } from './generator-rules.js';
import { type LoadCase, loadCase, standInOf, togetherLimits, type TogetherLimit, yieldingChargeOf } from './load-limits.js';
import { type Sharing, shareLoads } from './load-sharing.js';
import { mostTakenW, mostToldW, toldFor } from './load-taking.js';
import { drawnOf, type Wish, wishOf } from './load-wishes.js';
import { owedFallback } from './owed-fallback.js';
import type { DeviceCase, SiteCase } from './site-case.js';
import { splitInProportion } from './split.js';

/** What flexible loads are told, and the sites as they will be once they have come down to it: all others are decided on that. */
export interface FlexibleDecisions {
  readonly decisions: readonly DeviceDecision[];
  readonly sites: readonly SiteCase[];
}

/**
 * What flexible loads may draw. Within what limits leave them they follow a running event, an override or the plan; with none of these
 * they draw as they like. In an event they come before batteries, since what they wait for costs nothing; one that could not have its
 * energy in time any more does not wait.
 */
export const decideFlexible = (input: DecisionInput, sites: readonly SiteCase[]): FlexibleDecisions => {
  const loads = loadCases(input, sites);
  if (loads.length === 0) return { decisions: [], sites };
  const wishes = loads.map((load) => wishOf(input, load));
  const bands = limitedBands(input, sites, loads, wishes);
  const eventsW = eventShares(input, { sites, loads, bands, wishes });
  const decisions = loads.map((load, index) => decisionOf(input, load, bands[index]!, wishes[index], eventsW[index]));
  return { decisions, sites: anticipated(input, sites, loads, decisions) };
};

const loadCases = (input: DecisionInput, sites: readonly SiteCase[]): LoadCase[] => {
  const loads: LoadCase[] = [];
  for (const site of sites)
    for (const own of site.able) if (own.device.role === 'flexible-load') loads.push(loadCase(input, { site, own }));
  return loads;
};

const mostOf = (band: PowerBand): Watt => 0 - band.minW;

const capped = (band: PowerBand, by: Parameters<typeof narrow>[1], why: () => string, mostW: Watt): PowerBand =>
  narrow(band, by, why, 0 - mostW, 0);

/**
 * What each may draw by its rating, its site's limits and an operator's import limit on the fleet. What a limit leaves is shared out by what each
 * is to draw, and only what is left then by what each could. A car that turned out to be on one phase of three draws a third of what it is told, and
 * takes no more than that from a limit; what a phase carries is as much as if it were on all of them.
 */
const limitedBands = (
  input: DecisionInput,
  sites: readonly SiteCase[],
  loads: readonly LoadCase[],
  wishes: readonly (Wish | undefined)[],
): PowerBand[] => {
  const bands = loads.map(({ own }) => openBand(0 - own.device.ratedW, 0));
  const limitTogether = (indexes: readonly number[], { mostW, by, why, moves, isOfPhases }: TogetherLimit): void => {
    const partOf = (index: number): number => (isOfPhases ? 1 : (loads[index]!.taking?.share ?? 1));
    const couldW = indexes.map((index) => partOf(index) * mostOf(bands[index]!));
    if (sum(couldW) <= mostW) return;
    const sharers = indexes.map((index, at): Sharing => {
      const { own, drawsW, isIdle, taking } = loads[index]!;
      const { device } = own;
      const part = partOf(index);
      const maxW = Math.min(couldW[at]!, part * Math.min(wishes[index]?.mostW ?? Infinity, mostToldW(device, taking)));
      return { minW: part * device.flexibleLoad!.minW, maxW, drawsW, isIdle };
    });
    const sharesW = shareLoads(mostW, sharers, moves);
    const leftW = mostW - sum(sharesW);
    const moreW = splitInProportion(
      leftW,
      couldW.map((each, at) => (sharers[at]!.maxW < each ? each - sharesW[at]! : 0)),
    );
    indexes.forEach((index, at) => (bands[index] = capped(bands[index]!, by, why, (sharesW[at]! + moreW[at]!) / partOf(index))));
  };
  for (const [site, indexes] of indexesBySite(loads)) {
    const ofSite = indexes.map((index) => loads[index]!);
    for (const limit of togetherLimits(input, site, ofSite)) limitTogether(indexes, limit);
  }
  const fleetW = fleetImportRoom(input, sites, loads);
  if (fleetW !== undefined) {
    const wanting = indexesWhere(loads, ({ isIdle }) => !isIdle);
    limitTogether(wanting, { mostW: fleetW, by: 'operator', why: () => 'the fleet keeps to its import limit', moves: true });
  }
  return bands;
};

/** Loads stand in the order of their sites. */
const indexesBySite = (loads: readonly LoadCase[]): [site: SiteCase, indexes: number[]][] => {
  const bySite: [SiteCase, number[]][] = [];
  loads.forEach(({ site }, index) => {
    const last = bySite.at(-1);
    if (last?.[0] === site) last[1].push(index);
    else bySite.push([site, [index]]);
  });
  return bySite;
};

const indexesWhere = (loads: readonly LoadCase[], isMeant: (load: LoadCase, index: number) => boolean): number[] => {
  const indexes: number[] = [];
  loads.forEach((load, index) => {
    if (isMeant(load, index)) indexes.push(index);
  });
  return indexes;
};

/**
 * What an operator's import limit on the fleet leaves to these loads once batteries have stopped charging. Behind a silent meter no battery
 * is told to, and where the house may draw anything, it is no help that its load gives way.
 */
const fleetImportRoom = (input: DecisionInput, sites: readonly SiteCase[], loads: readonly LoadCase[]): Watt | undefined => {
  const { importW } = input.fleetLimits;
  if (importW === undefined) return undefined;
  let roomW = importW - fleetNet(input, sites).mostW;
  for (const { site, drawsW } of loads) if (site.gridW !== undefined || input.silentLoads?.has(site.site.id)) roomW += drawsW;
  for (const site of sites) if (site.gridW !== undefined) roomW += yieldingChargeOf(site.devices, input) - standInOf(site);
  return roomW;
};

/** By its plan it has to draw nearly all the time that is left. */
const URGENT_SHARE = 0.9;

const isUrgent = (input: DecisionInput, { site, own: { device, planned }, taking }: LoadCase): boolean => {
  const { need } = device.flexibleLoad!;
  if (planned?.kind !== 'flexible-load' || !need) return false;
  const window = needWindowAt(need, site.site.zone, input.atMs);
  if (!window) return false;
  return meanPowerW(planned.toComeWh, window.endMs - input.atMs) >= URGENT_SHARE * mostTakenW(device, taking);
};

interface EventMatters {
  readonly sites: readonly SiteCase[];
  readonly loads: readonly LoadCase[];
  readonly bands: readonly PowerBand[];
  readonly wishes: readonly (Wish | undefined)[];
}

/**
 * What a running event has each draw, absent where it asks nothing of it. Measured by the meters with batteries at rest, so that batteries make
 * up only for what loads leave open. Up: what is missing is taken from those that may wait. Down: it is given to those that would draw.
 */
const eventShares = (input: DecisionInput, { sites, loads, bands, wishes }: EventMatters): (Watt | undefined)[] => {
  const { event } = input;
  const sharesW = loads.map((): Watt | undefined => undefined);
  if (!event) return sharesW;
  const sign = signOf(event);
  const asked = indexesWhere(loads, (load, index) => {
    const isByHand = wishes[index]?.owner.startsWith('override:') === true;
    return load.site.deliveredW !== undefined && !isByHand && !load.isIdle && !(sign > 0 && isUrgent(input, load));
  });
  let deliveredW: Watt = 0;
  let batteriesW: Watt = 0;
  for (const site of sites) {
    if (site.deliveredW === undefined) continue;
    deliveredW += site.deliveredW;
    for (const { device, values } of site.able) if (device.battery) batteriesW += values['battery.powerW'] ?? 0;
  }
  const openW = event.powerW - deliveredW + sign * batteriesW;
  const targetW = sum(asked.map((index) => loads[index]!.drawsW)) - sign * openW;
  const mostW = asked.map((index) => {
    const limitW = mostOf(bands[index]!);
    return sign > 0 ? Math.min(limitW, wishes[index]?.mostW ?? limitW) : limitW;
  });
  if (sign < 0 && openW <= 0 && asked.every((index) => wishes[index] === undefined)) return sharesW;
  const wantedW = shareLoads(
    targetW,
    asked.map((index, at): Sharing => {
      const { own, drawsW, taking } = loads[index]!;
      const { share = 1, takesW = Infinity } = taking ?? {};
      const isIdle = wishes[index]?.heldBy === 'min-down';
      return { minW: own.device.flexibleLoad!.minW * share, maxW: Math.min(mostW[at]! * share, takesW), drawsW, isIdle };
    }),
  );
  asked.forEach((index, at) => {
    const plannedW = wishes[index]?.mostW ?? mostOf(bands[index]!);
    const { own, taking } = loads[index]!;
    const toldW = Math.min(toldFor(own.device, taking, wantedW[at]!), mostW[at]!);
    const shareW = sign > 0 ? toldW : Math.max(toldW, plannedW);
    if (sign > 0 ? shareW < Math.min(plannedW, mostW[at]!) : shareW > plannedW) sharesW[index] = shareW;
  });
  return sharesW;
};

const decisionOf = (
  input: DecisionInput,
  { site, own: { device } }: LoadCase,
  limited: PowerBand,
  wish: Wish | undefined,
  eventW: Watt | undefined,
): DeviceDecision => {
  const control = 'load-limit';
  const eventWish: Wish | undefined =
    eventW === undefined
      ? undefined
      : {
          mostW: eventW,
          owner: `event:${input.event!.id}`,
          reason: `${input.event!.direction === 'up' ? 'waits' : 'draws'} for ${input.event!.id}`,
        };
  const chosen = eventWish ?? wish;
  const limitW = mostOf(limited);
  const fallback = owedFallback(site.site, device);
  const owed = fallback ? { fallback } : {};
  if (!chosen && limitW >= device.ratedW) {
    if (!fallback) return leftAlone(device, control, 'no plan for it, and no limit');
    // The fallback lies in the device only while it holds a limit of ours.
    const [setpoint, reason] = [{ kind: control, maxW: device.ratedW } as const, 'no limit for now, and one to fall back to'];
    return { deviceId: device.id, control, owner: 'operator', setpoint, fallback, cuts: [], isSlack: true, reason };
  }
  const wantedW = Math.min(chosen?.mostW ?? Infinity, limitW);
  const maxW = drawnOf(wantedW, device.flexibleLoad!.minW);
  const isPlans = chosen?.owner === 'plan' && !chosen.heldBy && limitW >= Math.min(chosen.mostW, device.ratedW);
  return {
    deviceId: device.id,
    control,
    owner: chosen?.owner ?? limited.cuts.at(-1)!.by,
    setpoint: { kind: control, maxW },
    ...owed,
    cuts: chosen?.heldBy ? [heldCut(chosen.mostW, chosen.heldBy), ...limited.cuts] : limited.cuts,
    ...(isPlans ? { waitsWithin: { minW: 0, maxW: limitW } } : {}),
    reason: chosen?.reason ?? limited.cuts.at(-1)!.why,
  };
};

const heldCut = (mostW: Watt, heldBy: GeneratorHold): Cut => ({ minW: 0 - mostW, maxW: 0, by: 'device', why: WHY_HELD[heldBy] });

/** The sites with loads at what they were told, where that is less than they draw; one that does not follow counts for what it does. */
const anticipated = (
  input: DecisionInput,
  sites: readonly SiteCase[],
  loads: readonly LoadCase[],
  decisions: readonly DeviceDecision[],
): readonly SiteCase[] => {
  let changed: SiteCase[] | undefined;
  loads.forEach(({ site: { index }, own: { device, flexibleW }, drawsW, taking }, at) => {
    const { setpoint } = decisions[at]!;
    const mayW = setpoint?.kind === 'load-limit' ? (taking?.share ?? 1) * setpoint.maxW : Infinity;
    if (mayW >= drawsW || flexibleW === undefined || input.unfollowing?.has(device.id)) return;
    changed ??= [...sites];
    changed[index] = withLoadAt(input, changed[index]!, device, 0 - mayW, mayW - drawsW);
  });
  return changed ?? sites;
};

/** A site once a load of it gives `flexibleW`, which has it draw `changeW` more from the grid. */
const withLoadAt = (input: DecisionInput, site: SiteCase, device: Device, flexibleW: Watt, changeW: Watt): SiteCase => {
  const { grid, flexible } = site.now!.powersW;
  const now = withPowers(site.now!, {
    grid: grid === undefined ? undefined : grid + changeW,
    flexible: flexible === undefined ? undefined : flexible - changeW,
  });
  const told = (own: DeviceCase): DeviceCase => (own.device === device ? { ...own, flexibleW } : own);
  const devices = site.devices.map(told);
  return {
    ...site,
    now,
    gridW: now.powersW.grid,
    deliveredW: input.event && deliveredAt(input, input.event, site.site, now),
    devices,
    able: site.able.length === devices.length ? devices : site.able.map(told),
  };
};
