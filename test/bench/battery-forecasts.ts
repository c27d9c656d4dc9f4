import { BRAIN_NETS } from '../../src/forecast/adapters/brain-network.js';
import { drawCourses } from '../../src/forecast/courses.js';
import { certain, type Distribution } from '../../src/forecast/distribution.js';
import type { SiteForecast } from '../../src/forecast/forecast.js';
import { knownAt, type PowerSeries, type SiteHistory } from '../../src/forecast/history.js';
import { DAYS_TO_LEARN, learn, type LearningTask, scored } from '../../src/forecast/learning.js';
import { DEFAULT_EFFORT } from '../../src/forecast/network.js';
import { predictSlots } from '../../src/forecast/prediction.js';
import type { ForecastQuantity, SeriesModels } from '../../src/forecast/series-models.js';
import { seedOf } from '../../src/kernel/random.js';
import { HOUR_MS, type Watt } from '../../src/kernel/units.js';
import { type HoursAhead, type MeasuredHome, ZONE } from './battery-home.js';

/** A plan looks this far ahead; further is worth next to nothing. */
const HORIZON_HOURS = 24;
const COURSES = 10;
/** As many days of the past as a plant keeps at hand. */
const KEPT_HOURS = 63 * 24;
/** Models learn anew so often, more often while they are young. */
const TRAIN_EVERY_DAYS = 28;
const YOUNG_DAYS = 56;
const YOUNG_EVERY_DAYS = 7;

/** One quantity of one home as the year goes by: at each local midnight its models are scored and, every so often, trained. */
class Learner {
  private models: SeriesModels | undefined;
  private day = 0;
  private trainedDay = -Infinity;

  constructor(
    private readonly quantity: ForecastQuantity,
    private readonly series: PowerSeries,
    private readonly seed: number,
  ) {}

  /** What is said at an hour of the hours from it on. Hours go forward. */
  ahead(hour: number): Distribution[] | undefined {
    this.liveThrough(Math.floor(hour / 24));
    const { startMs, stepMs, values } = this.series;
    const from = Math.max(0, hour - KEPT_HOURS);
    const issuedAtMs = startMs + hour * HOUR_MS;
    const known = { startMs: startMs + from * stepMs, stepMs, values: values.slice(from, hour) };
    const item = { series: known, zone: ZONE, ...(this.models ? { models: this.models } : {}) };
    return hour === 0 ? undefined : predictSlots(item, { issuedAtMs, startMs: issuedAtMs, slots: HORIZON_HOURS }, BRAIN_NETS.run);
  }

  private liveThrough(day: number): void {
    for (; this.day <= day; this.day += 1) {
      if (this.day < DAYS_TO_LEARN) continue;
      const midnightMs = this.series.startMs + this.day * 24 * HOUR_MS;
      const task: LearningTask = {
        quantity: this.quantity,
        series: knownAt(this.series, midnightMs),
        zone: ZONE,
        seed: this.seed,
        effort: DEFAULT_EFFORT,
        ...(this.models ? { models: this.models } : {}),
      };
      const due = this.day - this.trainedDay >= (this.day < YOUNG_DAYS ? YOUNG_EVERY_DAYS : TRAIN_EVERY_DAYS);
      if (!this.models || due) {
        this.models = learn(task, BRAIN_NETS);
        this.trainedDay = this.day;
      } else this.models = scored(task, this.models, midnightMs, BRAIN_NETS);
    }
  }
}

export interface HomeOutlook {
  /** Means. */
  readonly expected: HoursAhead;
  readonly courses: readonly HoursAhead[];
}

/**
 * What the plant's own forecasts say hour by hour, from what had ended by then and the hour that runs, which an inverter sees. Nothing later
 * is looked at: histories are cut before they are handed over.
 */
export class HomeForecasts {
  private readonly load: Learner;
  private readonly pv: Learner;

  constructor(private readonly home: MeasuredHome) {
    this.load = new Learner('load', home.history.load, seedOf(home.name, 'load'));
    this.pv = new Learner('pv', home.history.pv, seedOf(home.name, 'pv'));
  }

  at(hour: number): HomeOutlook {
    const { history, name } = this.home;
    const present = { loadW: history.load.values[hour]!, pvW: history.pv.values[hour]! };
    const forecast = forecastOf(name, history.load.startMs + hour * HOUR_MS, present, this.load.ahead(hour), this.pv.ahead(hour));
    const task = { history: lastKept(history, hour), forecast, zone: ZONE, present, count: COURSES, seed: 1 };
    const seen = (course: HoursAhead): HoursAhead => ({
      loadW: [present.loadW, ...course.loadW.slice(1)],
      pvW: [present.pvW, ...course.pvW.slice(1)],
    });
    return {
      expected: { loadW: forecast.slots.map(({ loadW }) => loadW), pvW: forecast.slots.map(({ pvW }) => pvW) },
      courses: drawCourses(task).map(seen),
    };
  }
}

const lastKept = ({ load, pv }: SiteHistory, hour: number): SiteHistory => {
  const cut = (series: PowerSeries): PowerSeries => {
    const from = Math.max(0, hour - KEPT_HOURS);
    return { ...series, startMs: series.startMs + from * series.stepMs, values: series.values.slice(from, hour) };
  };
  return { load: cut(load), pv: cut(pv) };
};

/** As a plant issues it, in hours; the one that runs is as it is seen. */
const forecastOf = (
  siteId: string,
  issuedAtMs: number,
  present: { readonly loadW: Watt; readonly pvW: Watt },
  load: readonly Distribution[] | undefined,
  pv: readonly Distribution[] | undefined,
): SiteForecast => {
  const flat = (powerW: Watt): Distribution[] => Array.from({ length: HORIZON_HOURS }, () => certain(powerW));
  const [loads, suns] = [load ?? flat(present.loadW), pv ?? flat(present.pvW)];
  const quantiles = ({ p10, p50, p90 }: Distribution) => ({ p10W: p10, p50W: p50, p90W: p90 });
  return {
    siteId,
    issuedAtMs,
    loadModel: load ? 'mixture' : 'flat',
    pvModel: pv ? 'mixture' : 'flat',
    slots: loads.map((ahead, slot) => ({
      startMs: issuedAtMs + slot * HOUR_MS,
      endMs: issuedAtMs + (slot + 1) * HOUR_MS,
      loadW: slot === 0 ? present.loadW : ahead.mean,
      pvW: slot === 0 ? present.pvW : suns[slot]!.mean,
      ...(load ? { load: quantiles(ahead) } : {}),
      ...(pv ? { pv: quantiles(suns[slot]!) } : {}),
    })),
  };
};
