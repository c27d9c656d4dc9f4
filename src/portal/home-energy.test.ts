import { describe, expect, it } from 'vitest';
import { addDays, localDay } from '../kernel/local-day.js';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { homeDayEnergy } from './home-energy.js';

const DATE = '2026-03-29';
const day = localDay('Europe/Berlin', DATE);
const devices = [
  { id: 'meter', role: 'grid-meter' as const },
  { id: 'roof', role: 'pv' as const },
];

/** 1,000 W from the grid and 500 W of sun, in intervals of so many minutes. */
const steady = (minutes: number, endMs = day.endMs): IntervalEnergy[] => {
  const lengthMs = minutes * MINUTE_MS;
  return Array.from({ length: (endMs - day.startMs) / lengthMs }, (_, i) => day.startMs + i * lengthMs).flatMap((startMs) =>
    [
      { deviceId: 'meter', flow: 'grid' as const, toBusWh: (1_000 * minutes) / 60, fromBusWh: 0 },
      { deviceId: 'roof', flow: 'pv' as const, toBusWh: (500 * minutes) / 60 },
    ].map((energy) => ({ startMs, endMs: startMs + lengthMs, siteId: 'home', quality: 'measured' as const, commanded: false, ...energy })),
  );
};

describe('a home’s day', () => {
  it.each([1, 5, 10, 15, 20, 30, 60])('is measured in intervals of %i minutes, 23 hours of them when the clocks go forward', (minutes) => {
    const sum = homeDayEnergy(steady(minutes), devices, day, { closedMs: day.endMs, intervalMs: minutes * MINUTE_MS });
    expect(sum).toMatchObject({ quality: 'measured', producedQuality: 'measured', missingSlots: 0 });
    expect([sum.importedWh, sum.producedWh, sum.consumedWh].map((energyWh) => Math.round(energyWh!))).toEqual([23_000, 11_500, 34_500]);
  });

  it('counts what is closed of today, and nothing of tomorrow', () => {
    const closedMs = day.startMs + 10 * HOUR_MS;
    const today = homeDayEnergy(steady(30, closedMs), devices, day, { closedMs, intervalMs: 30 * MINUTE_MS });
    expect(today).toMatchObject({ quality: 'measured', missingSlots: 0 });
    expect(Math.round(today.importedWh!)).toBe(10_000);
    const tomorrow = localDay('Europe/Berlin', addDays(DATE, 1));
    expect(homeDayEnergy(steady(30, closedMs), devices, tomorrow, { closedMs, intervalMs: 30 * MINUTE_MS }).importedWh).toBeUndefined();
  });
});
