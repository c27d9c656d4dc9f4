import type { ControllableLoad, Device, Site } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';

/** What one load may draw at least while it is dimmed. */
const LEAST_W: Watt = 4_200;
/** Heat pumps and cooling above this keep a share of their rating instead. */
const LARGE_ABOVE_W: Watt = 11_000;
const LARGE_SHARE = 0.4;
/** Simultaneity factor (Gleichzeitigkeitsfaktor) for 2, 3, … loads behind one energy manager; from 9 on the last. */
const SIMULTANEITY = [0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45];

/**
 * The grid draw that a network operator has to leave the controllable loads of one connection while it dims them (Bundesnetzagentur,
 * BK6-22-300, Anlage 1, 4.5.1 and 4.5.2), W. One load keeps 4.2 kW, a large heat pump or cooling 0.4 of its rating where that is more.
 * Several behind an energy manager share max(4.2 kW; 0.4·ΣP of large heat pumps; 0.4·ΣP of large cooling) + (n − 1)·GZF·4.2 kW.
 * No load: 0. What the house draws otherwise is not dimmed.
 */
export const leastDimmedDrawW = (loads: readonly ControllableLoad[]): Watt => {
  if (loads.length === 0) return 0;
  const largeW = (kind: ControllableLoad['kind']): Watt =>
    loads.reduce((sum, load) => (load.kind === kind && load.ratedW > LARGE_ABOVE_W ? sum + load.ratedW : sum), 0);
  const firstW = Math.max(LEAST_W, LARGE_SHARE * largeW('heat-pump'), LARGE_SHARE * largeW('cooling'));
  const others = loads.length - 1;
  const factor = others === 0 ? 0 : SIMULTANEITY[Math.min(others, SIMULTANEITY.length) - 1]!;
  return firstW + others * factor * LEAST_W;
};

/** Those of a site's controllable loads that are commanded here: its batteries, and as many of each other kind as it has devices of. */
const isCommanded = (devices: readonly Device[]): ((load: ControllableLoad) => boolean) => {
  const kinds = devices.flatMap(({ flexibleLoad, reversion }) => (flexibleLoad && reversion !== 'none' ? [flexibleLoad.kind] : []));
  return ({ kind }) => {
    if (kind === 'battery') return true;
    const index = kinds.indexOf(kind);
    if (index >= 0) kinds.splice(index, 1);
    return index >= 0;
  };
};

/**
 * What of it is left to those of a site's loads that are commanded here: the others have controls of their own, and keep what they would
 * have by themselves. What sun and battery behind the same meter give comes on top, since it is not drawn from the grid.
 */
export const dimmedDrawW = ({ controllableLoads = [], devices }: Pick<Site, 'controllableLoads' | 'devices'>): Watt => {
  const commanded = isCommanded(devices);
  return Math.max(0, leastDimmedDrawW(controllableLoads) - leastDimmedDrawW(controllableLoads.filter((load) => !commanded(load))));
};
