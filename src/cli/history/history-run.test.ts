import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadProfiles } from '../../field/profiles.js';
import { parseFleet } from '../../fleet/fleet-file.js';
import { sum } from '../../kernel/sum.js';
import { DAY_MS, HOUR_MS } from '../../kernel/units.js';
import { tariffSchema } from '../../signals/tariff.js';
import { virtualSites } from '../virtual-sites.js';
import { HistoryRun } from './history-run.js';

const FILE = 'hardware/fleets/demo.yaml';
const LARGEST_W = 60_000;
const T0 = Date.UTC(2026, 5, 10, 8, 30);

it('lives through two stretches that meet without a seam', async () => {
  const { plant, tariff, consents } = parseFleet(FILE, readFileSync(FILE, 'utf8'), tariffSchema);
  const sites = virtualSites({ plant, profiles: loadProfiles(), seed: 1, measured: [], faults: [] });
  const shared = { plant, sites, tariff, consents: [...consents], replanEveryMs: 24 * HOUR_MS, events: [] };
  const day = await new HistoryRun({ ...shared, period: { startMs: T0 - DAY_MS, endMs: T0 } }).run();
  const before = await new HistoryRun({ ...shared, period: { startMs: T0 - 2 * DAY_MS, endMs: T0 - DAY_MS }, arriveAt: T0 - DAY_MS }).run();
  const count = plant.sites.flatMap(({ devices }) => devices).length;
  const first = day.days[0]!.samples.filter(({ atMs }) => atMs === T0 - DAY_MS);
  expect(first).toHaveLength(count);

  const arriving = before.days.at(-1)!.samples;
  expect(arriving.filter(({ atMs }) => atMs === T0 - DAY_MS)).toEqual(first);
  const jumps = first.flatMap(({ deviceId, values }) => {
    const ahead = arriving.filter((sample) => sample.deviceId === deviceId && sample.atMs < T0 - DAY_MS).at(-1)!.values;
    const quantities = Object.keys(values) as (keyof typeof values)[];
    return quantities
      .filter((quantity) => !couldStep(quantity, values[quantity]! - ahead[quantity]!))
      .map((quantity) => [deviceId, quantity]);
  });
  expect(jumps).toEqual([]);

  const drawnWh = day.days.flatMap(({ samples }) => samples).filter(({ deviceId }) => deviceId === 'home-06-charger');
  const counters = drawnWh.map(({ values }) => values['flexible.fromBusCounterWh']!);
  expect(counters.at(-1)! - counters[0]!).toBeGreaterThan(5_000);
  expect(day.days.flatMap(({ spans }) => spans).some(({ control }) => control === 'load-limit')).toBe(true);
}, 120_000);

it('has homes give an event what it asks for, beside an engine that runs anyway', async () => {
  const { plant, tariff, consents } = parseFleet(FILE, readFileSync(FILE, 'utf8'), tariffSchema);
  const sites = virtualSites({ plant, profiles: loadProfiles(), seed: 1, measured: [], faults: [] });
  const event = { startMs: T0 - DAY_MS + 7.5 * HOUR_MS, endMs: T0 - DAY_MS + 8.5 * HOUR_MS };
  const events = [{ ...event, direction: 'up' as const, powerW: 25_000, priceMicroPerKwh: 400_000 }];
  const period = { startMs: T0 - 2 * DAY_MS, endMs: T0 - DAY_MS + 9 * HOUR_MS };
  const { days } = await new HistoryRun({
    plant,
    sites,
    tariff,
    consents: [...consents],
    replanEveryMs: 6 * HOUR_MS,
    events,
    period,
  }).run();
  const samples = days.flatMap((day) => day.samples);
  const grownWh = (quantity: 'battery.toBusCounterWh' | 'generator.toBusCounterWh'): number => {
    const at = (atMs: number) => samples.filter((sample) => sample.atMs === atMs).map(({ values }) => values[quantity] ?? 0);
    return sum(at(event.endMs)) - sum(at(event.startMs));
  };
  expect(grownWh('generator.toBusCounterWh')).toBeGreaterThan(20_000);
  expect(grownWh('battery.toBusCounterWh')).toBeLessThan(35_000);
}, 120_000);

/** What the largest device can count in a quarter-hour, and what a battery's charge changes by at the most. */
const couldStep = (quantity: string, step: number): boolean => {
  if (quantity.endsWith('CounterWh')) return step >= 0 && step < LARGEST_W / 4;
  return quantity !== 'battery.socPct' || Math.abs(step) < 30;
};
