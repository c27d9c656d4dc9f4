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
  readonly runs: boolean;
  /** Neither its minimum down time nor a failed start keeps it standing. */
  readonly mayStart: boolean;
  /** Its minimum up time is over. */
  readonly mayStop: boolean;
  /** Fuel for one more kWh, and its share of idling at full power; micro-units. */
  readonly costMicroPerKwh: number;
}

/** A standing generator is not started for less than this share of its least power: batteries bear that for a while. */
const WORTH_A_START = 0.5;

/**
 * Outputs that together give `needW` more than the bases do, as nearly as least powers and start rules allow. Those that run come first
 * and then the cheaper ones. One is started where what is still open is worth it, and only if batteries can give way for what its
 * least power is too much: they have `slackW` to give back.
 */
export const raiseGenerators = (needW: Watt, offers: readonly GeneratorOffer[], slackW: Watt): ReadonlyMap<DeviceId, Watt> => {
  let openW = needW;
  return new Map(
    byMerit(offers).map((offer) => {
      const { deviceId, baseW, minW, maxW, runs, mayStart } = offer;
      const worthIt = runs || baseW > 0 ? openW > 0 : mayStart && openW >= WORTH_A_START * minW && minW <= openW + slackW;
      if (!worthIt || maxW < minW) return [deviceId, baseW];
      const outputW = Math.max(baseW, Math.min(Math.max(baseW + openW, minW), maxW));
      openW -= outputW - baseW;
      return [deviceId, outputW];
    }),
  );
};

/** Outputs that together give `needW` less than the bases do: the dearest gives way first, and stops where all of it is to go. */
export const lowerGenerators = (needW: Watt, offers: readonly GeneratorOffer[]): ReadonlyMap<DeviceId, Watt> => {
  let openW = needW;
  return new Map(
    byMerit(offers)
      .reverse()
      .map(({ deviceId, baseW, minW, mayStop }) => {
        const stops = mayStop && openW >= baseW;
        const outputW = openW <= 0 ? baseW : stops ? 0 : Math.min(baseW, Math.max(minW, baseW - openW));
        openW -= baseW - outputW;
        return [deviceId, outputW];
      }),
  );
};

const byMerit = (offers: readonly GeneratorOffer[]): GeneratorOffer[] =>
  offers.toSorted((a, b) => Number(b.runs) - Number(a.runs) || a.costMicroPerKwh - b.costMicroPerKwh);
