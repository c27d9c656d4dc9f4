import type { Watt } from '../kernel/units.js';
import type { EventCapacity } from './event-capacity.js';
import { eventShortfall, type EventShortfall } from './event-shortfall.js';

/** What a plant says to a wish of the grid: how much of it is to be expected, and why not the rest. Powers in the event's direction. */
export interface EventAnswer {
  readonly verdict: 'accepted' | 'in-part' | 'refused';
  readonly acceptedW: Watt;
  readonly shortfall: EventShortfall;
  /** In words, the largest first; none where all of it is accepted. */
  readonly reasons: readonly string[];
}

const WORDS: Readonly<Record<keyof EventShortfall, (watts: string) => string>> = {
  offlineW: (watts) => `${watts} of devices that do not answer, are locked out or have failed`,
  reserveW: (watts) => `${watts} that batteries do not hold above their reserve, or have no room for, over so long a time`,
  optedOutW: (watts) => `${watts} of households that stay out`,
  otherW: (watts) => `${watts} more than all devices together are rated for`,
};

/** Refused only where nothing at all can be given; whatever can be is accepted. */
export const eventAnswer = (requestedW: Watt, capacity: EventCapacity): EventAnswer => {
  const acceptedW = Math.min(requestedW, capacity.availableW);
  const shortfall = eventShortfall(requestedW, acceptedW, capacity);
  const named = (Object.keys(WORDS) as (keyof EventShortfall)[]).filter((part) => shortfall[part] >= 1);
  const reasons = named.toSorted((a, b) => shortfall[b] - shortfall[a]).map((part) => WORDS[part](`${Math.round(shortfall[part])} W`));
  const verdict = acceptedW < 1 ? 'refused' : reasons.length === 0 ? 'accepted' : 'in-part';
  return { verdict, acceptedW: Math.floor(acceptedW), shortfall, reasons };
};
