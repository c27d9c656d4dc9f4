import type { Watt } from '../kernel/units.js';
import type { EventShortfall } from '../signals/grid-event.js';
import type { EventCapacity } from './event-capacity.js';

/** To be told and kept. */
export const inWholeWatts = ({ offlineW, reserveW, optedOutW, limitedW, otherW }: EventShortfall): EventShortfall => ({
  offlineW: Math.round(offlineW),
  reserveW: Math.round(reserveW),
  optedOutW: Math.round(optedOutW),
  limitedW: Math.round(limitedW),
  otherW: Math.round(otherW),
});

/** Requested → offline → reserve → opted out → limits → delivered: each reason is charged with what it holds back, up to what is still missing. */
export const eventShortfall = (requestedW: Watt, deliveredW: Watt, held: Omit<EventCapacity, 'availableW'>): EventShortfall => {
  let missingW = Math.max(0, requestedW - Math.max(0, deliveredW));
  const charge = (mostW: Watt): Watt => {
    const partW = Math.min(missingW, mostW);
    missingW -= partW;
    return partW;
  };
  const [offlineW, reserveW, optedOutW] = [charge(held.offlineW), charge(held.reserveW), charge(held.optedOutW)];
  return { offlineW, reserveW, optedOutW, limitedW: charge(held.limitedW), otherW: missingW };
};
