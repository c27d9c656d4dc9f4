import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { slotsOf } from './interval.js';
import { addDays, localDate, localDay, localTime, momentOf } from './local-day.js';

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

  const anyZone = fc.constantFrom('Europe/Berlin', 'America/Los_Angeles', 'Asia/Kathmandu', 'Pacific/Apia', 'America/St_Johns', 'UTC');
  const anyMoment = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) });

  test.prop([anyZone, anyMoment])('hold the moment they were asked for, and follow one another without a gap', (zone, atMs) => {
    const date = localDate(zone, atMs);
    const day = localDay(zone, date);
    expect(day.startMs).toBeLessThanOrEqual(atMs);
    expect(day.endMs).toBeGreaterThan(atMs);
    expect(localDay(zone, addDays(date, 1)).startMs).toBe(day.endMs);
  });

  test.prop([anyZone, anyMoment])('show on the wall what was asked for', (zone, atMs) => {
    const { date, hour, minute } = localTime(zone, atMs);
    expect(localTime(zone, momentOf(zone, date, hour, minute))).toMatchObject({ date, hour, minute });
  });
});
