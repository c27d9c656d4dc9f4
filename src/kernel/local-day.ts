import type { Interval } from './interval.js';
import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS, SECOND_MS } from './units.js';

/**
 * The one file that knows local days. A local day has 92, 96 or 100 quarter-hours: the clocks go forward or back inside
 * it. Days are named `YYYY-MM-DD`, zones by their IANA names.
 */
export type LocalDate = string;

export interface LocalTime {
  readonly date: LocalDate;
  readonly hour: number;
  readonly minute: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (zone: string): Intl.DateTimeFormat => {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, format);
  }
  return format;
};

/** Whether the runtime knows this IANA zone. */
export const isZone = (zone: string): boolean => {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
};

const offsets = new Map<string, DurationMs>();

/** Local wall-clock minus UTC at a moment. Offsets change on quarter-hours only, which is what is remembered. */
export const zoneOffsetMs = (zone: string, atMs: EpochMs): DurationMs => {
  const quarterMs = Math.floor(atMs / (HOUR_MS / 4)) * (HOUR_MS / 4);
  const key = `${zone} ${quarterMs}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(quarterMs)) part[type] = Number(value);
  const wallMs = Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute'], part['second']);
  const offsetMs = wallMs - quarterMs;
  if (offsets.size > 50_000) offsets.clear();
  offsets.set(key, offsetMs);
  return offsetMs;
};

/** What a clock on the wall in `zone` shows. */
export const localTime = (zone: string, atMs: EpochMs): LocalTime => {
  const wall = new Date(atMs + zoneOffsetMs(zone, atMs));
  return {
    date: wall.toISOString().slice(0, 10),
    hour: wall.getUTCHours(),
    minute: wall.getUTCMinutes(),
    weekday: wall.getUTCDay(),
  };
};

export const localDate = (zone: string, atMs: EpochMs): LocalDate => localTime(zone, atMs).date;

/**
 * The first moment at which a wall clock in `zone` shows the given time. A time the clocks jump over is the moment of
 * the jump; a time they show twice is the first of the two.
 */
export const momentOf = (zone: string, date: LocalDate, hour = 0, minute = 0): EpochMs => {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const wallMs = Date.UTC(year, month - 1, day, hour, minute);
  const shown = candidates(zone, wallMs);
  return momentsOf(zone, wallMs)[0] ?? jumpBetween(zone, shown[0], shown[1]);
};

/**
 * All moments at which a wall clock in `zone` shows a time, in order: none where the clocks jump over it, two where they show
 * it twice. The time is given as if its wall clock showed UTC.
 */
export const momentsOf = (zone: string, wallMs: number): EpochMs[] => {
  const [first, second] = candidates(zone, wallMs);
  return (first === second ? [first] : [first, second]).filter((atMs) => atMs + zoneOffsetMs(zone, atMs) === wallMs);
};

const candidates = (zone: string, wallMs: number): [EpochMs, EpochMs] => {
  const before = zoneOffsetMs(zone, wallMs - DAY_MS);
  const after = zoneOffsetMs(zone, wallMs + DAY_MS);
  return [wallMs - Math.max(before, after), wallMs - Math.min(before, after)];
};

const jumpBetween = (zone: string, lowMs: EpochMs, highMs: EpochMs): EpochMs => {
  const beforeJump = zoneOffsetMs(zone, lowMs);
  let [low, high] = [lowMs, highMs];
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000;
    if (zoneOffsetMs(zone, middle) === beforeJump) low = middle;
    else high = middle;
  }
  return high;
};

/** The calendar date `days` after `date` (before it, where negative). */
export const addDays = (date: LocalDate, days: number): LocalDate =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** A moment as a wall clock in `zone` shows it, with its offset: the doubled hour is told apart. */
export const localIso = (zone: string, atMs: EpochMs): string => {
  const offsetMs = zoneOffsetMs(zone, atMs);
  const wall = new Date(atMs + offsetMs).toISOString();
  const offset = new Date(Math.abs(offsetMs)).toISOString().slice(11, 16);
  return `${wall.slice(0, atMs % SECOND_MS === 0 ? 19 : 23)}${offsetMs < 0 ? '-' : '+'}${offset}`;
};

/** The local day as a stretch of time: 23, 24 or 25 hours long. */
export const localDay = (zone: string, date: LocalDate): Interval => ({
  startMs: momentOf(zone, date),
  endMs: momentOf(zone, addDays(date, 1)),
});

/** The local days that a stretch of time lies in or touches, in order, each whole. A date that a zone left out is not there. */
export function* localDays(zone: string, { startMs, endMs }: Interval): Generator<Interval> {
  for (let date = localDate(zone, startMs); ; date = addDays(date, 1)) {
    const day = localDay(zone, date);
    if (day.startMs >= endMs) return;
    if (day.endMs > day.startMs) yield day;
  }
}

/** A calendar month, `YYYY-MM`. */
export type LocalMonth = string;

export const monthAfter = (month: LocalMonth): LocalMonth => addDays(`${month}-01`, 31).slice(0, 7);

/** The local month as a stretch of time. Those in which the clocks change are an hour shorter or longer. */
export const localMonth = (zone: string, month: LocalMonth): Interval => ({
  startMs: momentOf(zone, `${month}-01`),
  endMs: momentOf(zone, `${monthAfter(month)}-01`),
});

/** The local months that a stretch of time lies in or touches, in order, each whole. */
export function* localMonths(zone: string, { startMs, endMs }: Interval): Generator<Interval> {
  for (let month = localDate(zone, startMs).slice(0, 7); ; month = monthAfter(month)) {
    const whole = localMonth(zone, month);
    if (whole.startMs >= endMs) return;
    yield whole;
  }
}

/**
 * The hours of a local day, in order. Each begins where the wall clock shows a full hour or is changed: the skipped hour is not
 * there, the doubled one is there twice, and in a zone that moves its clocks by half an hour two are short.
 */
export const localHours = (zone: string, day: Interval): Interval[] => {
  const starts = [day.startMs];
  for (let atMs = day.startMs + HOUR_MS / 4; atMs < day.endMs; atMs += HOUR_MS / 4) {
    const offsetMs = zoneOffsetMs(zone, atMs);
    if ((atMs + offsetMs) % HOUR_MS === 0 || offsetMs !== zoneOffsetMs(zone, atMs - HOUR_MS / 4)) starts.push(atMs);
  }
  return starts.map((startMs, hour) => ({ startMs, endMs: starts[hour + 1] ?? day.endMs }));
};
