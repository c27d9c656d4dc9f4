import type { SiteId } from '../fleet/plant.js';
import { type Interval, overlaps, SLOT_MS } from '../kernel/interval.js';
import { addDays, type LocalDate, localDate, localTime, momentOf } from '../kernel/local-day.js';
import { DAY_MS, type DurationMs, type EpochMs, type WattHour } from '../kernel/units.js';
import { type MeteredSite, netImportWh, slotEnergy } from './grid-meter.js';

/** Days a baseline is the mean of, where there are that many. */
export const BASELINE_DAYS = 10;

export interface BaselineSlot extends Interval {
  /** Net import to be expected without the event; negative where the site would feed in. */
  readonly baselineWh: WattHour;
}

/** What a site would have drawn. Fixed before the event and never changed; without `days` there is none, and nothing is paid. */
export interface Baseline {
  readonly siteId: SiteId;
  readonly fixedAtMs: EpochMs;
  /** The like days it is the mean of, newest first. */
  readonly days: readonly LocalDate[];
  readonly slots: readonly BaselineSlot[];
}

/** A day's net import at the times of an event's slots. */
export interface LikeDay {
  readonly date: LocalDate;
  readonly netImportWh: readonly WattHour[];
}

/**
 * The slots an event is measured in: quarter-hours where it begins and ends on them, as markets settle; else the plant's own
 * metered intervals. (A plant that meters by the minute adds its minutes up.)
 */
export const eventSlots = ({ startMs, endMs }: Interval, intervalMs: DurationMs): Interval[] => {
  const onQuarters = intervalMs < SLOT_MS && startMs % SLOT_MS === 0 && endMs % SLOT_MS === 0;
  const stepMs = onQuarters ? SLOT_MS : intervalMs;
  const slots: Interval[] = [];
  for (let at = startMs; at < endMs; at += stepMs) slots.push({ startMs: at, endMs: Math.min(at + stepMs, endMs) });
  return slots;
};

const isWorkingDay = (date: LocalDate, holidays: ReadonlySet<LocalDate>): boolean => {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  return weekday >= 1 && weekday <= 5 && !holidays.has(date);
};

/** The days before `date` that are like it, newest first: working days among themselves, weekends and holidays among themselves. */
export const likeDays = (date: LocalDate, holidays: ReadonlySet<LocalDate>, lookBackDays: number): LocalDate[] => {
  const working = isWorkingDay(date, holidays);
  return Array.from({ length: lookBackDays }, (_, index) => addDays(date, -1 - index)).filter(
    (earlier) => isWorkingDay(earlier, holidays) === working,
  );
};

/**
 * The stretches of an earlier day at the same wall-clock times as an event's slots. An hour the clocks show twice is its
 * first showing. Undefined where the clocks jumped over one of the times: that day says nothing about it.
 */
export const slotsOnDay = (zone: string, slots: readonly Interval[], date: LocalDate): Interval[] | undefined => {
  if (slots.length === 0) return [];
  const firstDate = localDate(zone, slots[0]!.startMs);
  const mapped: Interval[] = [];
  for (const { startMs, endMs } of slots) {
    const wall = localTime(zone, startMs);
    const dayOfEvent = Math.round((Date.parse(wall.date) - Date.parse(firstDate)) / DAY_MS);
    const atMs = momentOf(zone, addDays(date, dayOfEvent), wall.hour, wall.minute);
    const there = localTime(zone, atMs);
    if (there.hour !== wall.hour || there.minute !== wall.minute) return undefined;
    mapped.push({ startMs: atMs, endMs: atMs + (endMs - startMs) });
  }
  return mapped;
};

/** Whether any of the events touches any of the stretches: such a day was not an ordinary one at that time. */
export const hadEvent = (stretches: readonly Interval[], events: readonly Interval[]): boolean =>
  events.some((event) => stretches.some((stretch) => overlaps(stretch, event)));

/**
 * Reads one like day; undefined where it cannot serve because a part of it is not measured. Metered intervals longer than
 * the event's slots give their mean power.
 */
export const likeDay = (date: LocalDate, stretches: readonly Interval[], site: MeteredSite): LikeDay | undefined => {
  const energies = stretches.map((stretch) => slotEnergy(stretch, site));
  if (energies.some(({ quality }) => quality !== 'measured')) return undefined;
  return { date, netImportWh: energies.map((energy) => netImportWh(energy)!) };
};

/**
 * The mean of the last ten like days, slot by slot ("high X of Y" with X = Y = 10 and no same-day adjustment; see NAESB
 * WEQ-015 on baseline type I). With fewer days it is the mean of those there are; with none there is no baseline.
 */
export const baselineOf = (siteId: SiteId, slots: readonly Interval[], days: readonly LikeDay[], fixedAtMs: EpochMs): Baseline => {
  const used = days.toSorted((a, b) => (a.date < b.date ? 1 : -1)).slice(0, BASELINE_DAYS);
  const mean = (index: number): WattHour => used.reduce((sum, day) => sum + day.netImportWh[index]!, 0) / used.length;
  return {
    siteId,
    fixedAtMs,
    days: used.map(({ date }) => date),
    slots: used.length === 0 ? [] : slots.map(({ startMs, endMs }, index) => ({ startMs, endMs, baselineWh: mean(index) })),
  };
};
