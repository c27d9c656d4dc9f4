import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadProfiles } from '../../field/profiles.js';
import { parseFleet } from '../../fleet/fleet-file.js';
import { DAY_MS, HOUR_MS } from '../../kernel/units.js';
import { tariffSchema } from '../../signals/tariff.js';
import { virtualSites } from '../virtual-sites.js';
import { HistoryRun } from './history-run.js';

const FILE = 'hardware/fleets/demo.yaml';
const T0 = Date.UTC(2026, 5, 10, 8, 30);

it('lives through two stretches that meet without a seam', async () => {
  const { plant, tariff, consents } = parseFleet(FILE, readFileSync(FILE, 'utf8'), tariffSchema);
  const sites = virtualSites({ plant, profiles: loadProfiles(), seed: 1, measured: [], faults: [] });
  const shared = { plant, sites, tariff, consents: [...consents], replanEveryMs: 24 * HOUR_MS, events: [] };
  const day = await new HistoryRun({ ...shared, period: { startMs: T0 - DAY_MS, endMs: T0 } }).run();
  const before = await new HistoryRun({ ...shared, period: { startMs: T0 - 2 * DAY_MS, endMs: T0 - DAY_MS }, arriveAt: T0 - DAY_MS }).run();
  const last = new Map(before.days.at(-1)!.samples.map((sample) => [sample.deviceId, sample]));
  const first = new Map(day.days[0]!.samples.filter(({ atMs }) => atMs === T0 - DAY_MS).map((sample) => [sample.deviceId, sample]));
  expect(first.size).toBe(plant.sites.flatMap(({ devices }) => devices).length);
  for (const [deviceId, sample] of first) {
    const end = last.get(deviceId)!;
    expect(end.atMs).toBe(sample.atMs);
    const counters = Object.entries(sample.values).filter(([key]) => key.endsWith('CounterWh'));
    for (const [key, value] of counters) expect(end.values[key as 'grid.toBusCounterWh']).toBeCloseTo(value, 3);
    const socPct = ({ values }: typeof sample): number => values['battery.socPct'] ?? 0;
    expect(Math.abs(socPct(end) - socPct(sample))).toBeLessThan(1);
  }
}, 120_000);
