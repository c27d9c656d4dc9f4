import { needWindowAt } from '../fleet/daily-need.js';
import type { Device, DeviceId, Site, SiteId } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { meanPowerW, type Watt } from '../kernel/units.js';
import { type DeviceNow, type SiteNow, withPowers } from '../telemetry/image.js';
import { type Cut, narrow, openBand, type PowerBand } from './band.js';
import { type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { deliveredBySite, signOf } from './event-delivery.js';
import { fleetNet } from './fleet-net.js';
import { WHY_HELD } from './generator-rules.js';
import { chargeOf, type LoadCase, standInOf, togetherLimits, type TogetherLimit } from './load-limits.js';
import { type Sharing, shareLoads } from './load-sharing.js';
import { mostTakenW, mostToldW, toldFor } from './load-taking.js';
import { drawnOf, type Wish, wishOf } from './load-wishes.js';
import { owedFallback } from './owed-fallback.js';
import { splitInProportion } from './split.js';

/** What flexible loads are told, and the plant as it will be once they have come down to it: all others are decided on that. */
export interface FlexibleDecisions {
  readonly decisions: readonly DeviceDecision[];
  readonly image: DecisionInput['image'];
}

/**
 * What flexible loads may draw. Within what limits leave them they follow a running event, an override or the plan; with none of these
 * they draw as they like. In an event they come before batteries, since what they wait for costs nothing; one that could not have its
 * energy in time any more does not wait.
 */
export const decideFlexible = (
  input: DecisionInput,
  loads: readonly LoadCase[],
  batteries: EventMatters['batteries'],
): FlexibleDecisions => {
  if (loads.length === 0) return { decisions: [], image: input.image };
  const wishes = loads.map((load) => wishOf(input, load.device));
  const bands = limitedBands(input, loads, wishes);
  const eventsW = eventShares(input, { loads, batteries, bands, wishes });
  const decisions = loads.map((load, index) => decisionOf(input, load, bands[index]!, wishes[index], eventsW[index]));
  return { decisions, image: anticipated(input, loads, decisions) };
};

const mostOf = (band: PowerBand): Watt => 0 - band.minW;

const capped = (band: PowerBand, by: Parameters<typeof narrow>[1], why: () => string, mostW: Watt): PowerBand =>
  narrow(band, by, why, 0 - mostW, 0);

/**
 * What each may draw by its rating, its site's limits and an operator's import limit on the fleet. What a limit leaves is shared out by what each
 * is to draw, and only what is left then by what each could. A car that turned out to be on one phase of three draws a third of what it is told, and
 * takes no more than that from a limit; what a phase carries is as much as if it were on all of them.
 */
const limitedBands = (input: DecisionInput, loads: readonly LoadCase[], wishes: readonly (Wish | undefined)[]): PowerBand[] => {
  const bands = loads.map(({ device }) => openBand(0 - device.ratedW, 0));
  const limitTogether = (indexes: readonly number[], { mostW, by, why, moves, isOfPhases }: TogetherLimit): void => {
    const partOf = (index: number): number => (isOfPhases ? 1 : (loads[index]!.taking?.share ?? 1));
    const couldW = indexes.map((index) => partOf(index) * mostOf(bands[index]!));
    if (sum(couldW) <= mostW) return;
    const sharers = indexes.map((index, at): Sharing => {
      const { device, drawsW, isIdle, taking } = loads[index]!;
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
  const fleetW = fleetImportRoom(input, loads);
  if (fleetW !== undefined) {
    const wanting = indexesWhere(loads, ({ isIdle }) => !isIdle);
    limitTogether(wanting, { mostW: fleetW, by: 'operator', why: () => 'the fleet keeps to its import limit', moves: true });
  }
  return bands;
};

const indexesBySite = (loads: readonly LoadCase[]): ReadonlyMap<Site, readonly number[]> => {
  const bySite = new Map<Site, number[]>();
  loads.forEach(({ site }, index) => {
    const known = bySite.get(site);
    if (known) known.push(index);
    else bySite.set(site, [index]);
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
const fleetImportRoom = (input: DecisionInput, loads: readonly LoadCase[]): Watt | undefined => {
  const { importW } = input.fleetLimits;
  if (importW === undefined) return undefined;
  const isMetered = ({ id }: Site): boolean => input.image.sites.get(id)?.powersW.grid !== undefined;
  let roomW = importW - fleetNet(input).mostW;
  for (const { site, drawsW } of loads) if (isMetered(site) || input.silentLoads?.has(site.id)) roomW += drawsW;
  for (const site of input.plant.sites) if (isMetered(site)) roomW += chargeOf(input, site.devices) - standInOf(input, site);
  return roomW;
};

/** By its plan it has to draw nearly all the time that is left. */
const URGENT_SHARE = 0.9;

const isUrgent = (input: DecisionInput, { site, device, taking }: LoadCase): boolean => {
  const planned = input.planned?.get(device.id);
  const { need } = device.flexibleLoad!;
  const window = need && needWindowAt(need, site.zone, input.atMs);
  if (planned?.kind !== 'flexible-load' || !window) return false;
  return meanPowerW(planned.toComeWh, window.endMs - input.atMs) >= URGENT_SHARE * mostTakenW(device, taking);
};

interface EventMatters {
  readonly loads: readonly LoadCase[];
  /** Those that can be told something. */
  readonly batteries: readonly { readonly site: Site; readonly device: Device }[];
  readonly bands: readonly PowerBand[];
  readonly wishes: readonly (Wish | undefined)[];
}

/**
 * What a running event has each draw, absent where it asks nothing of it. Measured by the meters with batteries at rest, so that batteries make
 * up only for what loads leave open. Up: what is missing is taken from those that may wait. Down: it is given to those that would draw.
 */
const eventShares = (input: DecisionInput, { loads, batteries, bands, wishes }: EventMatters): (Watt | undefined)[] => {
  const { event } = input;
  const sharesW = loads.map((): Watt | undefined => undefined);
  if (!event) return sharesW;
  const sign = signOf(event);
  const delivered = deliveredBySite(input, event);
  const asked = indexesWhere(loads, (load, index) => {
    const isByHand = wishes[index]?.owner.startsWith('override:') === true;
    return delivered.has(load.site.id) && !isByHand && !load.isIdle && !(sign > 0 && isUrgent(input, load));
  });
  let [deliveredW, batteriesW] = [0 as Watt, 0 as Watt];
  delivered.forEach((siteW) => (deliveredW += siteW));
  for (const { site, device } of batteries)
    if (delivered.has(site.id)) batteriesW += input.image.devices.get(device.id)?.values['battery.powerW'] ?? 0;
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
      const { device, drawsW, taking } = loads[index]!;
      const { share = 1, takesW = Infinity } = taking ?? {};
      const isIdle = wishes[index]?.heldBy === 'min-down';
      return { minW: device.flexibleLoad!.minW * share, maxW: Math.min(mostW[at]! * share, takesW), drawsW, isIdle };
    }),
  );
  asked.forEach((index, at) => {
    const plannedW = wishes[index]?.mostW ?? mostOf(bands[index]!);
    const { device, taking } = loads[index]!;
    const toldW = Math.min(toldFor(device, taking, wantedW[at]!), mostW[at]!);
    const shareW = sign > 0 ? toldW : Math.max(toldW, plannedW);
    if (sign > 0 ? shareW < Math.min(plannedW, mostW[at]!) : shareW > plannedW) sharesW[index] = shareW;
  });
  return sharesW;
};

const decisionOf = (
  input: DecisionInput,
  { site, device }: LoadCase,
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
  const fallback = owedFallback(site, device);
  const owed = fallback ? { fallback } : {};
  if (!chosen && limitW >= device.ratedW) {
    if (!fallback) return leftAlone(device, control, 'no plan for it, and no limit');
    // The fallback lies in the device only while it holds a limit of ours.
    const [setpoint, reason] = [{ kind: control, maxW: device.ratedW } as const, 'no limit for now, and one to fall back to'];
    return { deviceId: device.id, control, owner: 'operator', setpoint, fallback, cuts: [], isSlack: true, reason };
  }
  const wantedW = Math.min(chosen?.mostW ?? Infinity, limitW);
  const maxW = drawnOf(wantedW, device.flexibleLoad!.minW);
  const heldCut: Cut[] = chosen?.heldBy ? [{ minW: 0 - chosen.mostW, maxW: 0, by: 'device', why: WHY_HELD[chosen.heldBy] }] : [];
  const isPlans = chosen?.owner === 'plan' && !chosen.heldBy && limitW >= Math.min(chosen.mostW, device.ratedW);
  return {
    deviceId: device.id,
    control,
    owner: chosen?.owner ?? limited.cuts.at(-1)!.by,
    setpoint: { kind: control, maxW },
    ...owed,
    cuts: [...heldCut, ...limited.cuts],
    ...(isPlans ? { waitsWithin: { minW: 0, maxW: limitW } } : {}),
    reason: chosen?.reason ?? limited.cuts.at(-1)!.why,
  };
};

/** The image with loads at what they were told, where that is less than they draw; one that does not follow counts for what it does. */
const anticipated = (
  { image, unfollowing }: DecisionInput,
  loads: readonly LoadCase[],
  decisions: readonly DeviceDecision[],
): DecisionInput['image'] => {
  let changed: { sites: Map<SiteId, SiteNow>; devices: Map<DeviceId, DeviceNow> } | undefined;
  loads.forEach(({ site, device, drawsW, taking }, index) => {
    const { setpoint } = decisions[index]!;
    const now = image.devices.get(device.id)!;
    const mayW = setpoint?.kind === 'load-limit' ? (taking?.share ?? 1) * setpoint.maxW : Infinity;
    if (mayW >= drawsW || now.values['flexible.powerW'] === undefined) return;
    if (unfollowing?.has(device.id)) return;
    changed ??= { sites: copyOf(image.sites), devices: copyOf(image.devices) };
    const changeW = mayW - drawsW;
    const siteNow = changed.sites.get(site.id)!;
    const { grid, flexible } = siteNow.powersW;
    changed.sites.set(
      site.id,
      withPowers(siteNow, {
        grid: grid === undefined ? undefined : grid + changeW,
        flexible: flexible === undefined ? undefined : flexible - changeW,
      }),
    );
    changed.devices.set(device.id, { ...now, values: { ...now.values, 'flexible.powerW': 0 - mayW } });
  });
  return changed ? { ...image, ...changed } : image;
};

/** Faster by far than `new Map(map)`, which makes a pair of each entry. */
const copyOf = <Key, Value>(map: ReadonlyMap<Key, Value>): Map<Key, Value> => {
  const copy = new Map<Key, Value>();
  map.forEach((value, key) => copy.set(key, value));
  return copy;
};
