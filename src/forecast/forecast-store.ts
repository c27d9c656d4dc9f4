import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, LessThan, MoreThanOrEqual, Repository } from 'typeorm';
import type { SiteId } from '../fleet/plant.js';
import { type Interval, SLOT_MS } from '../kernel/interval.js';
import { DAY_MS, type EpochMs } from '../kernel/units.js';
import { ForecastEntity, ForecastModelEntity, ForecastScoreEntity, type StoredQuantiles } from './forecast.entity.js';
import type { ForecastModel, Quantiles, SiteForecast } from './forecast.js';
import type { DayScores, HorizonScores } from './scoreboard.js';
import type { ForecastQuantity, SeriesModels } from './series-models.js';

/** How long issued forecasts are kept for charts, and scores for the scoreboard. */
const FORECASTS_KEPT_MS = 8 * DAY_MS;
const SCORES_KEPT_MS = 400 * DAY_MS;

/** What models were learnt from. */
export interface Learnt {
  readonly trainedAtMs: EpochMs;
  readonly historyStartMs: EpochMs;
  readonly seconds: number;
  readonly models: SeriesModels;
}

/** Issued forecasts, learnt models and scores in the database; models are also held in memory, since every issue needs them. */
@Injectable()
export class ForecastStore {
  private known: Map<string, SeriesModels> | undefined;

  constructor(
    @InjectRepository(ForecastEntity) private readonly forecasts: Repository<ForecastEntity>,
    @InjectRepository(ForecastModelEntity) private readonly learnt: Repository<ForecastModelEntity>,
    @InjectRepository(ForecastScoreEntity) private readonly scores: Repository<ForecastScoreEntity>,
  ) {}

  async saveForecasts(issued: readonly SiteForecast[]): Promise<void> {
    await this.forecasts.save(issued.map(rowOf), { chunk: 50 });
  }

  async forgetForecastsBefore(nowMs: EpochMs): Promise<void> {
    await this.forecasts.delete({ issuedAtMs: LessThan(nowMs - FORECASTS_KEPT_MS) });
  }

  async latest(siteId: SiteId): Promise<SiteForecast | undefined> {
    const [row] = await this.forecasts.find({ where: { siteId }, order: { issuedAtMs: 'DESC' }, take: 1 });
    return row && forecastOf(row);
  }

  async issuedDuring(siteId: SiteId, { startMs, endMs }: Interval): Promise<SiteForecast[]> {
    const rows = await this.forecasts.find({ where: { siteId, issuedAtMs: Between(startMs, endMs - 1) }, order: { issuedAtMs: 'ASC' } });
    return rows.map(forecastOf);
  }

  /** The first forecast issued in a stretch of time. */
  async firstIssued(siteId: SiteId, { startMs, endMs }: Interval): Promise<SiteForecast | undefined> {
    const where = { siteId, issuedAtMs: Between(startMs, endMs - 1) };
    const [row] = await this.forecasts.find({ where, order: { issuedAtMs: 'ASC' }, take: 1 });
    return row && forecastOf(row);
  }

  async models(siteId: SiteId, quantity: ForecastQuantity): Promise<SeriesModels | undefined> {
    // Models of an earlier kind are learnt anew at the next training.
    this.known ??= new Map(
      (await this.learnt.find())
        .filter(({ network }) => network.version === 3)
        .map(({ siteId: site, quantity: of, network }) => [`${site} ${of}`, network]),
    );
    return this.known.get(`${siteId} ${quantity}`);
  }

  async saveModels(siteId: SiteId, { models, trainedAtMs, historyStartMs, seconds }: Learnt): Promise<void> {
    await this.models(siteId, models.quantity);
    await this.learnt.save({
      siteId,
      quantity: models.quantity,
      trainedAtMs,
      historyStartMs,
      historyEndMs: models.trainedToMs,
      rowsUsed: models.rowsUsed,
      seconds,
      network: models,
    });
    this.known!.set(`${siteId} ${models.quantity}`, models);
  }

  async saveScores(siteId: SiteId, quantity: ForecastQuantity, days: readonly DayScores[]): Promise<void> {
    await this.scores.save(days.map(({ dayStartMs, horizons }) => ({ siteId, quantity, dayStartMs, horizons })));
    const last = days.at(-1);
    if (last) await this.scores.delete({ siteId, dayStartMs: LessThan(last.dayStartMs - SCORES_KEPT_MS) });
  }

  async scoresSince(siteId: SiteId, quantity: ForecastQuantity, sinceMs: EpochMs): Promise<HorizonScores[]> {
    const rows = await this.scores.find({ where: { siteId, quantity, dayStartMs: MoreThanOrEqual(sinceMs) } });
    return rows.map(({ horizons }) => horizons);
  }
}

const stored = (all: readonly (Quantiles | undefined)[]): StoredQuantiles | null => {
  const known = all.filter((quantiles) => quantiles !== undefined);
  if (known.length < all.length || known.length === 0) return null;
  return [known.map(({ p10W }) => p10W), known.map(({ p50W }) => p50W), known.map(({ p90W }) => p90W)];
};

const rowOf = ({ siteId, issuedAtMs, loadModel, pvModel, slots }: SiteForecast): ForecastEntity => ({
  siteId,
  issuedAtMs,
  startMs: slots[0]?.startMs ?? issuedAtMs,
  slotMs: SLOT_MS,
  loadModel,
  pvModel,
  loadW: slots.map(({ loadW }) => loadW),
  pvW: slots.map(({ pvW }) => pvW),
  loadQuantiles: stored(slots.map(({ load }) => load)),
  pvQuantiles: stored(slots.map(({ pv }) => pv)),
});

const quantilesAt = ([p10W, p50W, p90W]: StoredQuantiles, slot: number): Quantiles => ({
  p10W: p10W[slot]!,
  p50W: p50W[slot]!,
  p90W: p90W[slot]!,
});

const forecastOf = (row: ForecastEntity): SiteForecast => ({
  siteId: row.siteId,
  issuedAtMs: row.issuedAtMs,
  loadModel: row.loadModel as ForecastModel,
  pvModel: row.pvModel as ForecastModel,
  slots: row.loadW.map((powerW, slot) => ({
    startMs: row.startMs + slot * row.slotMs,
    endMs: row.startMs + (slot + 1) * row.slotMs,
    loadW: powerW,
    pvW: row.pvW[slot]!,
    ...(row.loadQuantiles ? { load: quantilesAt(row.loadQuantiles, slot) } : {}),
    ...(row.pvQuantiles ? { pv: quantilesAt(row.pvQuantiles, slot) } : {}),
  })),
});
