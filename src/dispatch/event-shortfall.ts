import type { Watt } from '../kernel/units.js';
import type { EventCapacity } from './event-capacity.js';

/** What of an event's power is missing, and for which reason; the parts and what is delivered add up to what is asked for. */
export interface EventShortfall {
  readonly offlineW: Watt;
  readonly reserveW: Watt;
  readonly optedOutW: Watt;
  /** Limits, engines on their way up, homes that draw more than their baseline, and more asked for than there is. */
  readonly otherW: Watt;
}

/** Requested → offline → reserve → opted out → delivered: each reason is charged with what it holds back, up to what is still missing. */
export const eventShortfall = (requestedW: Watt, deliveredW: Watt, held: Omit<EventCapacity, 'availableW'>): EventShortfall => {
  let missingW = Math.max(0, requestedW - Math.max(0, deliveredW));
  const charge = (mostW: Watt): Watt => {
    const partW = Math.min(missingW, mostW);
    missingW -= partW;
    return partW;
  };
  const [offlineW, reserveW, optedOutW] = [charge(held.offlineW), charge(held.reserveW), charge(held.optedOutW)];
  return { offlineW, reserveW, optedOutW, otherW: missingW };
};
