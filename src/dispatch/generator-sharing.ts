import type { Watt } from '../kernel/units.js';

/** An engine that is to have its part of what several may give together. */
export interface Sharer {
  readonly minW: Watt;
  readonly ratedW: Watt;
}

/**
 * What each of several engines may give at most, so that together they keep to `roomW`: in their order each has its least power, as long as there is
 * enough for that; those that have it share the rest by their ratings. For the others nothing is left: half of two least powers runs neither.
 */
export const engineShares = (roomW: Watt, engines: readonly Sharer[]): Watt[] => {
  let leftW = Math.max(0, roomW);
  const runs = engines.map(({ minW }) => {
    if (minW > leftW) return false;
    leftW -= minW;
    return true;
  });
  const ratedW = engines.reduce((sum, engine, index) => (runs[index] ? sum + engine.ratedW : sum), 0 as Watt);
  return engines.map((engine, index) => (runs[index] ? engine.minW + (leftW * engine.ratedW) / ratedW : 0));
};
