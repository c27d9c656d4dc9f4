import { randomStream } from '../kernel/random.js';
import { DAY_MS, HOUR_MS, type Watt } from '../kernel/units.js';
import { LEVEL } from './distribution.js';
import type { Quantiles, SiteForecast } from './forecast.js';
import { calendarOf, type PowerSeries, type SiteHistory, slotDaysBefore, type SlotCalendar } from './history.js';

/** One way a site's load and sun may go over the slots of its forecast; W, both ≥ 0. */
export interface Course {
  readonly loadW: readonly Watt[];
  readonly pvW: readonly Watt[];
}

export interface CourseTask {
  /** Both series start together, have the forecast's step, and end with what was known at its issue. */
  readonly history: SiteHistory;
  readonly forecast: SiteForecast;
  readonly zone: string;
  /** What is measured at the issue: the running slot, as far as it can be known. */
  readonly present?: { readonly loadW?: Watt; readonly pvW?: Watt };
  /** How many courses. */
  readonly count: number;
  readonly seed: number;
}

/** How far back days are drawn from, and how soon they grow old. */
const PAST_DAYS = 42;
const AGE_DAYS = 28;
/** Hours before the issue in which a past day is compared with today, and after which they count for a third. */
const COMPARED_HOURS = 6;
const FADE_HOURS = 3;
/** A day that is as unlike as half of them counts so many times e less than one just like today. */
const SHARPNESS = 2;
/** How far the forecast's own quantiles move what past days say. */
const FORECAST_SHARE = 0.5;

/**
 * Draws courses, each as likely as the others, that hang together in time as past days did and lie as high as the forecast says.
 *
 * Past days are drawn by how much their last hours were like today's (an analog ensemble: Delle Monache et al., Monthly Weather Review
 * 141, 2013) and how old they are, evenly through the weights (systematic resampling, Kitagawa 1996), newest first: so the courses of several
 * sites under one sky go together by their number. Then each slot's values are moved to the quantile of the forecast that has their rank
 * (the Schaake shuffle: Clark et al., Journal of Hydrometeorology 5, 2004), half of the way, which averages the two distributions by
 * quantiles. Load and sun keep to the same day.
 *
 * The same task gives the same courses. There are none where fewer than two past days are known.
 */
export const drawCourses = (task: CourseTask): Course[] => {
  const { forecast, history, zone, count, seed } = task;
  const { startMs, stepMs, values } = history.load;
  const first = forecast.slots[0];
  if (!first || count === 0) return [];
  const firstSlot = Math.round((first.startMs - startMs) / stepMs);
  const calendar = calendarOf(zone, startMs, stepMs, Math.max(values.length, firstSlot + forecast.slots.length));
  const drawn = drawnDays(likeDays(task, calendar, firstSlot), count, randomStream(seed)());
  const courses = drawn.map((): { loadW: Watt[]; pvW: Watt[] } => ({ loadW: [], pvW: [] }));
  forecast.slots.forEach((slot, ahead) => {
    const slots = drawn.map((days) => lastKnownSlot(calendar, firstSlot + ahead, days, values.length));
    const load = slots.map((past) => history.load.values[past]);
    const pv = slots.map((past) => history.pv.values[past]);
    movedTo(slot.load, slot.loadW, load).forEach((powerW, course) => courses[course]!.loadW.push(powerW));
    movedTo(slot.pv, slot.pvW, pv).forEach((powerW, course) => courses[course]!.pvW.push(powerW));
  });
  return courses;
};

/** The same wall-clock time so many days before, or as many more as it takes to have been known. */
const lastKnownSlot = (calendar: SlotCalendar, slot: number, days: number, known: number): number => {
  for (let before = days; ; before += 1) {
    const past = slotDaysBefore(calendar, slot, before);
    if (past < known) return past;
  }
};

interface LikeDay {
  readonly days: number;
  readonly weight: number;
}

/** Past days with how much each counts. */
const likeDays = (task: CourseTask, calendar: SlotCalendar, firstSlot: number): LikeDay[] => {
  const { load } = task.history;
  const perDay = DAY_MS / load.stepMs;
  const found: { days: number; distanceW: number }[] = [];
  for (let days = 1; days <= PAST_DAYS; days += 1) {
    const start = slotDaysBefore(calendar, firstSlot, days);
    if (start < 0) break;
    const known = load.values.slice(start, start + perDay).filter((value) => value !== undefined).length;
    if (known >= perDay / 2) found.push({ days, distanceW: distanceOf(task, calendar, firstSlot, days) });
  }
  if (found.length < 2) return [];
  const distances = found.map(({ distanceW }) => distanceW).toSorted((a, b) => a - b);
  const usualW = distances[Math.floor(distances.length / 2)]! || 1;
  return found.map(({ days, distanceW }) => ({
    days,
    weight: Math.exp(-days / AGE_DAYS - (SHARPNESS * distanceW) / usualW),
  }));
};

/** Mean difference of the net load in the last hours and now from that of a past day at these times; 0 where nothing can be compared. */
const distanceOf = ({ history: { load, pv }, present }: CourseTask, calendar: SlotCalendar, firstSlot: number, days: number): Watt => {
  const perHour = HOUR_MS / load.stepMs;
  const net = (slot: number): Watt => netOf(load, slot) - netOf(pv, slot);
  let [sum, weights] = [0, 0];
  const compare = (nowW: Watt, slot: number, weight: number): void => {
    const differenceW = Math.abs(nowW - net(slotDaysBefore(calendar, slot, days)));
    if (Number.isNaN(differenceW)) return;
    sum += weight * differenceW;
    weights += weight;
  };
  compare((present?.loadW ?? NaN) - (present?.pvW ?? NaN), firstSlot, perHour);
  for (let ago = 1; ago <= COMPARED_HOURS * perHour; ago += 1)
    compare(net(firstSlot - ago), firstSlot - ago, Math.exp(-ago / perHour / FADE_HOURS));
  return weights > 0 ? sum / weights : 0;
};

/** NaN where it is not known. */
const netOf = ({ values }: PowerSeries, slot: number): number => values[slot] ?? NaN;

/** `count` days, each as often as its weight is due; `offset`, in [0, 1), shifts the even grid through the weights. */
const drawnDays = (days: readonly LikeDay[], count: number, offset: number): number[] => {
  const total = days.reduce((sum, { weight }) => sum + weight, 0);
  const drawn: number[] = [];
  let passed = 0;
  for (const { days: before, weight } of days) {
    passed += (weight / total) * count;
    while (drawn.length < count && drawn.length + offset < passed) drawn.push(before);
  }
  while (days.length > 0 && drawn.length < count) drawn.push(days.at(-1)!.days);
  return drawn;
};

/** Values of one slot on the days drawn, moved towards the forecast. A day on which it is not known takes what is forecast. */
const movedTo = (quantiles: Quantiles | undefined, meanW: Watt, values: readonly (Watt | undefined)[]): Watt[] => {
  if (!quantiles) return values.map((value) => value ?? meanW);
  const known = values.filter((value) => value !== undefined);
  return values.map((value) => {
    if (value === undefined) return meanW;
    const below = known.filter((other) => other < value).length;
    const same = known.filter((other) => other === value).length;
    const quantileW = valueAt(quantiles, (below + same / 2) / known.length);
    return Math.max(0, value + FORECAST_SHARE * (quantileW - value));
  });
};

/** The forecast's value at a level, straight between its quantiles. Beyond them it goes on as steeply downwards and twice so upwards. */
const valueAt = ({ p10W, p50W, p90W }: Quantiles, level: number): Watt => {
  const { p10, p50, p90 } = LEVEL;
  const low = (p50W - p10W) / (p50 - p10);
  const high = (p90W - p50W) / (p90 - p50);
  if (level < p50) return Math.max(0, p50W - low * (p50 - level));
  return level <= p90 ? p50W + high * (level - p50) : p90W + 2 * high * (level - p90);
};
