import { HOUR_MS } from '../kernel/units.js';
import { type Distribution, LEVEL, pinball } from './distribution.js';
import { calendarOf } from './history.js';
import { midnights } from './learning-rows.js';
import type { LearningTask } from './learning.js';
import { materials, mixedForecasts, opinionsAhead } from './market.js';
import type { Nets } from './network.js';
import { modelsAt, type SeriesModels } from './series-models.js';

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
  /** On the slots for which the seasonal naive had a word too: the model's error, and that of the naive. */
  readonly pairedW: number;
  readonly naiveW: number;
}

/** By horizon and model; `mixture` is what was issued. */
export type HorizonScores = Readonly<Partial<Record<Horizon, Readonly<Record<string, ScoreSums>>>>>;

const NOTHING: ScoreSums = { slots: 0, absW: 0, squaredW2: 0, biasW: 0, pinballW: 0, inside: 0, pairedW: 0, naiveW: 0 };

export const addedScores = (a: ScoreSums = NOTHING, b: ScoreSums = NOTHING): ScoreSums => ({
  slots: a.slots + b.slots,
  absW: a.absW + b.absW,
  squaredW2: a.squaredW2 + b.squaredW2,
  biasW: a.biasW + b.biasW,
  pinballW: a.pinballW + b.pinballW,
  inside: a.inside + b.inside,
  pairedW: a.pairedW + b.pairedW,
  naiveW: a.naiveW + b.naiveW,
});

const scoreOfSlot = ({ mean, p10, p50, p90 }: Distribution, naive: Distribution | undefined, actualW: number): ScoreSums => ({
  pairedW: naive ? Math.abs(p50 - actualW) : 0,
  naiveW: naive ? Math.abs(naive.p50 - actualW) : 0,
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
 * Scores of the whole local days of a history that began no earlier than `sinceMs`: what each model and the mixture said at the day's
 * midnight and a day before, held against what came. What was said follows from the history before the issue and from the models
 * that had been trained by then, so it is worked out again instead of being stored for months.
 */
export const dayScores = (task: LearningTask, models: SeriesModels, sinceMs: number, nets: Nets): DayScores[] => {
  const { series, zone, weather } = task;
  const materialUnder = materials(series, zone, weather);
  const starts = midnights(calendarOf(zone, series.startMs, series.stepMs, series.values.length + 1), series.values.length + 1);
  const msOf = (slot: number): number => series.startMs + slot * series.stepMs;
  return starts.slice(0, -1).flatMap((startSlot, day) => {
    if (msOf(startSlot) < sinceMs) return [];
    const targets = Array.from({ length: starts[day + 1]! - startSlot }, (_, slot) => startSlot + slot);
    const horizons: Partial<Record<Horizon, Record<string, ScoreSums>>> = {};
    for (const issueSlot of [startSlot, starts[day - 1]]) {
      const issuing = issueSlot === undefined ? undefined : modelsAt(models, msOf(issueSlot));
      if (issueSlot === undefined || !issuing) continue;
      const opinions = opinionsAhead(materialUnder(issuing), issuing, issueSlot, targets, nets);
      const mixed = mixedForecasts(issuing, opinions);
      targets.forEach((slot, index) => {
        const actualW = series.values[slot];
        if (actualW === undefined) return;
        const aheadMs = msOf(slot) - msOf(startSlot);
        const horizon: Horizon = issueSlot < startSlot ? '24-48h' : aheadMs < 6 * HOUR_MS ? '0-6h' : '6-24h';
        const sums = (horizons[horizon] ??= {});
        for (const [name, said] of Object.entries({ ...opinions[index], mixture: mixed[index] })) {
          if (said) sums[name] = addedScores(sums[name], scoreOfSlot(said, opinions[index]![SEASONAL_NAIVE], actualW));
        }
      });
    }
    return Object.keys(horizons).length > 0 ? [{ dayStartMs: msOf(startSlot), horizons }] : [];
  });
};

/**
 * One line of the scoreboard. `skill` is 1 less the ratio of the error to that of the seasonal naive, the same time a week ago, on the
 * slots that both have a word for.
 */
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

const SEASONAL_NAIVE = 'last-week';

/** Days added up: a line for each horizon and model, the best model first. */
export const scoreRows = (days: readonly HorizonScores[]): ScoreRow[] =>
  HORIZONS.flatMap((horizon) => {
    const sums = new Map<string, ScoreSums>();
    for (const day of days) {
      for (const [model, score] of Object.entries(day[horizon] ?? {})) sums.set(model, addedScores(sums.get(model), score));
    }
    const rows = [...sums].map(([model, { slots, absW, squaredW2, biasW, pinballW, inside, pairedW, naiveW }]): ScoreRow => ({
      horizon,
      model,
      maeW: absW / slots,
      rmseW: Math.sqrt(squaredW2 / slots),
      biasW: biasW / slots,
      pinballW: pinballW / slots,
      coverage: inside / slots,
      ...(naiveW > 0 ? { skill: 1 - pairedW / naiveW } : {}),
      slots,
    }));
    return rows.toSorted((a, b) => a.maeW - b.maeW);
  });
