import { describe, expect, it } from 'vitest';
import { CHARGER } from '../fleet/charger.fixture.js';
import type { Device, Site } from '../fleet/plant.js';
import { momentOf } from '../kernel/local-day.js';
import { HOUR_MS } from '../kernel/units.js';
import { type LoadFacts, loadProblems } from './load-needs.js';

const ZONE = 'Europe/Berlin';
const at = (date: string, hour: number): number => momentOf(ZONE, date, hour);
const wallbox: Device = {
  ...CHARGER,
  flexibleLoad: { ...CHARGER.flexibleLoad!, need: { energyWh: 30_000, from: '18:00', by: '07:00' } },
};
const siteWith = (device: Device): Site => ({
  id: 'home',
  name: 'Home',
  kind: 'home',
  zone: ZONE,
  importLimitW: 20_000,
  exportLimitW: 10_000,
  devices: [device],
});
const stepsFrom = (nowMs: number, hours: number) =>
  Array.from({ length: hours }, (_, hour) => ({ startMs: nowMs + hour * HOUR_MS, endMs: nowMs + (hour + 1) * HOUR_MS }));
const problems = (nowMs: number, facts: Partial<LoadFacts> = {}, device = wallbox, hours = 36) =>
  loadProblems(siteWith(device), { nowMs, unavailable: new Set(), ...facts }, stepsFrom(nowMs, hours));

describe('what flexible loads are still to draw', () => {
  it('is the need of each window in the horizon', () => {
    expect(problems(at('2026-06-01', 12))).toEqual([
      {
        id: 'wallbox@2026-06-01',
        siteId: 'home',
        minW: 4_140,
        maxW: 10_000,
        energyWh: 30_000,
        startMs: at('2026-06-01', 18),
        endMs: at('2026-06-02', 7),
      },
    ]);
  });

  it('is less what it has drawn in the window that runs, and nothing where nothing is there that would', () => {
    const nowMs = at('2026-06-01', 21);
    const withNeed = (drawnWh: number, wants = true) => problems(nowMs, { needs: new Map([['wallbox', { drawnWh, wants }]]) });
    expect(withNeed(12_000)[0]).toMatchObject({ id: 'wallbox@2026-06-01', energyWh: 18_000, startMs: nowMs });
    expect(withNeed(31_000).map(({ id }) => id)).toEqual(['wallbox@2026-06-02']);
    expect(withNeed(0, false).map(({ id }) => id)).toEqual(['wallbox@2026-06-02']);
  });

  it('is drawn as far as who is there takes it, in the window that runs', () => {
    const nowMs = at('2026-06-01', 21);
    const bounds = (takesW: number | undefined, share: number) =>
      problems(nowMs, { takings: new Map([['wallbox', { share, ...(takesW === undefined ? {} : { takesW }) }]]) }).map(({ minW, maxW }) => [
        minW,
        maxW,
      ]);
    const tomorrow = [4_140, 10_000];
    expect(bounds(5_500, 1)).toEqual([[4_140, 5_500], tomorrow]);
    expect(bounds(3_680, 1 / 3)).toEqual([[1_380, 3_680], tomorrow]);
    expect(bounds(3_000, 1)).toEqual([[4_140, 4_140], tomorrow]);
    expect(bounds(undefined, 1)).toEqual([[4_140, 10_000], tomorrow]);
  });

  it('is only what would be too late after the horizon, of a window that goes beyond it', () => {
    // The second window ends 13 h after it begins; the horizon ends two hours before that.
    const nowMs = at('2026-06-01', 17);
    expect(problems(nowMs)[1]).toMatchObject({ id: 'wallbox@2026-06-02', energyWh: 10_000, endMs: nowMs + 36 * HOUR_MS });
    expect(problems(nowMs, {}, wallbox, 34)).toHaveLength(1);
  });

  it('goes by what a car takes, where that is less than its charger gives', () => {
    const need = { ...wallbox.flexibleLoad!.need!, maxW: 5_000 };
    const slow = { ...wallbox, flexibleLoad: { ...wallbox.flexibleLoad!, need } };
    const nowMs = at('2026-06-01', 17);
    const planned = problems(nowMs, {}, slow);
    expect(planned.map(({ maxW }) => maxW)).toEqual([5_000, 5_000]);
    // Two hours after the horizon are left for a third of it, and the rest has to come before.
    expect(planned[1]).toMatchObject({ energyWh: 20_000 });
  });

  it('is held by a person in the window that her word reaches into', () => {
    const nowMs = at('2026-06-01', 17);
    const override = (hours: number) => ({
      deviceId: 'wallbox',
      setpoint: { kind: 'load-limit' as const, maxW: 6_000 },
      endMs: nowMs + hours * HOUR_MS,
      by: 'anna',
    });
    const [tonight, next] = problems(nowMs, { overrides: [override(3)] });
    expect(tonight!.override).toEqual({ maxW: [6_000, 6_000, 6_000, ...Array.from({ length: 33 }, () => null)], by: 'anna' });
    expect(next!.override).toBeUndefined();
    // In the window a car on one phase is there, which can draw a third of it.
    const onOnePhase = problems(nowMs + 2 * HOUR_MS, { overrides: [override(4)], takings: new Map([['wallbox', { share: 1 / 3 }]]) });
    expect(onOnePhase[0]!.override!.maxW.slice(0, 3)).toEqual([2_000, 2_000, null]);
    expect(problems(nowMs, { overrides: [override(1)] })[0]!.override).toBeUndefined();
    expect(problems(nowMs, { overrides: [{ ...override(3), deviceId: 'other' }] })[0]!.override).toBeUndefined();
  });

  it('is nothing of a load that is locked out, cannot be told anything, or of which it is not known', () => {
    const nowMs = at('2026-06-01', 12);
    expect(problems(nowMs, { unavailable: new Set(['wallbox']) })).toEqual([]);
    expect(problems(nowMs, {}, { ...wallbox, reversion: 'none' })).toEqual([]);
    expect(problems(nowMs, {}, { ...wallbox, flexibleLoad: { kind: 'charger', minW: 0, phases: 3 } })).toEqual([]);
  });
});
