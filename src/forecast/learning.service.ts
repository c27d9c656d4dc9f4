import { Injectable } from '@nestjs/common';
import type { SiteId } from '../fleet/plant.js';
import { SLOT_MS } from '../kernel/interval.js';
import { messageOf } from '../kernel/errors.js';
import { seedOf } from '../kernel/random.js';
import { DAY_MS, type EpochMs, HOUR_MS } from '../kernel/units.js';
import { type ForecastSite, poolOf } from './forecast-site.js';
import { ForecastStore } from './forecast-store.js';
import { Forecaster } from './forecaster.port.js';
import { knownDays, valueAt } from './history.js';
import { DAYS_TO_LEARN, type LearningTask } from './learning.js';
import { hasDrifted, mixtureWeights } from './market.js';
import { DEFAULT_EFFORT } from './network.js';
import { type ScoreRow, scoreRows } from './scoreboard.js';
import { type ForecastQuantity, QUANTITIES } from './series-models.js';
import { SiteHistories } from './site-history.js';
import { WeatherSource } from './weather-source.port.js';

export interface TrainingReport {
  readonly siteId: SiteId;
  readonly quantity: ForecastQuantity;
  /** False where the history is too short, or where this night's training was done before. */
  readonly trained: boolean;
  readonly rowsUsed: number;
  readonly seconds: number;
  /** Why it could not be trained; it keeps the models it had. */
  readonly failed?: string;
}

/** A training that was cut short goes on where it stopped: sites trained so lately are passed over. */
const RESUME_MS = 4 * HOUR_MS;
/** Sites of a kind that a pool learns from. */
const POOL_SITES = 12;

export interface Standing {
  readonly quantity: ForecastQuantity;
  readonly rows: ScoreRow[];
  /** Share of each model in the median that is issued; those without any are left out. */
  readonly weights: Readonly<Record<string, number>>;
  readonly trainedToMs?: EpochMs;
}

/** Lets models learn and keeps score of them. Arithmetic runs in a worker. */
@Injectable()
export class LearningService {
  constructor(
    private readonly histories: SiteHistories,
    private readonly forecaster: Forecaster,
    private readonly store: ForecastStore,
    private readonly weather: WeatherSource,
  ) {}

  /**
   * Scores what has come since the last training, then trains both quantities of each site, one after the other. `onTrained` tells of
   * progress. One that fails stops no other. Called again after it was cut short, it goes on with the sites that are left.
   */
  async train(sites: readonly ForecastSite[], nowMs: EpochMs, onTrained?: (report: TrainingReport) => void): Promise<TrainingReport[]> {
    const reports: TrainingReport[] = [];
    for (const site of sites) {
      for (const quantity of QUANTITIES) {
        const report = await this.trainOne(site, quantity, nowMs).catch((error: unknown): TrainingReport => {
          return { siteId: site.id, quantity, trained: false, rowsUsed: 0, seconds: 0, failed: messageOf(error) };
        });
        reports.push(report);
        onTrained?.(report);
      }
    }
    return reports;
  }

  private async taskOf(site: ForecastSite, quantity: ForecastQuantity, nowMs: EpochMs): Promise<LearningTask> {
    const models = await this.store.models(site.id, quantity);
    const history = models ? await this.histories.upTo(site, nowMs) : await this.histories.year(site, nowMs);
    const weather = await this.weather.forecast(site, nowMs);
    const { location } = site;
    return {
      quantity,
      series: history[quantity],
      zone: site.zone,
      seed: seedOf(site.id, quantity),
      effort: DEFAULT_EFFORT,
      ...(models ? { models } : {}),
      ...(weather ? { weather } : {}),
      ...(location ? { roof: location } : {}),
    };
  }

  private async trainOne(site: ForecastSite, quantity: ForecastQuantity, nowMs: EpochMs): Promise<TrainingReport> {
    const nothing = { siteId: site.id, quantity, trained: false, rowsUsed: 0, seconds: 0 };
    const before = await this.store.models(site.id, quantity);
    if (before && nowMs - before.trainedToMs < RESUME_MS) return nothing;
    const task = await this.taskOf(site, quantity, nowMs);
    if (knownDays(task.series) < DAYS_TO_LEARN || task.series.values.every((value) => !value)) return nothing;
    const { models, scores, seconds } = await this.forecaster.learn(task);
    await this.store.saveScores(site.id, quantity, scores);
    await this.store.saveModels(site.id, { models, trainedAtMs: nowMs, historyStartMs: task.series.startMs, seconds });
    return { siteId: site.id, quantity, trained: true, rowsUsed: models.rowsUsed, seconds };
  }

  /** Learns what sites of a kind have in common, for those that are too young. All of them: a few would make an odd pool. */
  async trainPools(sites: readonly ForecastSite[], nowMs: EpochMs): Promise<void> {
    for (const kind of new Set(sites.map((site) => site.kind))) {
      for (const quantity of QUANTITIES) {
        const tasks: LearningTask[] = [];
        for (const site of sites.filter((one) => one.kind === kind)) {
          if (tasks.length < POOL_SITES && (await this.store.models(site.id, quantity)))
            tasks.push(await this.taskOf(site, quantity, nowMs));
        }
        const reply = await this.forecaster.pool({ tasks });
        if (!reply) continue;
        const historyStartMs = Math.min(...tasks.map(({ series }) => series.startMs));
        await this.store.saveModels(poolOf({ kind }), { ...reply, trainedAtMs: nowMs, historyStartMs });
      }
    }
  }

  /** The sites whose load in the last day was missed by far more than usual: an oven that is new, a family that has left. */
  async drifted(sites: readonly ForecastSite[], nowMs: EpochMs): Promise<ForecastSite[]> {
    const drifted: ForecastSite[] = [];
    for (const site of sites) {
      const models = await this.store.models(site.id, 'load');
      if (!models || nowMs - models.trainedToMs < 12 * HOUR_MS) continue;
      const issued = await this.store.firstIssued(site.id, { startMs: nowMs - DAY_MS, endMs: nowMs - DAY_MS / 2 });
      const { load } = await this.histories.upTo(site, nowMs);
      const errors = (issued?.slots ?? []).flatMap((slot) => {
        const actualW = slot.endMs <= nowMs ? valueAt(load, slot.startMs) : undefined;
        return actualW === undefined ? [] : [Math.abs((slot.load?.p50W ?? slot.loadW) - actualW)];
      });
      const known = errors.length * SLOT_MS >= DAY_MS / 4;
      if (known && hasDrifted(models, errors.reduce((a, b) => a + b, 0) / errors.length)) drifted.push(site);
    }
    return drifted;
  }

  /** How each model of a site has done since a moment, and what share of the issued forecast it has now. */
  async scoreboard(siteId: SiteId, sinceMs: EpochMs): Promise<Standing[]> {
    const standings: Standing[] = [];
    for (const quantity of QUANTITIES) {
      const rows = scoreRows(await this.store.scoresSince(siteId, quantity, sinceMs));
      const models = await this.store.models(siteId, quantity);
      const names = Object.keys(models?.mixtures.p50.regret ?? {});
      const weights = models && names.length > 0 ? mixtureWeights(models, names).p50 : {};
      const shares = Object.entries(weights).filter(([, weight]) => weight >= 0.005);
      standings.push({
        quantity,
        rows,
        weights: Object.fromEntries(shares.toSorted(([, a], [, b]) => b - a)),
        ...(models ? { trainedToMs: models.trainedToMs } : {}),
      });
    }
    return standings;
  }
}
