import { HOUR_MS } from '../kernel/units.js';
import { type Distribution, LEVEL, pinball } from './distribution.js';
import { midnights } from './learning-rows.js';
import type { LearningTask, Nets } from './learning.js';
import { materialOf, mixedForecasts, opinionsAhead } from './market.js';
import type { SeriesModels } from './series-models.js';

/** How far ahead: of the issue at the day's own midnight, and of the one a day earlier. */
export const HORIZONS = ['0-6h', '6-24h', '24-48h'] as const;
export type Horizon = (typeof HORIZONS)[number];

/** Sums over slots, so that days can be added up. Errors in W, the median's and the mean's as in `Score`. */
export interface ScoreSums {
  readonly slots: number;
  readonly absW: number;
  readonly squaredW2: number;
  readonly biasW: number;
  readonly pinballW: number;
  readonly inside: number;
}

/** By horizon and model; `mixture` is what was issued. */
export type HorizonScores = Readonly<Partial<Record<Horizon, Readonly<Record<string, ScoreSums>>>>>;

const NOTHING: ScoreSums = { slots: 0, absW: 0, squaredW2: 0, biasW: 0, pinballW: 0, inside: 0 };

export const addedScores = (a: ScoreSums = NOTHING, b: ScoreSums = NOTHING): ScoreSums => ({
  slots: a.slots + b.slots,
  absW: a.absW + b.absW,
  squaredW2: a.squaredW2 + b.squaredW2,
  biasW: a.biasW + b.biasW,
  pinballW: a.pinballW + b.pinballW,
  inside: a.inside + b.inside,
});

const scoreOfSlot = ({ mean, p10, p50, p90 }: Distribution, actualW: number): ScoreSums => ({
  slots: 1,
  absW: Math.abs(p50 - actualW),
  squaredW2: (mean - actualW) ** 2,
  biasW: mean - actualW,
  pinballW: (pinball(LEVEL.p10, p10, actualW) + pinball(LEVEL.p90, p90, actualW)) / 2,
  inside: actualW >= p10 && actualW <= p90 ? 1 : 0,
});

/** How the models did on one whole local day. */
export interface DayScores {
  readonly dayStartMs: number;
  readonly horizons: HorizonScores;
}

/**
 * Scores of the whole local days of a history that began no earlier than `sinceMs` and than the models' own training: what each model and
 * the mixture said at the day's midnight and a day before, held against what came. What was said follows from the history before
 * the issue and from models that have seen nothing later, so it is worked out again instead of being stored for months.
 */
export const dayScores = (task: LearningTask, models: SeriesModels, sinceMs: number, nets: Nets): DayScores[] => {
  const { series, zone, weather } = task;
  const material = materialOf(series, zone, 0, models, weather);
  const starts = midnights(material.calendar, series.values.length + 1);
  const msOf = (slot: number): number => series.startMs + slot * series.stepMs;
  const earliestMs = Math.max(models.trainedToMs, series.startMs);
  return starts.slice(0, -1).flatMap((startSlot, day) => {
    if (msOf(startSlot) < Math.max(sinceMs, earliestMs)) return [];
    const targets = Array.from({ length: starts[day + 1]! - startSlot }, (_, slot) => startSlot + slot);
    const horizons: Partial<Record<Horizon, Record<string, ScoreSums>>> = {};
    const issues = [startSlot, starts[day - 1] ?? -1].filter((issue) => issue >= 0 && msOf(issue) >= earliestMs);
    for (const issueSlot of issues) {
      const opinions = opinionsAhead(material, models, issueSlot, targets, nets.run);
      const mixed = mixedForecasts(models, opinions);
      targets.forEach((slot, index) => {
        const actualW = series.values[slot];
        if (actualW === undefined) return;
        const aheadMs = msOf(slot) - msOf(startSlot);
        const horizon: Horizon = issueSlot < startSlot ? '24-48h' : aheadMs < 6 * HOUR_MS ? '0-6h' : '6-24h';
        const sums = (horizons[horizon] ??= {});
        for (const [name, said] of Object.entries({ ...opinions[index], mixture: mixed[index] })) {
          if (said) sums[name] = addedScores(sums[name], scoreOfSlot(said, actualW));
        }
      });
    }
    return Object.keys(horizons).length > 0 ? [{ dayStartMs: msOf(startSlot), horizons }] : [];
  });
};

/** One line of the scoreboard. `skill` is 1 less the ratio of the MAE to that of the seasonal naive, the same time a week ago. */
export interface ScoreRow {
  readonly horizon: Horizon;
  readonly model: string;
  readonly maeW: number;
  readonly rmseW: number;
  readonly biasW: number;
  readonly pinballW: number;
  readonly coverage: number;
  readonly skill?: number;
  readonly slots: number;
}

export const SEASONAL_NAIVE = 'last-week';

/** Days added up: a line for each horizon and model, the best model first. */
export const scoreRows = (days: readonly HorizonScores[]): ScoreRow[] =>
  HORIZONS.flatMap((horizon) => {
    const sums = new Map<string, ScoreSums>();
    for (const day of days) {
      for (const [model, score] of Object.entries(day[horizon] ?? {})) sums.set(model, addedScores(sums.get(model), score));
    }
    const naive = sums.get(SEASONAL_NAIVE);
    const rows = [...sums].map(([model, { slots, absW, squaredW2, biasW, pinballW, inside }]): ScoreRow => ({
      horizon,
      model,
      maeW: absW / slots,
      rmseW: Math.sqrt(squaredW2 / slots),
      biasW: biasW / slots,
      pinballW: pinballW / slots,
      coverage: inside / slots,
      ...(naive && naive.absW > 0 ? { skill: 1 - absW / slots / (naive.absW / naive.slots) } : {}),
      slots,
    }));
    return rows.toSorted((a, b) => a.maeW - b.maeW);
  });
