import { Injectable } from '@nestjs/common';
import type { SiteId } from '../fleet/plant.js';
import { floorTo, SLOT_MS } from '../kernel/interval.js';
import { DAY_MS, type EpochMs, HOUR_MS } from '../kernel/units.js';
import { EnergyHistory } from './energy-history.port.js';
import type { ForecastSite } from './forecast-site.js';
import { historyOf, joined, seriesEndMs, type SiteHistory } from './history.js';

/** How much past forecasts look at, and training that goes on from earlier models. */
const HISTORY_MS = 63 * DAY_MS;
/** What a site's first training looks at. */
const YEAR_MS = 366 * DAY_MS;
/** Intervals that arrive late are still taken up so long after their end. */
const LATE_MS = 6 * HOUR_MS;
/** The store is asked for so much at a time, so that a long history does not hold the event loop. */
const CHUNK_MS = 2 * DAY_MS;
const YEAR_CHUNK_MS = 6 * DAY_MS;

type HistorySite = Pick<ForecastSite, 'id' | 'devices'>;

/** Keeps each site's history in memory on 15-minute slots and reads only what is new. */
@Injectable()
export class SiteHistories {
  private readonly known = new Map<SiteId, SiteHistory>();

  constructor(private readonly source: EnergyHistory) {}

  /** Everything known of a site up to the last whole slot before `nowMs`. */
  async upTo({ id: siteId, devices }: HistorySite, nowMs: EpochMs): Promise<SiteHistory> {
    const endMs = floorTo(nowMs, SLOT_MS);
    let history = this.known.get(siteId);
    let fromMs = history ? Math.min(endMs, seriesEndMs(history.load)) - LATE_MS : endMs - HISTORY_MS;
    fromMs = floorTo(Math.max(fromMs, endMs - HISTORY_MS), SLOT_MS);
    for (let atMs = fromMs; atMs < endMs; atMs += CHUNK_MS) {
      const period = { startMs: atMs, endMs: Math.min(atMs + CHUNK_MS, endMs) };
      const newer = historyOf(await this.source.intervals(siteId, period), period, devices);
      history = history ? { load: joined(history.load, newer.load, HISTORY_MS), pv: joined(history.pv, newer.pv, HISTORY_MS) } : newer;
    }
    history ??= historyOf([], { startMs: endMs, endMs });
    this.known.set(siteId, history);
    return history;
  }

  /** The last year of a site, read anew; too long to be kept. */
  async year({ id: siteId, devices }: HistorySite, nowMs: EpochMs): Promise<SiteHistory> {
    const endMs = floorTo(nowMs, SLOT_MS);
    let history = historyOf([], { startMs: endMs, endMs });
    let empty = true;
    for (let atMs = endMs - YEAR_MS; atMs < endMs; atMs += YEAR_CHUNK_MS) {
      const period = { startMs: atMs, endMs: Math.min(atMs + YEAR_CHUNK_MS, endMs) };
      const intervals = await this.source.intervals(siteId, period);
      if (empty && intervals.length === 0) continue;
      const newer = historyOf(intervals, period, devices);
      history = empty ? newer : { load: joined(history.load, newer.load, YEAR_MS), pv: joined(history.pv, newer.pv, YEAR_MS) };
      empty = false;
    }
    return history;
  }

  /** Forgets a site's history, so that it is read anew: when older days have been filled in. */
  forget(siteId?: SiteId): void {
    if (siteId === undefined) this.known.clear();
    else this.known.delete(siteId);
  }
}
