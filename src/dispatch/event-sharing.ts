import type { DeviceId } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { clamp, type Watt } from '../kernel/units.js';
import { within } from './band.js';
import { type BatteryCase, batteryDecision, decideBattery } from './battery-decision.js';
import { shareOf } from './battery-rules.js';
import { type BatteryMove, type BatteryShares, lastingW, shareAmong } from './battery-sharing.js';
import type { DecisionInput, DeviceDecision, RunningEvent } from './decision.js';
import { comingW } from './generator-course.js';
import { signOf } from './event-delivery.js';
import { type GeneratorOffer, lowerGenerators, raiseGenerators } from './generator-merit.js';
import type { AbleControl, SiteCase } from './site-case.js';
import { splitInProportion } from './split.js';
import { fleetSunCaps, outputOf } from './sun-decision.js';

/** What may be told something now, for an event to be shared out over. */
export interface EventMeans {
  readonly batteries: readonly BatteryCase[];
  readonly generators: readonly (AbleControl & { readonly offer: GeneratorOffer })[];
  readonly suns: readonly AbleControl[];
}

/** What a running event asks of each device; those that are absent are left to the plan. */
export interface EventShares {
  /** By their place among those that can be told something. */
  readonly batteries: readonly (DeviceDecision | undefined)[];
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
export const shareEvent = (input: DecisionInput, sites: readonly SiteCase[], means: EventMeans): EventShares | undefined => {
  const { event } = input;
  if (!event) return undefined;
  const sign = signOf(event);
  // What sites deliver, and then what they would deliver with the batteries that can be told something at rest.
  const atRestW = sites.map(({ deliveredW }) => deliveredW);
  const batteries = means.batteries.filter(({ site }) => takesPart(site));
  const generators = means.generators.filter(({ site }) => takesPart(site));
  for (const { site, givesW } of batteries) atRestW[site.index]! -= sign * givesW;
  let restW: Watt = 0;
  for (const siteW of atRestW) restW += siteW ?? 0;
  const generatorsW = shareOfGenerators(input, { batteries, generators }, restW);
  const comesW = sign * comingFrom(input, generators, generatorsW);
  const byBatteries = shareOfBatteries(input, batteries, atRestW, Math.max(0, event.powerW - restW - comesW));
  const { decisions, givenW, openW, roomW } = byBatteries;
  const beyondW = restW + comesW - (1 + KEPT_BACK_SHARE) * event.powerW;
  const asked: (DeviceDecision | undefined)[] = means.batteries.map(() => undefined);
  for (const { battery, decision } of decisions) asked[battery.index] = decision;
  if (beyondW > 0) for (const { battery, decision } of goingOn(input, event, batteries, atRestW, beyondW)) asked[battery.index] = decision;
  const suns = event.direction === 'down' ? means.suns.filter(({ site }) => takesPart(site)) : [];
  const sunCapsW = fleetSunCaps(suns, openW > 0 ? -openW : roomW);
  const sunW = Math.min(openW, sum(suns.map(({ own }) => Math.max(0, outputOf(own) ?? 0))));
  return {
    batteries: asked,
    generatorsW,
    sunCapsW,
    wantedW: sign * event.powerW,
    givenW: sign * clamp(restW + comesW + givenW + sunW, 0, event.powerW),
  };
};

const takesPart = ({ deliveredW }: SiteCase): boolean => deliveredW !== undefined;

/** What a battery is to do for an event, or beside it. */
interface BatteryShare {
  readonly battery: BatteryCase;
  readonly decision: DeviceDecision;
}

/** Of what an event asks for, so much more is left to it before batteries go the other way: a cloud is there within seconds. */
const KEPT_BACK_SHARE = 0.05;

/**
 * What an event asks for may be there with batteries at rest, by sun that a baseline did not foresee, or because it is only coming up. What is
 * beyond it is for batteries to go on with the other way, as they would without the event; those of a home no further than its own
 * baseline, since it is paid from there on.
 */
const goingOn = (
  input: DecisionInput,
  event: RunningEvent,
  batteries: readonly BatteryCase[],
  atRestW: readonly (Watt | undefined)[],
  beyondW: Watt,
): BatteryShare[] => {
  const sign = signOf(event);
  const wishes = batteries.map((battery) => decideBattery(input, battery));
  const couldW = batteries.map(({ site, shares }, index) => {
    const { setpoint } = wishes[index]!;
    const againstW = setpoint?.kind === 'battery-power' ? Math.max(0, -sign * setpoint.powerW) : 0;
    return site.site.kind === 'home' ? Math.min(againstW, Math.max(0, -sign * shareOf(shares, -sign * atRestW[site.index]!))) : againstW;
  });
  return splitInProportion(beyondW, couldW).flatMap((shareW, index) => {
    const [battery, { owner, reason }] = [batteries[index]!, wishes[index]!];
    const powerW = -sign * Math.floor(shareW);
    if (powerW === 0) return [];
    const { own, band } = battery;
    const decision = batteryDecision(own.device, band, powerW, owner, `${reason}; ${event.id} has all that it asks for`);
    return [{ battery, decision: { ...decision, waitsWithin: undefined } }];
  });
};

/** What generators on their way to what they are told give more by the next decision: batteries that still filled in for it would give too much. */
const comingFrom = (input: DecisionInput, generators: EventMeans['generators'], toldW: ReadonlyMap<DeviceId, Watt>): Watt =>
  sum(
    generators.map(({ own: { device }, offer: { givesW } }) =>
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
  const withoutUsW = restW + sign * sum(offers.map(({ baseW, givesW }) => baseW - givesW));
  if (event.direction === 'down') return lowerGenerators(event.powerW - withoutUsW, offers);
  const mostW = sum(batteries.map(({ band }) => Math.max(0, band.maxW)));
  const slackW = sum(batteries.map((battery) => Math.max(0, Math.min(lastingW(input, battery, sign, event.endMs), battery.band.maxW))));
  return raiseGenerators(event.powerW - withoutUsW - slackW, offers, { slackW, bearW: mostW - slackW });
};

/** One that does not follow counts for what it does. */
const doneAtMostW = ({ unfollowing }: DecisionInput, { own, givesW }: BatteryCase, sign: 1 | -1): Watt =>
  unfollowing?.has(own.device.id) ? Math.max(0, sign * givesW) : Infinity;

/**
 * Each home is first brought to its own baseline, because it is paid from there on; what is open then goes by the energy that each battery
 * has for it. Homes come before community batteries, which fill what they leave open. `roomW`: what batteries could still do,
 * `openW`: what they cannot; one of them is 0.
 */
const shareOfBatteries = (
  input: DecisionInput,
  batteries: readonly BatteryCase[],
  atRestW: readonly (Watt | undefined)[],
  totalW: Watt,
) => {
  const event = input.event!;
  const sign = signOf(event);
  const behindW = batteries.map(({ site, shares }) => Math.max(0, sign * shareOf(shares, -sign * atRestW[site.index]!)));
  const share = Math.min(1, totalW / Math.max(sum(behindW), 1));
  const moves: BatteryMove[] = batteries.map((battery, index) => ({
    battery,
    fromW: within(battery.band, sign * Math.min(share * behindW[index]!, doneAtMostW(input, battery, sign))),
  }));
  const byBaselineW = sign * sum(moves.map(({ fromW }) => fromW));
  const openW = Math.max(0, totalW - byBaselineW);
  const homes = moves.filter(({ battery }) => battery.site.site.kind === 'home');
  const others = moves.filter(({ battery }) => battery.site.site.kind !== 'home');
  const byHomes = shareAmong(input, homes, sign * openW, `event:${event.id}`, `delivers to ${event.id}`);
  const byOthers = shareAmong(input, others, sign * openW - byHomes.givenW, `event:${event.id}`, `fills up ${event.id}`);
  const sharedW = sign * (byHomes.givenW + byOthers.givenW);
  const mostW = sum(moves.map(({ battery: { band }, fromW }) => (sign > 0 ? band.maxW - fromW : fromW - band.minW)));
  return {
    decisions: [...sharesOf(homes, byHomes), ...sharesOf(others, byOthers)],
    givenW: byBaselineW + sharedW,
    openW: Math.max(0, openW - sharedW),
    roomW: Math.max(0, mostW - sharedW),
  };
};

const sharesOf = (moves: readonly BatteryMove[], { decisions }: BatteryShares): BatteryShare[] =>
  decisions.map((decision, index) => ({ battery: moves[index]!.battery, decision }));
