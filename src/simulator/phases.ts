import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';
import { phasesInUse } from './charger.js';
import type { SiteState } from './site-state.js';
import type { VirtualSite } from './spec.js';

/** What flows through each phase of the connection, import positive. What charges on a single phase does so on the first; all else is on all alike. */
export const phasePowersW = (
  { chargers = [] }: Pick<VirtualSite, 'chargers'>,
  { powers: { gridW }, chargers: now, chargerMeansW }: Pick<SiteState, 'powers' | 'chargers' | 'chargerMeansW'>,
): readonly [Watt, Watt, Watt] | undefined => {
  if (gridW === undefined) return undefined;
  const onFirstW = sum(
    chargers.filter((charger) => phasesInUse(now[charger.id] ?? {}, charger) === 1).map(({ id }) => chargerMeansW[id] ?? 0),
  );
  const eachW = (gridW - onFirstW) / 3;
  return [eachW + onFirstW, eachW, eachW];
};
