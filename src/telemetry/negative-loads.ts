import type { SiteId } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, MINUTE_MS, type Watt } from '../kernel/units.js';
import type { PlantImage } from './image.js';

/** Meters of one site are not read at one moment, so a small and short negative load is none. */
const NEGATIVE_W: Watt = -200;
const LASTING_MS: DurationMs = 15 * MINUTE_MS;

/**
 * Sites whose balance has long come out below nothing. No household gives what its sun and battery do not, so a meter there is
 * counted the wrong way round, counted twice, or another one is missing: nothing that its device could show by itself.
 */
export class NegativeLoads {
  private readonly sinceMs = new Map<SiteId, EpochMs>();

  /** Takes the image of a moment; answers the sites of which this is true by now. */
  follow(image: PlantImage): ReadonlySet<SiteId> {
    const lasting = new Set<SiteId>();
    for (const { siteId, loadW } of image.sites.values()) {
      if (loadW === undefined) continue;
      if (loadW >= NEGATIVE_W) this.sinceMs.delete(siteId);
      else if (!this.sinceMs.has(siteId)) this.sinceMs.set(siteId, image.atMs);
      if (image.atMs - (this.sinceMs.get(siteId) ?? image.atMs) >= LASTING_MS) lasting.add(siteId);
    }
    return lasting;
  }
}
