import type { FlexibleLoadRating } from './plant.js';

/** How long a load goes on, and stands, at least; s. */
export interface MinimumTimes {
  readonly minUpS: number;
  readonly minDownS: number;
}

/**
 * What is usual. A charger: the five minutes for which evcc guarded a charger's contactor (`guardduration`). What has a compressor: together
 * three starts an hour at most, which heat pump managers keep to for the grid operators' sake, and more than the five minutes of standing
 * in which its pressure evens out (Dimplex, Wärmepumpenmanager: Schaltspielsperre, Mindeststandzeit).
 */
const USUAL: Readonly<Record<FlexibleLoadRating['kind'], MinimumTimes>> = {
  charger: { minUpS: 300, minDownS: 300 },
  'heat-pump': { minUpS: 600, minDownS: 600 },
  cooling: { minUpS: 600, minDownS: 600 },
};

export const minimumTimes = ({ kind, minUpS, minDownS }: FlexibleLoadRating): MinimumTimes => ({
  minUpS: minUpS ?? USUAL[kind].minUpS,
  minDownS: minDownS ?? USUAL[kind].minDownS,
});
