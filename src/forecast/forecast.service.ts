import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, LessThan, Repository } from 'typeorm';
import type { Site, SiteId } from '../fleet/plant.js';
import { type Interval, SLOT_MS } from '../kernel/interval.js';
import { seedOf } from '../kernel/random.js';
import { DAY_MS, type EpochMs } from '../kernel/units.js';
import { EnergyHistory } from './energy-history.port.js';
import { ForecastEntity, ForecastModelEntity } from './forecast.entity.js';
import type { ForecastModel, SiteForecast } from './forecast.js';
import { Forecaster } from './forecaster.port.js';
import { knownDays, seriesEndMs, type SiteHistory } from './history.js';
import { DAYS_FOR_NETWORK, firstSlotMs, FLEET_ID, fleetForecast, HORIZON_SLOTS, outlookOf, siteForecast } from './issue.js';
import { DEFAULT_EFFORT, type StoredNetwork } from './network.js';
import { SiteHistories } from './site-history.js';

export type ForecastSite = Pick<Site, 'id' | 'zone'>;
export const QUANTITIES = ['load', 'pv'] as const;
export type ForecastQuantity = (typeof QUANTITIES)[number];

/** What is measured at a site right now; held where a site has no history at all. */
export type PresentPowers = ReadonlyMap<SiteId, { readonly loadW?: number; readonly pvW?: number }>;

export interface TrainingReport {
  readonly siteId: SiteId;
  readonly quantity: ForecastQuantity;
  /** False where the history is too short. */
  readonly trained: boolean;
  readonly rowsUsed: number;
  readonly seconds: number;
}

/** How long issued forecasts are kept for charts and scores. */
const KEPT_MS = 8 * DAY_MS;

/** Trains models, issues forecasts and keeps both. Arithmetic runs in a worker; each call may be made again at any time. */
@Injectable()
export class ForecastService {
  private readonly histories: SiteHistories;
  private networks: Map<string, StoredNetwork> | undefined;

  constructor(
    history: EnergyHistory,
    private readonly forecaster: Forecaster,
    @InjectRepository(ForecastEntity) private readonly forecasts: Repository<ForecastEntity>,
    @InjectRepository(ForecastModelEntity) private readonly models: Repository<ForecastModelEntity>,
  ) {
    this.histories = new SiteHistories(history);
  }

  /** Trains both quantities of each site, one after the other, and stores the models. `onTrained` tells of progress. */
  async train(sites: readonly ForecastSite[], nowMs: EpochMs, onTrained?: (report: TrainingReport) => void): Promise<TrainingReport[]> {
    const reports: TrainingReport[] = [];
    for (const site of sites) {
      const history = await this.histories.upTo(site.id, nowMs);
      for (const quantity of QUANTITIES) {
        const report = await this.trainOne(site, quantity, history, nowMs);
        reports.push(report);
        onTrained?.(report);
      }
    }
    return reports;
  }

  private async trainOne(site: ForecastSite, quantity: ForecastQuantity, history: SiteHistory, nowMs: EpochMs): Promise<TrainingReport> {
    const series = history[quantity];
    const nothing = { siteId: site.id, quantity, trained: false, rowsUsed: 0, seconds: 0 };
    if (knownDays(series) < DAYS_FOR_NETWORK || series.values.every((value) => !value)) return nothing;
    const request = { series, zone: site.zone, seed: seedOf(site.id, quantity), effort: DEFAULT_EFFORT };
    const { network, rowsUsed, seconds } = await this.forecaster.train(request);
    if (!network) return nothing;
    const networks = await this.loadedNetworks();
    await this.models.save({
      siteId: site.id,
      quantity,
      trainedAtMs: nowMs,
      historyStartMs: series.startMs,
      historyEndMs: seriesEndMs(series),
      rowsUsed,
      seconds,
      network,
    });
    networks.set(`${site.id} ${quantity}`, network);
    return { siteId: site.id, quantity, trained: true, rowsUsed, seconds };
  }

  /**
   * The next 36 hours of each site and of the fleet, from everything known at `nowMs`, stored as issued then. A quantity with
   * a trained network is forecast by it; with less than two weeks of history by the seasonal naive blend; with none the
   * present value (or 0, where that too is unknown) is held.
   */
  async forecast(
    sites: readonly ForecastSite[],
    nowMs: EpochMs,
    present: PresentPowers = new Map(),
  ): Promise<{ readonly sites: SiteForecast[]; readonly fleet: SiteForecast }> {
    const networks = await this.loadedNetworks();
    const asked: { site: ForecastSite; history: SiteHistory }[] = [];
    for (const site of sites) asked.push({ site, history: await this.histories.upTo(site.id, nowMs) });
    const networkOf = (siteId: SiteId, quantity: ForecastQuantity): StoredNetwork | undefined => networks.get(`${siteId} ${quantity}`);
    const items = asked.flatMap(({ site, history }) =>
      QUANTITIES.map((quantity) => ({ series: history[quantity], zone: site.zone, network: networkOf(site.id, quantity) })),
    );
    const { powersW } = await this.forecaster.predict({ issuedAtMs: nowMs, startMs: firstSlotMs(nowMs), slots: HORIZON_SLOTS, items });
    const issued = asked.map(({ site, history }, index) => {
      const { loadW, pvW } = present.get(site.id) ?? {};
      const load = outlookOf(history.load, powersW[2 * index], networkOf(site.id, 'load') !== undefined, loadW);
      const pv = outlookOf(history.pv, powersW[2 * index + 1], networkOf(site.id, 'pv') !== undefined, pvW);
      return siteForecast(site.id, nowMs, load, pv);
    });
    const fleet = fleetForecast(issued, nowMs);
    await this.forecasts.save([...issued, fleet].map(rowOf), { chunk: 50 });
    await this.forecasts.delete({ issuedAtMs: LessThan(nowMs - KEPT_MS) });
    return { sites: issued, fleet };
  }

  /** Keeps forecasts issued elsewhere (history made in process), for charts and scores. */
  async remember(issued: readonly SiteForecast[]): Promise<void> {
    await this.forecasts.save(issued.map(rowOf), { chunk: 50 });
  }

  /** The newest forecast of a site (or of `FLEET_ID`). */
  async latest(siteId: SiteId = FLEET_ID): Promise<SiteForecast | undefined> {
    const [row] = await this.forecasts.find({ where: { siteId }, order: { issuedAtMs: 'DESC' }, take: 1 });
    return row && forecastOf(row);
  }

  /** What was issued for a site (or for `FLEET_ID`) inside a stretch of time, oldest first. */
  async issuedDuring({ startMs, endMs }: Interval, siteId: SiteId = FLEET_ID): Promise<SiteForecast[]> {
    const rows = await this.forecasts.find({ where: { siteId, issuedAtMs: Between(startMs, endMs - 1) }, order: { issuedAtMs: 'ASC' } });
    return rows.map(forecastOf);
  }

  /** Reads history anew at the next call: older days have been filled in. */
  historyChanged(): void {
    this.histories.forget();
  }

  private async loadedNetworks(): Promise<Map<string, StoredNetwork>> {
    this.networks ??= new Map((await this.models.find()).map(({ siteId, quantity, network }) => [`${siteId} ${quantity}`, network]));
    return this.networks;
  }
}

const rowOf = ({ siteId, issuedAtMs, loadModel, pvModel, slots }: SiteForecast): ForecastEntity => ({
  siteId,
  issuedAtMs,
  startMs: slots[0]?.startMs ?? issuedAtMs,
  slotMs: SLOT_MS,
  loadModel,
  pvModel,
  loadW: slots.map(({ loadW }) => loadW),
  pvW: slots.map(({ pvW }) => pvW),
});

const forecastOf = ({ siteId, issuedAtMs, startMs, slotMs, loadModel, pvModel, loadW, pvW }: ForecastEntity): SiteForecast => ({
  siteId,
  issuedAtMs,
  loadModel: loadModel as ForecastModel,
  pvModel: pvModel as ForecastModel,
  slots: loadW.map((powerW, slot) => ({
    startMs: startMs + slot * slotMs,
    endMs: startMs + (slot + 1) * slotMs,
    loadW: powerW,
    pvW: pvW[slot]!,
  })),
});
