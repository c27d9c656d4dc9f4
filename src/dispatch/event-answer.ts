import type { Watt } from '../kernel/units.js';
import type { EventPromise, EventShortfall } from '../signals/grid-event.js';
import type { EventCapacity } from './event-capacity.js';
import { eventShortfall, inWholeWatts } from './event-shortfall.js';

/** What a plant says to a wish of the grid: how much of it is to be expected, and why not the rest. Powers in the event's direction. */
export interface EventAnswer extends EventPromise {
  readonly verdict: 'accepted' | 'in-part' | 'refused';
  /** In words, the largest first; none where all of it is accepted. */
  readonly reasons: readonly string[];
}

const WORDS: Readonly<Record<keyof EventShortfall, (watts: string) => string>> = {
  offlineW: (watts) => `${watts} of devices that do not answer, are locked out or have failed`,
  reserveW: (watts) => `${watts} that batteries do not hold above their reserve, or have no room for, over so long a time`,
  optedOutW: (watts) => `${watts} of households that stay out`,
  limitedW: (watts) => `${watts} that operators' limits, or what connections and inverters bear, leave no room for`,
  otherW: (watts) => `${watts} more than all devices together are rated for`,
};

/** What can be promised of a wish: whole watts, and what of it is missing. */
export const eventPromise = (requestedW: Watt, capacity: EventCapacity): EventPromise => {
  const acceptedW = Math.min(requestedW, capacity.availableW);
  return { acceptedW: Math.floor(acceptedW), shortfall: inWholeWatts(eventShortfall(requestedW, acceptedW, capacity)) };
};

/** A promise in words. Refused only where nothing at all can be given; whatever can be is accepted. */
export const eventAnswer = (promise: EventPromise): EventAnswer => {
  const { acceptedW, shortfall } = promise;
  const named = (Object.keys(WORDS) as (keyof EventShortfall)[]).filter((part) => shortfall[part] >= 1);
  const reasons = named.toSorted((a, b) => shortfall[b] - shortfall[a]).map((part) => WORDS[part](`${shortfall[part]} W`));
  return { ...promise, verdict: acceptedW < 1 ? 'refused' : reasons.length === 0 ? 'accepted' : 'in-part', reasons };
};
