import { join } from 'node:path';
import { z } from 'zod';
import type { SiteId } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, MINUTE_MS, type Watt } from '../kernel/units.js';
import { LeftRows } from '../platform/left-rows.js';
import type { LoadRange } from './decision.js';

/** A house goes on as it was for about so long: a quarter-hour's mean of it is a substitute value that meter operators use as well. */
export const HELD_MS: DurationMs = 15 * MINUTE_MS;

interface Remembered {
  readonly lastW: Watt | undefined;
  readonly sinceMs: EpochMs;
}

const FILE = 'house-loads.json';
const KEPT_EVERY_MS: DurationMs = MINUTE_MS;

const rowSchema = z.object({ siteId: z.string(), atMs: z.number(), lastW: z.number().optional(), mostW: z.number() });

/**
 * What houses whose meter has fallen silent may draw besides their flexible loads: what they drew last, for a quarter of an hour; then
 * something between nothing and the most they have been seen to draw. One that was never seen is absent. Kept in a file as well, at most a
 * minute old: a plant that starts anew would else have batteries stand in for all that a connection bears.
 */
export class SilentLoads {
  private readonly lastW = new Map<SiteId, Watt>();
  private readonly mostW = new Map<SiteId, Watt>();
  private readonly silent = new Map<SiteId, Remembered>();
  private file: LeftRows<z.infer<typeof rowSchema>> | undefined;
  private keptAtMs: EpochMs = -Infinity;

  /** Takes up what an earlier plant has left in the folder, and keeps its own there from here on. A time that lies ahead is none. */
  rememberIn(dataDir: string, nowMs: EpochMs): void {
    this.file = new LeftRows(join(dataDir, FILE), rowSchema);
    for (const { siteId, atMs, lastW, mostW } of this.file.read()) {
      this.mostW.set(siteId, mostW);
      this.silent.set(siteId, { lastW: atMs <= nowMs ? lastW : undefined, sinceMs: Math.min(atMs, nowMs) });
    }
  }

  /** The meter speaks: what its house draws now. */
  seen(siteId: SiteId, loadW: Watt): void {
    if (this.silent.size > 0) this.silent.delete(siteId);
    this.lastW.set(siteId, loadW);
    if (loadW > (this.mostW.get(siteId) ?? -Infinity)) this.mostW.set(siteId, Math.max(0, loadW));
  }

  /** The meter does not speak, or is not believed. `lastW`: what its house drew before; absent where that is not known either. */
  lost(siteId: SiteId, lastW: Watt | undefined, atMs: EpochMs): void {
    if (!this.silent.has(siteId)) this.silent.set(siteId, { lastW: lastW && Math.max(0, lastW), sinceMs: atMs });
  }

  at(nowMs: EpochMs): ReadonlyMap<SiteId, LoadRange> {
    this.keep(nowMs);
    const ranges = new Map<SiteId, LoadRange>();
    for (const [siteId, { lastW, sinceMs }] of this.silent) {
      const isHeld = lastW !== undefined && nowMs - sinceMs < HELD_MS;
      const mostSeenW = this.mostW.get(siteId) ?? 0;
      ranges.set(siteId, isHeld ? { leastW: lastW, mostW: lastW, mostSeenW } : { leastW: 0, mostW: mostSeenW, mostSeenW });
    }
    return ranges;
  }

  private keep(nowMs: EpochMs): void {
    if (this.file === undefined || Math.abs(nowMs - this.keptAtMs) < KEPT_EVERY_MS) return;
    this.keptAtMs = nowMs;
    const rows = [...this.mostW].map(([siteId, mostW]) => {
      const { lastW, sinceMs: atMs } = this.silent.get(siteId) ?? { lastW: Math.max(0, this.lastW.get(siteId)!), sinceMs: nowMs };
      return { siteId, atMs, lastW: lastW && Math.round(lastW), mostW: Math.round(mostW) };
    });
    this.file.keep(rows);
  }
}
