import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS } from '../kernel/units.js';
import { SqliteReadingStore } from './adapters/sqlite-reading-store.js';
import { lastHybridCounters } from './hybrid-memory.js';

const T0 = Date.UTC(2026, 4, 1, 21);
const HYBRID = { id: 'h', role: 'hybrid' } as const;

describe('what hybrids told last', () => {
  let folder: string;
  let store: SqliteReadingStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    store = SqliteReadingStore.open(join(folder, 'readings.sqlite'));
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('is each counter with the one on its DC side at the same moment, also where the sun has been silent since', async () => {
    await store.append([
      { deviceId: 'h', atMs: T0, values: { 'pv.toBusCounterWh': 90, 'pv.dcCounterWh': 100, 'battery.toBusCounterWh': 5 } },
      { deviceId: 'h', atMs: T0 + 1_000, values: { 'battery.socPct': 50, 'pv.dcCounterWh': 200 } },
    ]);
    const last = await lastHybridCounters(store, [HYBRID], T0 + 2_000);
    expect(last.get('h')).toEqual({ 'pv.toBusCounterWh': 90, 'pv.dcCounterWh': 100, 'battery.toBusCounterWh': 5 });
  });

  it('is nothing for other devices, and nothing after a week', async () => {
    await store.append([{ deviceId: 'h', atMs: T0, values: { 'pv.toBusCounterWh': 90, 'pv.dcCounterWh': 100 } }]);
    expect(await lastHybridCounters(store, [{ id: 'h', role: 'pv' }], T0)).toEqual(new Map());
    expect(await lastHybridCounters(store, [HYBRID], T0 + 8 * DAY_MS)).toEqual(new Map([['h', {}]]));
  });
});
