import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { SiteId } from '../fleet/plant.js';
import type { Interval } from '../kernel/interval.js';
import type { EpochMs } from '../kernel/units.js';
import { type Course, drawCourses } from './courses.js';
import { DAYS_TO_LEARN } from './learning.js';
import type { ForecastModel, SiteForecast } from './forecast.js';
import { type ForecastSite, poolOf } from './forecast-site.js';
import { ForecastStore } from './forecast-store.js';
import { Forecaster, type PredictionItem } from './forecaster.port.js';
import { knownDays, type PowerSeries } from './history.js';
import { firstSlotMs, FLEET_ID, fleetForecast, HORIZON_SLOTS, type Outlook, outlookOf, siteForecast } from './issue.js';
import { type ForecastQuantity, QUANTITIES } from './series-models.js';
import { SiteHistories } from './site-history.js';
import { WeatherSource } from './weather-source.port.js';
import { PREDICTING_THREADS } from './worker-forecaster.js';

/** What is measured at a site right now; held where a site has no history at all. */
export type PresentPowers = ReadonlyMap<SiteId, { readonly loadW?: number; readonly pvW?: number }>;

/** Sites that go to the worker together: what is copied to it at once must not hold the event loop. */
const SITES_AT_ONCE = 4;

/** One for all sites and all issues: plans should change because something has come, not because it was drawn anew. */
const COURSE_SEED = 1;

/** Issues forecasts and keeps them. Arithmetic runs in a worker; each call may be made again at any time. */
@Injectable()
export class ForecastService {
  constructor(
    private readonly histories: SiteHistories,
    private readonly forecaster: Forecaster,
    private readonly store: ForecastStore,
    private readonly weather: WeatherSource,
  ) {}

  /**
   * The next 48 hours of each site and of the fleet, from everything known at `nowMs`, stored as issued then. A quantity is forecast by
   * the mixture of the site's own models; with less than two weeks of history by the pooled ones of similar sites; where there are
   * none by the seasonal naive blend; without any history the present value (or 0, where that too is unknown) is held.
   */
  async forecast(
    sites: readonly ForecastSite[],
    nowMs: EpochMs,
    present: PresentPowers = new Map(),
  ): Promise<{ readonly sites: SiteForecast[]; readonly fleet: SiteForecast }> {
    const issued: SiteForecast[] = [];
    // All places are asked at once: a service that is away holds the forecast up for one time-out, and not for one a place.
    await Promise.all(sites.map((site) => this.weather.forecast(site, nowMs)));
    for (let at = 0; at < sites.length; at += PREDICTING_THREADS * SITES_AT_ONCE) {
      const batches = Array.from({ length: PREDICTING_THREADS }, (_, batch) => at + batch * SITES_AT_ONCE);
      const some = batches.map((from) => this.forecastSome(sites.slice(from, from + SITES_AT_ONCE), nowMs, present));
      issued.push(...(await Promise.all(some)).flat());
    }
    const fleet = fleetForecast(issued, nowMs);
    await this.store.saveForecasts([...issued, fleet]);
    await this.store.forgetForecastsBefore(nowMs);
    return { sites: issued, fleet };
  }

  private async forecastSome(sites: readonly ForecastSite[], nowMs: EpochMs, present: PresentPowers): Promise<SiteForecast[]> {
    if (sites.length === 0) return [];
    const asked: { item: PredictionItem; model: ForecastModel }[] = [];
    for (const site of sites) {
      const history = await this.histories.upTo(site, nowMs);
      for (const quantity of QUANTITIES) asked.push(await this.itemOf(site, quantity, history[quantity], nowMs));
    }
    const ahead = { issuedAtMs: nowMs, startMs: firstSlotMs(nowMs), slots: HORIZON_SLOTS };
    const slots = await this.forecaster.predict({ ...ahead, items: asked.map(({ item }) => item) });
    return sites.map(({ id }, index) => {
      const { loadW, pvW } = present.get(id) ?? {};
      const outlook = (which: number, presentW: number | undefined): Outlook =>
        outlookOf(asked[which]!.item.series, slots[which], asked[which]!.model, presentW);
      return siteForecast(id, nowMs, outlook(2 * index, loadW), outlook(2 * index + 1, pvW));
    });
  }

  private async itemOf(
    site: ForecastSite,
    quantity: ForecastQuantity,
    series: PowerSeries,
    nowMs: EpochMs,
  ): Promise<{ item: PredictionItem; model: ForecastModel }> {
    const own = await this.store.models(site.id, quantity);
    const borrowed = own || knownDays(series) >= DAYS_TO_LEARN ? undefined : await this.store.models(poolOf(site), quantity);
    const models = own ?? borrowed;
    // Earlier generations are for scoring, and would only be copied to the worker.
    const issuing = models && { ...models, earlier: [] };
    const weather = await this.weather.forecast(site, nowMs);
    return {
      item: { series, zone: site.zone, ...(issuing ? { models: issuing } : {}), ...(weather ? { weather } : {}) },
      model: own ? 'mixture' : borrowed ? 'pooled' : 'seasonal-naive',
    };
  }

  /**
   * Courses that each site may take instead of its forecast, each as likely as the others (see `drawCourses`); a site without a past has
   * none. All sites draw alike, so that courses of one number go together.
   */
  async courses(
    sites: readonly ForecastSite[],
    issued: readonly SiteForecast[],
    { count, present = new Map() }: { readonly count: number; readonly present?: PresentPowers },
  ): Promise<Map<SiteId, Course[]>> {
    const drawn = new Map<SiteId, Course[]>();
    for (const site of count > 0 ? sites : []) {
      const { id, zone } = site;
      const forecast = issued.find(({ siteId }) => siteId === id);
      if (!forecast) continue;
      const history = await this.histories.upTo(site, forecast.issuedAtMs);
      const now = present.get(id);
      await nextTurn();
      const courses = drawCourses({ history, forecast, zone, count, seed: COURSE_SEED, ...(now ? { present: now } : {}) });
      if (courses.length > 0) drawn.set(id, courses);
    }
    return drawn;
  }

  /** Keeps forecasts issued elsewhere (history made in process), for charts and scores. */
  async remember(issued: readonly SiteForecast[]): Promise<void> {
    await this.store.saveForecasts(issued);
  }

  /** The newest forecast of a site (or of `FLEET_ID`). */
  latest(siteId: SiteId = FLEET_ID): Promise<SiteForecast | undefined> {
    return this.store.latest(siteId);
  }

  /** What was issued for a site (or for `FLEET_ID`) inside a stretch of time, oldest first. */
  issuedDuring(period: Interval, siteId: SiteId = FLEET_ID): Promise<SiteForecast[]> {
    return this.store.issuedDuring(siteId, period);
  }

  /** Reads history anew at the next call: older days have been filled in. */
  historyChanged(): void {
    this.histories.forget();
  }
}
