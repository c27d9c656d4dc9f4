import { describe, expect, it } from 'vitest';
import { localDay } from '../kernel/local-day.js';
import { closedPart } from './energy-rows.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const berlin = localDay('Europe/Berlin', '2026-03-29');

describe('the closed part of a period', () => {
  const part = (closedMs: number) => closedPart(berlin, closedMs, 15 * MINUTE, 'Europe/Berlin');

  it('is all of one that is over', () => {
    expect(part(berlin.endMs)).toEqual({ stretch: berlin, running: false, zone: 'Europe/Berlin' });
  });

  it('is the whole slots that are closed of one that runs, and nothing of one that has not begun', () => {
    expect(part(berlin.startMs + HOUR + 7 * MINUTE)).toMatchObject({
      stretch: { startMs: berlin.startMs, endMs: berlin.startMs + HOUR },
      running: true,
    });
    expect(part(berlin.startMs + 7 * MINUTE)).toBeUndefined();
    expect(part(berlin.startMs - HOUR)).toBeUndefined();
  });
});
