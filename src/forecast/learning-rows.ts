import { randomStream } from '../kernel/random.js';
import { DAY_MS, HOUR_MS } from '../kernel/units.js';
import { minuteOfDay, type PowerSeries, type SlotCalendar } from './history.js';
import type { ClearSky } from './past-days.js';
import type { LearningRow } from './ridge.js';
import { slotViews } from './seasonal-models.js';
import type { ForecastTask } from './seasonal-naive.js';
import { issueLevel, slotFeatures } from './slot-features.js';
import type { Weather } from './weather.js';

/** How far ahead a forecast looks. */
export const HORIZON_HOURS = 48;
/** Days of past a row needs before its issue. */
const RUN_UP_DAYS = 7;
/** Of the rows of other moments than midnight. */
const BY_DAY_SHARE = 0.25;

/** What rows and forecasts of one series are made from. */
export interface Material {
  readonly series: PowerSeries;
  /** Covers the history and the slots ahead; starts with the series. */
  readonly calendar: SlotCalendar;
  readonly clearW?: ClearSky;
  readonly weather?: Weather;
}

interface Wanted {
  readonly issueSlot: number;
  readonly targets: number[];
}

/** Slots at which a local day begins, from the first whole one. */
export const midnights = (calendar: SlotCalendar, endSlot: number): number[] => {
  const found: number[] = [];
  for (let slot = 0, last = Infinity; slot < endSlot; slot += 1) {
    const minute = minuteOfDay(calendar, slot);
    if (minute < last && (slot > 0 || minute === 0)) found.push(slot);
    last = minute;
  }
  return found;
};

/**
 * What a learning model could have been told at past issues, next to what came: mostly the next day at each local midnight, and some
 * slots up to 48 h ahead of a random moment of each day. At most about `maxRows`, drawn evenly. A row holds no power later
 * than its issue; every target lies before `endSlot`.
 */
export const learningRows = (material: Material, endSlot: number, seed: number, maxRows: number): LearningRow[] => {
  const { series, calendar, clearW, weather } = material;
  const rows: LearningRow[] = [];
  for (const { issueSlot, targets } of wantedRows(material, endSlot, seed, maxRows)) {
    const task: ForecastTask = { series, calendar, issueSlot };
    const viewOf = slotViews(task, clearW);
    const level = issueLevel(task, viewOf);
    for (const targetSlot of targets) {
      const actualW = series.values[targetSlot];
      if (actualW === undefined) continue;
      const features = slotFeatures(viewOf(targetSlot), level, weather);
      if (features) rows.push({ ...features, actualW, hour: Math.floor(minuteOfDay(calendar, targetSlot) / 60), issueSlot, targetSlot });
    }
  }
  return rows;
};

const wantedRows = ({ series, calendar }: Material, endSlot: number, seed: number, maxRows: number): Wanted[] => {
  const random = randomStream(seed);
  const perDay = DAY_MS / series.stepMs;
  const horizon = (HORIZON_HOURS * HOUR_MS) / series.stepMs;
  const starts = midnights(calendar, endSlot);
  const days = starts.filter((slot) => slot >= RUN_UP_DAYS * perDay);
  const share = Math.min(1, (maxRows * (1 - BY_DAY_SHARE)) / (days.length * perDay));
  const besides = Math.ceil(Math.min(perDay, (maxRows * BY_DAY_SHARE) / Math.max(1, days.length)));
  return days.flatMap((start) => {
    const endOfDay = starts.find((slot) => slot > start) ?? Math.min(endSlot, start + perDay);
    const targets: number[] = [];
    for (let slot = start; slot < endOfDay; slot += 1) if (random() < share) targets.push(slot);
    const issueSlot = start + Math.floor(random() * perDay);
    const others = Array.from({ length: besides }, () => issueSlot + Math.floor(random() * horizon)).filter((slot) => slot < endSlot);
    return [
      { issueSlot: start, targets },
      { issueSlot, targets: others.toSorted((a, b) => a - b) },
    ];
  });
};
