import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { ForecastService } from '../forecast/forecast.service.js';
import type { Interval } from '../kernel/interval.js';
import { DAY_MS, type DurationMs, type EpochMs } from '../kernel/units.js';
import { PlanService } from '../schedule/plan.service.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { forecastPoint, forecastSeries, measuredSeries, plannedSeries, wholeSteps } from './power-series.js';
import type { powerSeriesSchema } from './schemas.js';

export type PowerSeries = z.infer<typeof powerSeriesSchema>;

/** What was measured, forecast and planned, side by side for a chart: of the fleet, or of one site. */
@Injectable()
export class PowerService {
  constructor(
    private readonly intervals: IntervalService,
    private readonly forecasts: ForecastService,
    private readonly plans: PlanService,
  ) {}

  async series(asked: Interval, stepMs: DurationMs, siteId: string | undefined, nowMs: EpochMs): Promise<PowerSeries> {
    const range = wholeSteps(asked, stepMs);
    const upToNow = { fromMs: range.startMs, toMs: Math.min(range.endMs, nowMs) };
    const intervals = await this.intervals.intervalsOf({ ...upToNow, ...(siteId === undefined ? {} : { siteIds: [siteId] }) });
    const issued = await this.forecasts.issuedDuring({ startMs: range.startMs - DAY_MS, endMs: range.endMs }, siteId);
    const forecast = forecastSeries(issued, range);
    const plan = this.plans.current();
    return {
      stepMs,
      fromMs: range.startMs,
      toMs: range.endMs,
      actual: measuredSeries(intervals, stepMs, nowMs),
      forecast: forecast.slots.map(forecastPoint),
      plan: plan ? plannedSeries(plan, range, siteId) : [],
      forecastModel: forecast.model,
      ...(plan ? { planIssuedAtMs: plan.issuedAtMs } : {}),
    };
  }
}
