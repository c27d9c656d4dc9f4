import type { Site, SiteId } from '../fleet/plant.js';
import type { Teller } from './history.js';

/** What a forecast needs to know of a site. */
export type ForecastSite = Pick<Site, 'id' | 'zone' | 'kind' | 'location'> & { readonly devices: readonly Teller[] };

/** Under which name the models that all sites of a kind share are kept. */
export const poolOf = ({ kind }: Pick<Site, 'kind'>): SiteId => `pool ${kind}`;
