import { type Interval, overlaps } from '../kernel/interval.js';
import { addDays, localDate, momentOf } from '../kernel/local-day.js';
import type { EpochMs } from '../kernel/units.js';
import type { DailyNeed } from './plant.js';

const timeOf = (text: string): [hour: number, minute: number] => {
  const [hour, minute] = text.split(':').map(Number);
  return [hour!, minute!];
};

/** The times in which a load may have what it needs each day, as far as they touch a range, in order; on days of 23 or 25 hours too. */
export const needWindows = ({ from, by }: Pick<DailyNeed, 'from' | 'by'>, zone: string, range: Interval): Interval[] => {
  const windows: Interval[] = [];
  const last = localDate(zone, range.endMs);
  for (let date = addDays(localDate(zone, range.startMs), -1); date <= last; date = addDays(date, 1)) {
    const startMs = momentOf(zone, date, ...timeOf(from));
    const endMs = momentOf(zone, by > from ? date : addDays(date, 1), ...timeOf(by));
    const window = { startMs, endMs };
    if (endMs > startMs && overlaps(window, range)) windows.push(window);
  }
  return windows;
};

/** The window that holds a moment. */
export const needWindowAt = (need: Pick<DailyNeed, 'from' | 'by'>, zone: string, atMs: EpochMs): Interval | undefined =>
  needWindows(need, zone, { startMs: atMs, endMs: atMs + 1 })[0];

/** Under this name stands what is planned for a device in one window. */
export const loadIdOf = (deviceId: string, zone: string, { startMs }: Interval): string => `${deviceId}@${localDate(zone, startMs)}`;

export const deviceOfLoad = (loadId: string): string => loadId.split('@', 1)[0]!;
