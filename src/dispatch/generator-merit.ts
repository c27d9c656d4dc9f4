import type { DeviceId } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';

/** What a generator can do for an event. Powers are its output, ≥ 0. */
export interface GeneratorOffer {
  readonly deviceId: DeviceId;
  /** What it gives without the event: what the plan has it give, or its least while its minimum up time holds it. */
  readonly baseW: Watt;
  readonly minW: Watt;
  /** Its rating, or what its connection still takes where that is less. */
  readonly maxW: Watt;
  /** It turns; as long as it warms up it gives nothing yet. */
  readonly runs: boolean;
  readonly isWarm: boolean;
  /** What it gives now: of those that cost the same the one that gives most goes on doing so. */
  readonly givesW: Watt;
  /** Neither its minimum down time nor a failed start keeps it standing. */
  readonly mayStart: boolean;
  /** Its minimum up time is over. */
  readonly mayStop: boolean;
  /** Fuel for one more kWh, and its share of idling at full power; micro-units. */
  readonly costMicroPerKwh: number;
}

/** What batteries have for an event beside what they can keep up to its end. */
export interface BatteriesBeside {
  /** So much of it they could give back. */
  readonly slackW: Watt;
  /** So much more they could give for a while. */
  readonly bearW: Watt;
}

/** A standing generator is not started for less than this share of its least power, as long as batteries can bear that. */
const WORTH_A_START = 0.5;
/** For less than this share of what is needed none is started at all. */
const NOTICED = 0.02;
/** One that runs is not let go before others could do without it by this share of its least power: it would be missed with the next kettle. */
const SPARED_FROM = 0.25;

/**
 * Outputs that together give `needW` more than the bases do, as nearly as least powers and start rules allow. Those that run come first
 * and then the cheaper ones. One is started where what is still open is worth it, or nobody else could bear it, and only if others can give way for what its
 * least power is too much: generators before it go down to theirs, and batteries give back.
 */
export const raiseGenerators = (
  needW: Watt,
  offers: readonly GeneratorOffer[],
  { slackW, bearW }: BatteriesBeside,
): ReadonlyMap<DeviceId, Watt> => {
  const outputsW = new Map<DeviceId, Watt>();
  const raised: GeneratorOffer[] = [];
  const leastW = ({ baseW, minW }: GeneratorOffer): Watt => Math.max(baseW, minW);
  let openW = needW;
  for (const offer of byMerit(offers)) {
    const { deviceId, baseW, minW, maxW, runs, mayStart } = offer;
    const canGiveWayW = raised.reduce((sum, other) => sum + outputsW.get(other.deviceId)! - leastW(other), 0);
    const isWorthIt = openW >= WORTH_A_START * minW || openW > bearW + NOTICED * (needW + slackW);
    const isWorthAStart = mayStart && isWorthIt && minW <= openW + canGiveWayW + slackW;
    const isMissed = openW > 0 || (runs && openW > -SPARED_FROM * minW && minW <= openW + slackW);
    const isRaised = maxW >= minW && (runs || baseW > 0 ? isMissed : isWorthAStart);
    const outputW = isRaised ? Math.max(baseW, Math.min(Math.max(baseW + openW, minW), maxW)) : baseW;
    outputsW.set(deviceId, outputW);
    openW -= outputW - baseW;
    // As long as it warms up nobody gives way for it.
    for (const other of offer.isWarm ? raised.toReversed() : []) {
      const givenUpW = Math.min(Math.max(0, -openW), outputsW.get(other.deviceId)! - leastW(other));
      outputsW.set(other.deviceId, outputsW.get(other.deviceId)! - givenUpW);
      openW += givenUpW;
    }
    if (isRaised) raised.push(offer);
  }
  return outputsW;
};

/** Below this share of its least power one that runs is stopped rather than to be too much; one that stands is started for `WORTH_A_START` of it. */
const STOPPED_BELOW = 0.25;

/** Outputs that together give `needW` less than the bases do: the dearest gives way first, and stops where nearly all of it is to go. */
export const lowerGenerators = (needW: Watt, offers: readonly GeneratorOffer[]): ReadonlyMap<DeviceId, Watt> => {
  let openW = needW;
  return new Map(
    byMerit(offers)
      .reverse()
      .map(({ deviceId, baseW, minW, runs, mayStop }) => {
        const stops = (mayStop || !runs) && openW > 0 && baseW - openW <= (runs ? STOPPED_BELOW : WORTH_A_START) * minW;
        const outputW = openW <= 0 ? baseW : stops ? 0 : Math.min(baseW, Math.max(minW, baseW - openW));
        openW -= baseW - outputW;
        return [deviceId, outputW];
      }),
  );
};

const byMerit = (offers: readonly GeneratorOffer[]): GeneratorOffer[] =>
  offers.toSorted(
    (a, b) =>
      Number(b.isWarm) - Number(a.isWarm) ||
      Number(b.runs) - Number(a.runs) ||
      a.costMicroPerKwh - b.costMicroPerKwh ||
      b.givesW - a.givesW,
  );
