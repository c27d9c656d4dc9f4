import type { Device, DeviceId, Site, SiteId } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { clamp, type Watt } from '../kernel/units.js';
import { within } from './band.js';
import { type BatteryCase, batteryDecision, decideBattery } from './battery-decision.js';
import { type BatteryMove, lastingW, shareAmong } from './battery-sharing.js';
import type { DecisionInput, DeviceDecision } from './decision.js';
import { comingW } from './generator-course.js';
import { deliveredBySite, signOf } from './event-delivery.js';
import { type GeneratorOffer, lowerGenerators, raiseGenerators } from './generator-merit.js';
import { splitInProportion } from './split.js';
import { fleetSunCaps, outputOf } from './sun-decision.js';

/** What may be told something now, for an event to be shared out over. */
export interface EventMeans {
  readonly batteries: readonly BatteryCase[];
  readonly generators: readonly { readonly site: Site; readonly device: Device; readonly offer: GeneratorOffer; readonly givesW: Watt }[];
  readonly suns: readonly Device[];
}

/** What a running event asks of each device; generators and sun that are absent are left to the plan. */
export interface EventShares {
  readonly batteries: ReadonlyMap<DeviceId, DeviceDecision>;
  readonly generatorsW: ReadonlyMap<DeviceId, Watt>;
  readonly sunCapsW: ReadonlyMap<DeviceId, Watt>;
  /** In the house's sign, as all of it is delivered and as much of it as can be at the moment. */
  readonly wantedW: Watt;
  readonly givenW: Watt;
}

/**
 * Shares a grid event out, in the order of what it costs. Up: batteries, as far as their energy lasts; then generators, those that run
 * first and the cheaper ones before the dearer; then batteries beyond that, while an engine warms up or where there is nothing else.
 * Down: generators that the plan runs give way, the dearest first; batteries charge; sun stays on the roofs last.
 * Whatever is delivered by the meters counts, whoever gives it, so that batteries make up within a cycle for what others do not do.
 */
export const shareEvent = (input: DecisionInput, means: EventMeans): EventShares | undefined => {
  const { event } = input;
  if (!event) return undefined;
  const sign = signOf(event);
  // What sites deliver, and then what they would deliver with the batteries that can be told something at rest.
  const atRest = deliveredBySite(input, event);
  const batteries = means.batteries.filter(({ site }) => atRest.has(site.id));
  const generators = means.generators.filter(({ site }) => atRest.has(site.id));
  for (const { site, partW } of batteries) atRest.set(site.id, atRest.get(site.id)! - sign * partW.batteryW);
  let restW: Watt = 0;
  atRest.forEach((siteW) => (restW += siteW));
  const generatorsW = shareOfGenerators(input, { batteries, generators }, restW);
  const comesW = sign * comingFrom(input, generators, generatorsW);
  const byBatteries = shareOfBatteries(input, batteries, atRest, Math.max(0, event.powerW - restW - comesW));
  const { decisions, givenW, openW, roomW } = byBatteries;
  const beyondW = restW + comesW - (1 + KEPT_BACK_SHARE) * event.powerW;
  const goOn = beyondW > 0 ? goingOn(input, batteries, atRest, beyondW) : NONE;
  const suns = event.direction === 'down' ? means.suns.filter(({ siteId }) => atRest.has(siteId)) : [];
  const sunCapsW = fleetSunCaps(input.image, suns, openW > 0 ? -openW : roomW);
  const sunW = Math.min(openW, sum(suns.map((device) => Math.max(0, outputOf(input.image, device) ?? 0))));
  return {
    batteries: goOn.size === 0 ? decisions : new Map([...decisions, ...goOn]),
    generatorsW,
    sunCapsW,
    wantedW: sign * event.powerW,
    givenW: sign * clamp(restW + comesW + givenW + sunW, 0, event.powerW),
  };
};

const NONE: EventShares['batteries'] = new Map();

/** Of what an event asks for, so much more is left to it before batteries go the other way: a cloud is there within seconds. */
const KEPT_BACK_SHARE = 0.05;

/**
 * What an event asks for may be there with batteries at rest, by sun that a baseline did not foresee, or because it is only coming up. What is
 * beyond it is for batteries to go on with the other way, as they would without the event; those of a home no further than its own
 * baseline, since it is paid from there on.
 */
const goingOn = (
  input: DecisionInput,
  batteries: readonly BatteryCase[],
  atRest: ReadonlyMap<SiteId, Watt>,
  beyondW: Watt,
): EventShares['batteries'] => {
  const event = input.event!;
  const sign = signOf(event);
  const wishes = batteries.map((battery) => decideBattery(input, battery));
  const couldW = batteries.map(({ site, part }, index) => {
    const { setpoint } = wishes[index]!;
    const againstW = setpoint?.kind === 'battery-power' ? Math.max(0, -sign * setpoint.powerW) : 0;
    return site.kind === 'home' ? Math.min(againstW, Math.max(0, part * atRest.get(site.id)!)) : againstW;
  });
  const decisions = new Map<DeviceId, DeviceDecision>();
  splitInProportion(beyondW, couldW).forEach((shareW, index) => {
    const [{ device, band }, { owner, reason }] = [batteries[index]!, wishes[index]!];
    const powerW = -sign * Math.floor(shareW);
    if (powerW !== 0)
      decisions.set(device.id, {
        ...batteryDecision(device, band, powerW, owner, `${reason}; ${event.id} has all that it asks for`),
        waitsWithin: undefined,
      });
  });
  return decisions;
};

/** What generators on their way to what they are told give more by the next decision: batteries that still filled in for it would give too much. */
const comingFrom = (input: DecisionInput, generators: EventMeans['generators'], toldW: ReadonlyMap<DeviceId, Watt>): Watt =>
  sum(
    generators.map(({ device, givesW }) =>
      comingW(input.generators.get(device.id)?.course, toldW.get(device.id) ?? givesW, device.generator!, input.atMs),
    ),
  );

const shareOfGenerators = (
  input: DecisionInput,
  { batteries, generators }: Pick<EventMeans, 'batteries' | 'generators'>,
  restW: Watt,
): ReadonlyMap<DeviceId, Watt> => {
  if (generators.length === 0) return new Map();
  const event = input.event!;
  const sign = signOf(event);
  const offers = generators.map(({ offer }) => offer);
  const withoutUsW = restW + sign * sum(generators.map(({ offer, givesW }) => offer.baseW - givesW));
  if (event.direction === 'down') return lowerGenerators(event.powerW - withoutUsW, offers);
  const lasting = batteries.map((battery) => Math.max(0, Math.min(lastingW(input, battery, sign, event.endMs), battery.band.maxW)));
  return raiseGenerators(event.powerW - withoutUsW - sum(lasting), offers, sum(lasting));
};

/** One that does not follow counts for what it does. */
const doneAtMostW = ({ unfollowing }: DecisionInput, { device, partW }: BatteryCase, sign: 1 | -1): Watt =>
  unfollowing?.has(device.id) ? Math.max(0, sign * partW.batteryW) : Infinity;

/**
 * Each home is first brought to its own baseline, because it is paid from there on; what is open then goes by the energy that each battery
 * has for it. Homes come before community batteries, which fill what they leave open. `roomW`: what batteries could still do,
 * `openW`: what they cannot; one of them is 0.
 */
const shareOfBatteries = (input: DecisionInput, batteries: readonly BatteryCase[], atRest: ReadonlyMap<SiteId, Watt>, totalW: Watt) => {
  const event = input.event!;
  const sign = signOf(event);
  const behindW = batteries.map(({ site, part }) => Math.max(0, -part * atRest.get(site.id)!));
  const share = Math.min(1, totalW / Math.max(sum(behindW), 1));
  const moves: BatteryMove[] = batteries.map((battery, index) => ({
    battery,
    fromW: within(battery.band, sign * Math.min(share * behindW[index]!, doneAtMostW(input, battery, sign))),
  }));
  const byBaselineW = sign * sum(moves.map(({ fromW }) => fromW));
  const openW = Math.max(0, totalW - byBaselineW);
  const homes = moves.filter(({ battery }) => battery.site.kind === 'home');
  const others = moves.filter(({ battery }) => battery.site.kind !== 'home');
  const byHomes = shareAmong(input, homes, sign * openW, `event:${event.id}`, `delivers to ${event.id}`);
  const byOthers = shareAmong(input, others, sign * openW - byHomes.givenW, `event:${event.id}`, `fills up ${event.id}`);
  const sharedW = sign * (byHomes.givenW + byOthers.givenW);
  const mostW = sum(moves.map(({ battery: { band }, fromW }) => (sign > 0 ? band.maxW - fromW : fromW - band.minW)));
  return {
    decisions: others.length === 0 ? byHomes.decisions : new Map([...byHomes.decisions, ...byOthers.decisions]),
    givenW: byBaselineW + sharedW,
    openW: Math.max(0, openW - sharedW),
    roomW: Math.max(0, mostW - sharedW),
  };
};
