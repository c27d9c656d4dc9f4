import { describe, expect, it } from 'vitest';
import { localDay } from '../kernel/local-day.js';
import { slotLengthMs } from './energy-of-day.js';

const MINUTE = 60_000;
const berlin = localDay('Europe/Berlin', '2026-03-29');
const kathmandu = localDay('Asia/Kathmandu', '2026-03-29');

describe('the slots of a period', () => {
  it('are quarter-hours where intervals add up to these, else intervals, as long as the period is made of them', () => {
    const minutesOf = (period: typeof berlin, intervalMinutes: number): number => slotLengthMs(period, intervalMinutes * MINUTE) / MINUTE;
    expect([1, 3, 5, 15].map((minutes) => minutesOf(berlin, minutes))).toEqual([15, 15, 15, 15]);
    expect([2, 10, 20, 30, 60].map((minutes) => minutesOf(berlin, minutes))).toEqual([2, 10, 20, 30, 60]);
    // Days of Kathmandu begin at a quarter past in UTC: an hour of UTC is in none of them whole.
    expect([15, 60].map((minutes) => minutesOf(kathmandu, minutes))).toEqual([15, 15]);
  });
});
