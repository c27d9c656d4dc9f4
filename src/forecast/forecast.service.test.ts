import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Interval, SLOT_MS, slotsOf } from '../kernel/interval.js';
import { gaussian, randomStream, seedOf } from '../kernel/random.js';
import { DAY_MS, HOUR_MS } from '../kernel/units.js';
import { databaseOptions } from '../platform/database.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { EnergyHistory } from './energy-history.port.js';
import { ForecastEntity, ForecastModelEntity } from './forecast.entity.js';
import { ForecastService } from './forecast.service.js';
import { FLEET_ID } from './issue.js';
import { WorkerForecaster } from './worker-forecaster.js';

const NOW_MS = Date.UTC(2024, 5, 1, 10, 7);
const site = (id: string) => ({ id, zone: 'Europe/Berlin' });

/** Homes that metered for so many days: a grid meter that tells an evening peak, a roof that tells a sunny noon. */
class Metered extends EnergyHistory {
  asked = 0;

  constructor(private readonly days: Readonly<Record<string, number>>) {
    super();
  }

  intervals(siteId: string, period: Interval): Promise<IntervalEnergy[]> {
    this.asked += period.endMs - period.startMs;
    const fromMs = NOW_MS - (this.days[siteId] ?? 0) * DAY_MS;
    return Promise.resolve(
      slotsOf(period)
        .filter(({ startMs }) => startMs >= fromMs)
        .flatMap((slot) => [this.energy(siteId, 'grid', slot), this.energy(siteId, 'pv', slot)]),
    );
  }

  private energy(siteId: string, flow: 'grid' | 'pv', slot: Interval): IntervalEnergy {
    const hour = (slot.startMs / HOUR_MS + 2) % 24;
    const noise = 1 + 0.2 * gaussian(randomStream(seedOf(siteId, flow, slot.startMs)));
    const sunWh = hour > 7 && hour < 20 ? Math.max(0, 800 * Math.sin(((hour - 7) / 13) * Math.PI) * noise) : 0;
    const loadWh = Math.max(20, (80 + 400 * Math.exp(-((hour - 19) ** 2) / 6)) * noise);
    const netWh = loadWh - sunWh;
    const grid = { toBusWh: Math.max(0, netWh), fromBusWh: Math.max(0, -netWh) };
    const energies = flow === 'pv' ? { toBusWh: sunWh, fromBusWh: 0 } : grid;
    return { ...slot, siteId, deviceId: `${siteId}-${flow}`, flow, ...energies, quality: 'measured', commanded: false };
  }
}

let database: DataSource;
const forecaster = new WorkerForecaster();
const serviceOf = (history: EnergyHistory): ForecastService =>
  new ForecastService(history, forecaster, database.getRepository(ForecastEntity), database.getRepository(ForecastModelEntity));

beforeEach(async () => {
  const entities = [ForecastEntity, ForecastModelEntity];
  database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities }).initialize();
  await database.runMigrations();
});
afterEach(() => database.destroy());
afterAll(() => forecaster.close());

it('has entities that agree with the migrated tables', async () => {
  const differences = (await database.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
  expect(differences.filter((query) => /forecasts|forecast_models/.test(query))).toEqual([]);
});

describe('forecasts', () => {
  it('say which model they are from: a network, the naive blend, or what is now', async () => {
    const service = serviceOf(new Metered({ old: 30, young: 5 }));
    const sites = [site('old'), site('young'), site('new')];
    const reports = await service.train(sites, NOW_MS);
    expect(reports.map(({ siteId, quantity, trained }) => [siteId, quantity, trained])).toEqual([
      ['old', 'load', true],
      ['old', 'pv', true],
      ['young', 'load', false],
      ['young', 'pv', false],
      ['new', 'load', false],
      ['new', 'pv', false],
    ]);
    const { sites: issued, fleet } = await service.forecast(sites, NOW_MS, new Map([['new', { loadW: 700 }]]));
    expect(issued.map(({ loadModel, pvModel }) => [loadModel, pvModel])).toEqual([
      ['brain.js', 'brain.js'],
      ['seasonal-naive', 'seasonal-naive'],
      ['flat', 'flat'],
    ]);
    expect(issued[2]!.slots.every(({ loadW, pvW }) => loadW === 700 && pvW === 0)).toBe(true);
    for (const { slots } of issued) {
      expect(slots).toHaveLength(144);
      expect(slots[0]!.startMs).toBe(NOW_MS - 7 * 60_000);
      expect(slots.at(-1)!.endMs - slots[0]!.startMs).toBe(36 * HOUR_MS);
    }
    expect(fleet.slots[40]!.loadW).toBe(issued.reduce((sum, { slots }) => sum + slots[40]!.loadW, 0));
    const evening = issued[0]!.slots.find(({ startMs }) => startMs === Date.UTC(2024, 5, 1, 17))!;
    expect(evening.loadW).toBeGreaterThan(1_400);
    expect(evening.loadW).toBeLessThan(2_400);
  });

  it('are kept, with the models, across a restart', async () => {
    const history = new Metered({ old: 20 });
    const first = serviceOf(history);
    await first.train([site('old')], NOW_MS);
    const before = await first.forecast([site('old')], NOW_MS);
    const restarted = serviceOf(history);
    const after = await restarted.forecast([site('old')], NOW_MS + SLOT_MS);
    expect(after.sites[0]!.loadModel).toBe('brain.js');
    expect(await restarted.latest('old')).toEqual(after.sites[0]);
    expect(await restarted.latest()).toEqual(after.fleet);
    const kept = await restarted.issuedDuring({ startMs: NOW_MS, endMs: NOW_MS + HOUR_MS }, FLEET_ID);
    expect(kept).toEqual([before.fleet, after.fleet]);
  });

  it('read only what is new', async () => {
    const history = new Metered({ old: 20 });
    const service = serviceOf(history);
    await service.forecast([site('old')], NOW_MS);
    const read = history.asked;
    await service.forecast([site('old')], NOW_MS + SLOT_MS);
    expect(history.asked - read).toBeLessThan(DAY_MS);
    service.historyChanged();
    await service.forecast([site('old')], NOW_MS + SLOT_MS);
    expect(history.asked - read).toBeGreaterThan(20 * DAY_MS);
  });

  it('are forgotten after eight days', async () => {
    const service = serviceOf(new Metered({}));
    await service.forecast([site('new')], NOW_MS - 9 * DAY_MS);
    await service.forecast([site('new')], NOW_MS);
    expect(await service.issuedDuring({ startMs: 0, endMs: NOW_MS + 1 }, 'new')).toHaveLength(1);
  });
});
