import type { SiteId } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, MINUTE_MS, type Watt } from '../kernel/units.js';
import type { LoadRange } from './decision.js';

/** A house goes on as it was for about so long: a quarter-hour's mean of it is a substitute value that meter operators use as well. */
export const HELD_MS: DurationMs = 15 * MINUTE_MS;

interface Remembered {
  readonly lastW: Watt | undefined;
  readonly sinceMs: EpochMs;
}

/**
 * What houses whose meter has fallen silent may draw besides their flexible loads: what they drew last, for a quarter of an hour; then
 * something between nothing and the most they have been seen to draw. One that was never seen is absent.
 */
export class SilentLoads {
  private readonly mostW = new Map<SiteId, Watt>();
  private readonly silent = new Map<SiteId, Remembered>();

  /** The meter speaks: what its house draws now. */
  seen(siteId: SiteId, loadW: Watt): void {
    if (this.silent.size > 0) this.silent.delete(siteId);
    if (loadW > (this.mostW.get(siteId) ?? 0)) this.mostW.set(siteId, loadW);
  }

  /** The meter does not speak, or is not believed. `lastW`: what its house drew before; absent where that is not known either. */
  lost(siteId: SiteId, lastW: Watt | undefined, atMs: EpochMs): void {
    if (!this.silent.has(siteId)) this.silent.set(siteId, { lastW: lastW && Math.max(0, lastW), sinceMs: atMs });
  }

  at(nowMs: EpochMs): ReadonlyMap<SiteId, LoadRange> {
    const ranges = new Map<SiteId, LoadRange>();
    for (const [siteId, { lastW, sinceMs }] of this.silent) {
      const isHeld = lastW !== undefined && nowMs - sinceMs < HELD_MS;
      ranges.set(siteId, isHeld ? { leastW: lastW, mostW: lastW } : { leastW: 0, mostW: this.mostW.get(siteId) ?? 0 });
    }
    return ranges;
  }
}
