import { addDays, localDay, localTime } from '../../kernel/local-day.js';
import type { Interval } from '../../kernel/interval.js';
import { HOUR_MS } from '../../kernel/units.js';

/** The hours at which a local day is marked: every `hours`, by the clock on the wall, both midnights included. */
export const dayTicks = (zone: string, day: Interval, hours: number): number[] => {
  const ticks: number[] = [];
  for (let atMs = day.startMs; atMs <= day.endMs; atMs += HOUR_MS) {
    const { hour, minute } = localTime(zone, atMs);
    if (minute === 0 && hour % hours === 0) ticks.push(atMs);
  }
  // The hour the clocks show twice is marked once.
  return ticks.filter(
    (atMs, index) =>
      index === 0 || localTime(zone, atMs).hour !== localTime(zone, ticks[index - 1]!).hour || atMs - ticks[index - 1]! > 2 * HOUR_MS,
  );
};

export const dayOf = (zone: string, date: string): Interval => localDay(zone, date);
export const dayBefore = (date: string): string => addDays(date, -1);
export const dayAfter = (date: string): string => addDays(date, 1);

/** Round numbers at which an axis from `low` to `high` is marked, about `wanted` of them. */
export const roundTicks = (low: number, high: number, wanted: number): number[] => {
  const rough = (high - low) / Math.max(wanted, 1);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-9; index += 1) ticks.push(index === 0 ? 0 : index * step);
  return ticks;
};
