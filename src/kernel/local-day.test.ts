import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { slotsOf } from './interval.js';
import { addDays, localDate, localDay, localHours, localIso, localMonth, localTime, monthAfter, momentOf } from './local-day.js';

const slotCount = (zone: string, date: string): number => slotsOf(localDay(zone, date)).length;

describe('local days', () => {
  it('have 92, 96 or 100 quarter-hours', () => {
    expect(slotCount('Europe/Berlin', '2026-03-29')).toBe(92);
    expect(slotCount('Europe/Berlin', '2026-07-01')).toBe(96);
    expect(slotCount('Europe/Berlin', '2026-10-25')).toBe(100);
    expect(slotCount('Australia/Lord_Howe', '2026-04-05')).toBe(98);
  });

  it('give a skipped time the moment of the jump, and a doubled time its first pass', () => {
    expect(new Date(momentOf('Europe/Berlin', '2026-03-29', 2, 30)).toISOString()).toBe('2026-03-29T01:00:00.000Z');
    expect(new Date(momentOf('Europe/Berlin', '2026-10-25', 2, 30)).toISOString()).toBe('2026-10-25T00:30:00.000Z');
  });

  it('add up to months that are an hour short or long where the clocks change', () => {
    expect(slotsOf(localMonth('Europe/Berlin', '2026-03'))).toHaveLength(31 * 96 - 4);
    expect(slotsOf(localMonth('Europe/Berlin', '2026-10'))).toHaveLength(31 * 96 + 4);
    expect(slotsOf(localMonth('Europe/Berlin', '2028-02'))).toHaveLength(29 * 96);
    expect(['2026-01', '2026-02', '2026-12'].map(monthAfter)).toEqual(['2026-02', '2026-03', '2027-01']);
  });

  const hoursOf = (zone: string, date: string): string[] =>
    localHours(zone, localDay(zone, date)).map(({ startMs }) => localIso(zone, startMs).slice(11));

  it('skip an hour, or show one twice and tell the two apart', () => {
    expect(hoursOf('Europe/Berlin', '2026-03-29').slice(0, 4)).toEqual([
      '00:00:00+01:00',
      '01:00:00+01:00',
      '03:00:00+02:00',
      '04:00:00+02:00',
    ]);
    expect(hoursOf('Europe/Berlin', '2026-10-25').slice(1, 4)).toEqual(['01:00:00+02:00', '02:00:00+02:00', '02:00:00+01:00']);
    expect(hoursOf('Australia/Lord_Howe', '2026-04-05').slice(1, 4)).toEqual(['01:00:00+11:00', '01:30:00+10:30', '02:00:00+10:30']);
    expect(hoursOf('Asia/Kathmandu', '2026-04-05')).toHaveLength(24);
  });

  it('write a moment as the wall shows it', () => {
    expect(localIso('America/St_Johns', Date.UTC(2026, 0, 1, 12, 0, 0, 250))).toBe('2026-01-01T08:30:00.250-03:30');
    expect(localIso('UTC', 0)).toBe('1970-01-01T00:00:00+00:00');
  });

  const anyZone = fc.constantFrom('Europe/Berlin', 'America/Los_Angeles', 'Asia/Kathmandu', 'Pacific/Apia', 'America/St_Johns', 'UTC');
  const anyMoment = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) });

  test.prop([anyZone, anyMoment])('hold the moment they were asked for, and follow one another without a gap', (zone, atMs) => {
    const date = localDate(zone, atMs);
    const day = localDay(zone, date);
    expect(day.startMs).toBeLessThanOrEqual(atMs);
    expect(day.endMs).toBeGreaterThan(atMs);
    expect(localDay(zone, addDays(date, 1)).startMs).toBe(day.endMs);
  });

  test.prop([anyZone, anyMoment])('are tiled by their hours, and tile their months', (zone, atMs) => {
    const date = localDate(zone, atMs);
    const hours = localHours(zone, localDay(zone, date));
    expect(hours.every(({ startMs, endMs }) => endMs > startMs && endMs - startMs <= 3_600_000)).toBe(true);
    expect(hours.slice(1).map(({ startMs }) => startMs)).toEqual(hours.slice(0, -1).map(({ endMs }) => endMs));
    const month = localMonth(zone, date.slice(0, 7));
    expect(month.startMs <= hours[0]!.startMs && hours.at(-1)!.endMs <= month.endMs).toBe(true);
    expect(Date.parse(localIso(zone, atMs))).toBe(atMs);
  });

  test.prop([anyZone, anyMoment])('show on the wall what was asked for', (zone, atMs) => {
    const { date, hour, minute } = localTime(zone, atMs);
    expect(localTime(zone, momentOf(zone, date, hour, minute))).toMatchObject({ date, hour, minute });
  });
});
