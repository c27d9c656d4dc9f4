import type { Consent, Site } from '../fleet/plant.js';
import type { WattHour } from '../kernel/units.js';

/**
 * How much a home has been used for events: what it delivered in the billing period, in full cycles of the energy that its household puts
 * at disposal (capacity between its reserve floor and full). 0 where it puts nothing at disposal.
 */
export const eventCycles = (site: Site, consent: Consent | undefined, deliveredWh: WattHour): number => {
  const usableWh = site.devices.reduce((sum, { battery }) => {
    if (!battery) return sum;
    const leastPct = Math.max(battery.minSocPct, consent?.reserveFloorPct ?? 0);
    return sum + (Math.max(0, battery.maxSocPct - leastPct) / 100) * battery.capacityWh;
  }, 0);
  return usableWh > 0 ? deliveredWh / usableWh : 0;
};

/** Weights of homes in the next split: one that was used more than the mean is asked for less, and the other way round. All 1 where all are even. */
export const fairWeights = (cycles: readonly number[]): number[] => {
  const mean = cycles.reduce((a, b) => a + b, 0) / Math.max(1, cycles.length);
  return cycles.map((each) => (1 + mean) / (1 + each));
};

/** Jain's fairness index (Jain, Chiu, Hawe 1984, DEC-TR-301): 1 where all have been used alike, 1/n where one was used alone. 1 where none was. */
export const jainIndex = (values: readonly number[]): number => {
  const sum = values.reduce((a, b) => a + b, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
};
