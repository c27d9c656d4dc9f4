import type { Device } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { clamp, type Watt } from '../kernel/units.js';
import { splitWithin } from './split.js';

/** One of a site's inverters that share a limit, at its terminal. W ≥ 0. */
export interface SunSharer {
  readonly ratedW: Watt;
  readonly givesW: Watt;
  /** What it could give, where that is known; otherwise what it gives. */
  readonly couldW: Watt;
  /** Of a hybrid: what its battery gives or is to give besides, and gives way with to its own sun. */
  readonly batteryW: Watt;
  /** What somebody else lets it give, at most its rating. */
  readonly mostW: Watt;
}

export interface SunShare {
  /** Whole watts, which together never pass the limit. */
  readonly maxW: Watt;
  /** It gets all that it wants. */
  readonly isAmple: boolean;
  /** A lower limit down to this may stay with it. */
  readonly keepsFromW: Watt;
}

/**
 * What each of a site's inverters may give, so that together they keep to a limit. While all get what they want, the rest goes to whoever would have less than his
 * part by the ratings; once they want more than there is, nobody has more than he wants, and the others share by their ratings. So
 * one that lies in the shade leaves its part to the others, and keeps enough to rise by.
 */
export const shareSun = (limitW: Watt, sharers: readonly SunSharer[]): SunShare[] => {
  const allW = sum(sharers.map(({ givesW, batteryW }) => givesW + batteryW));
  const wantsW = sharers.map((sharer) => wanted(sharer, limitW - (allW - sharer.givesW - sharer.batteryW)));
  const sharesW = sunShares(
    limitW,
    sharers.map(({ ratedW, mostW }, index) => ({ ratedW, mostW, wantsW: wantsW[index]! })),
  );
  const stepW = WANT_STEP * Math.max(...sharers.map(({ ratedW }) => ratedW));
  return sharers.map(({ ratedW, couldW, batteryW }, index) => {
    const shareW = sharesW[index]!;
    const isAmple = shareW >= wantsW[index]!;
    const enoughW = isAmple ? Math.min(shareW, couldW + Math.max(batteryW, ENOUGH * ratedW)) : shareW - stepW;
    return { maxW: Math.floor(shareW + FLOAT_SLACK_W), isAmple, keepsFromW: enoughW - FLOAT_SLACK_W };
  });
};

/** Where the meter tells what is free, wants go in steps of this share of the rating: less lies idle, and is written more often. */
const METERED_STEP = 0.01;

/**
 * The same for a limit that is kept by the meter: who is known to give all that he could has room for nothing else, since what he does not use lies idle, and
 * what is left over goes to those of whom that is not known (`mayGiveMore`, one for each).
 */
export const shareByMeter = (limitW: Watt, sharers: readonly SunSharer[], mayGiveMore: readonly boolean[]): Watt[] => {
  const isAnyUnknown = mayGiveMore.includes(true);
  return sunShares(
    limitW,
    sharers.map(({ ratedW, givesW, couldW, batteryW, mostW }, index) => {
      const stepW = METERED_STEP * ratedW;
      const sunW = Math.ceil((couldW + (mayGiveMore[index] ? RISES_LEAST * ratedW : 0)) / stepW) * stepW;
      const wantsW = Math.min(ratedW, Math.max(sunW, givesW + batteryW));
      return { ratedW, wantsW, mostW: isAnyUnknown && !mayGiveMore[index] ? Math.min(mostW, wantsW) : mostW };
    }),
  );
};

const FLOAT_SLACK_W = 1e-6;

export interface SunWish extends Pick<SunSharer, 'ratedW' | 'mostW'> {
  readonly wantsW: Watt;
}

export const sunShares = (limitW: Watt, wishes: readonly SunWish[]): Watt[] => {
  const wantedW = wishes.map(({ wantsW, mostW }) => Math.min(wantsW, mostW));
  const isEnough = sum(wantedW) <= limitW;
  return splitWithin(
    limitW,
    wishes.map(({ ratedW, mostW }, index) => ({
      leastW: isEnough ? wantedW[index]! : 0,
      mostW: isEnough ? mostW : wantedW[index]!,
      weight: ratedW,
    })),
  );
};

/** Sun may come to give twice as much by the next decision, and no more: it is held to what is left to it. As shares of its rating. */
const RISES_LEAST = 0.02;
const RISES_MOST = 0.1;

export const risen = ({ ratedW }: Pick<Device, 'ratedW'>, sunW: Watt): Watt =>
  Math.min(ratedW, sunW + clamp(sunW, RISES_LEAST * ratedW, RISES_MOST * ratedW));

/** What sun wants goes up and down in steps of this share of its rating, or each breath of a cloud would be written to all inverters of its site. */
const WANT_STEP = 0.025;
/** Where others have not taken it yet, it keeps so much more, or a cloud that goes to and fro about a step would have them rise and fall with it. */
const KEEPS = 0.02;
/** So much above what it gives, or could give, is still enough to rise by: a limit is not written anew for more. */
const ENOUGH = 0.01;

/**
 * What an inverter gives and may come to give by the next decision, or could give were it not held. It is never more than is kept free for it beside batteries
 * (`risen`), unless it could give that: else one inverter's step would be taken from what another one gives already. `leftW`: what the others leave of the limit.
 */
export const wanted = ({ ratedW, givesW, couldW, batteryW }: Omit<SunSharer, 'mostW'>, leftW: Watt): Watt => {
  const stepW = WANT_STEP * ratedW;
  const stepped = (marginW: Watt): Watt => Math.ceil((couldW + marginW) / stepW) * stepW;
  const keptW = stepped((RISES_LEAST + KEEPS) * ratedW);
  const steppedW = keptW <= leftW + stepW / 2 ? keptW : stepped(RISES_LEAST * ratedW);
  return Math.min(ratedW, Math.max(couldW, givesW + batteryW, Math.min(steppedW, risen({ ratedW }, givesW))));
};
