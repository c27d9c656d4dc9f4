import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Interval, SLOT_MS, slotsOf } from '../kernel/interval.js';
import { momentOf } from '../kernel/local-day.js';
import { gaussian, randomStream, seedOf } from '../kernel/random.js';
import { DAY_MS, HOUR_MS } from '../kernel/units.js';
import { databaseOptions } from '../platform/database.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { EnergyHistory } from './energy-history.port.js';
import { ForecastEntity, ForecastModelEntity, ForecastScoreEntity } from './forecast.entity.js';
import { ForecastService } from './forecast.service.js';
import { ForecastStore } from './forecast-store.js';
import { FLEET_ID } from './issue.js';
import { LearningService } from './learning.service.js';
import { SiteHistories } from './site-history.js';
import { NoWeather } from './weather-source.port.js';
import { WorkerForecaster } from './worker-forecaster.js';

const NOW_MS = Date.UTC(2024, 5, 1, 10, 7);
const site = (id: string) => ({ id, zone: 'Europe/Berlin', kind: 'home' as const, devices: [] });

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
const storeOf = (): ForecastStore =>
  new ForecastStore(
    database.getRepository(ForecastEntity),
    database.getRepository(ForecastModelEntity),
    database.getRepository(ForecastScoreEntity),
  );
const serviceOf = (history: EnergyHistory): { forecasts: ForecastService; learning: LearningService } => {
  const [histories, store, weather] = [new SiteHistories(history), storeOf(), new NoWeather()];
  return {
    forecasts: new ForecastService(histories, forecaster, store, weather),
    learning: new LearningService(histories, forecaster, store, weather),
  };
};

beforeEach(async () => {
  const entities = [ForecastEntity, ForecastModelEntity, ForecastScoreEntity];
  database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities }).initialize();
  await database.runMigrations();
});
afterEach(() => database.destroy());
afterAll(() => forecaster.close());

it('has entities that agree with the migrated tables', async () => {
  const differences = (await database.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
  expect(differences.filter((query) => /forecasts|forecast_models|forecast_scores/.test(query))).toEqual([]);
});

describe('forecasts', { timeout: 120_000 }, () => {
  it('say which model they are from: the site’s own, those of others, the naive blend, or what is now', async () => {
    const { forecasts, learning } = serviceOf(new Metered({ old: 35, young: 5 }));
    const sites = [site('old'), site('young'), site('new')];
    const before = await forecasts.forecast(sites, NOW_MS, new Map([['new', { loadW: 700 }]]));
    expect(before.sites.map(({ loadModel, pvModel }) => [loadModel, pvModel])).toEqual([
      ['seasonal-naive', 'seasonal-naive'],
      ['seasonal-naive', 'seasonal-naive'],
      ['flat', 'flat'],
    ]);
    const reports = await learning.train(sites, NOW_MS);
    expect(reports.map(({ siteId, quantity, trained }) => [siteId, quantity, trained])).toEqual([
      ['old', 'load', true],
      ['old', 'pv', true],
      ['young', 'load', false],
      ['young', 'pv', false],
      ['new', 'load', false],
      ['new', 'pv', false],
    ]);
    await learning.trainPools(sites, NOW_MS);
    const { sites: issued, fleet } = await forecasts.forecast(sites, NOW_MS + SLOT_MS, new Map([['new', { loadW: 700 }]]));
    expect(issued.map(({ loadModel, pvModel }) => [loadModel, pvModel])).toEqual([
      ['mixture', 'mixture'],
      ['pooled', 'pooled'],
      ['flat', 'flat'],
    ]);
    expect(issued[2]!.slots.every(({ loadW, pvW, load }) => loadW === 700 && pvW === 0 && load === undefined)).toBe(true);
    for (const { slots } of issued) {
      expect(slots).toHaveLength(192);
      expect(slots.at(-1)!.endMs - slots[0]!.startMs).toBe(48 * HOUR_MS);
    }
    expect(fleet.slots[40]!.loadW).toBe(issued.reduce((sum, { slots }) => sum + slots[40]!.loadW, 0));
    for (const { slots } of issued.slice(0, 2)) {
      const evening = slots.find(({ startMs }) => startMs === Date.UTC(2024, 5, 1, 17))!;
      expect(evening.loadW).toBeGreaterThan(1_300);
      expect(evening.loadW).toBeLessThan(2_500);
      expect(evening.load!.p10W).toBeLessThan(evening.load!.p50W);
      expect(evening.load!.p90W).toBeGreaterThan(evening.load!.p50W);
    }
  });

  it('are drawn as courses too, of sites that have a past', async () => {
    const { forecasts } = serviceOf(new Metered({ old: 35 }));
    const sites = [site('old'), site('new')];
    const { sites: issued } = await forecasts.forecast(sites, NOW_MS);
    const courses = await forecasts.courses(sites, issued, { count: 8, present: new Map([['old', { loadW: 400, pvW: 3_000 }]]) });
    expect([...courses.keys()]).toEqual(['old']);
    expect(courses.get('old')!.map(({ loadW, pvW }) => [loadW.length, pvW.length])).toEqual(Array.from({ length: 8 }, () => [192, 192]));
    const evening = issued[0]!.slots.findIndex(({ startMs }) => startMs === Date.UTC(2024, 5, 1, 17));
    const loads = courses.get('old')!.map(({ loadW }) => loadW[evening]!);
    expect(Math.min(...loads)).toBeLessThan(issued[0]!.slots[evening]!.loadW);
    expect(Math.max(...loads)).toBeGreaterThan(issued[0]!.slots[evening]!.loadW);
    expect(await forecasts.courses(sites, issued, { count: 0 })).toEqual(new Map());
  });

  it('are kept, with the models, across a restart; a training that was cut short goes on', async () => {
    const history = new Metered({ old: 20, other: 20 });
    const first = serviceOf(history);
    await first.learning.train([site('old')], NOW_MS);
    const before = await first.forecasts.forecast([site('old')], NOW_MS);
    const restarted = serviceOf(history);
    const after = await restarted.forecasts.forecast([site('old')], NOW_MS + SLOT_MS);
    expect(after.sites[0]!.loadModel).toBe('mixture');
    expect(await restarted.forecasts.latest('old')).toEqual(after.sites[0]);
    expect(await restarted.forecasts.latest()).toEqual(after.fleet);
    const kept = await restarted.forecasts.issuedDuring({ startMs: NOW_MS, endMs: NOW_MS + HOUR_MS }, FLEET_ID);
    expect(kept).toEqual([before.fleet, after.fleet]);
    const reports = await restarted.learning.train([site('old'), site('other')], NOW_MS + SLOT_MS);
    expect(reports.map(({ trained }) => trained)).toEqual([false, false, true, true]);
  });

  it('are scored when the truth has come, by horizon, with the weights that follow', async () => {
    const { learning } = serviceOf(new Metered({ old: 36 }));
    await learning.train([site('old')], NOW_MS - 4 * DAY_MS);
    expect((await learning.scoreboard('old', 0))[0]!.rows).toEqual([]);
    await learning.train([site('old')], NOW_MS);
    const [load] = await learning.scoreboard('old', 0);
    const mixture = load!.rows.filter(({ model }) => model === 'mixture');
    expect(mixture.map(({ horizon, slots }) => [horizon, slots])).toEqual([
      ['0-6h', 3 * 24],
      ['6-24h', 3 * 72],
      ['24-48h', 2 * 96],
    ]);
    expect(mixture[1]!.skill).toBeGreaterThan(0);
    expect(load!.rows.find(({ model }) => model === 'last-week')!.skill).toBe(0);
    expect(Object.values(load!.weights).reduce((a, b) => a + b, 0)).toBeGreaterThan(0.9);
    expect(load!.trainedToMs).toBe(NOW_MS - (NOW_MS % SLOT_MS));
  });

  it('are scored night after night, by the models that had issued them', async () => {
    const { learning } = serviceOf(new Metered({ old: 36 }));
    const night = (count: number) => momentOf('Europe/Berlin', '2024-06-01', 2) + count * DAY_MS;
    for (let count = 0; count < 4; count += 1) await learning.train([site('old')], night(count));
    const [load] = await learning.scoreboard('old', night(0));
    const mixture = load!.rows.filter(({ model }) => model === 'mixture');
    expect(mixture.map(({ horizon, slots }) => [horizon, slots])).toEqual([
      ['0-6h', 2 * 24],
      ['6-24h', 2 * 72],
      ['24-48h', 96],
    ]);
  });

  it('go on being learnt where one site fails', async () => {
    class Broken extends Metered {
      override intervals(siteId: string, period: Interval): Promise<IntervalEnergy[]> {
        return siteId === 'broken' ? Promise.reject(new Error('its table is torn')) : super.intervals(siteId, period);
      }
    }
    const { learning } = serviceOf(new Broken({ whole: 20 }));
    const reports = await learning.train([site('broken'), site('whole')], NOW_MS);
    expect(reports.map(({ siteId, trained, failed }) => [siteId, trained, failed])).toEqual([
      ['broken', false, 'its table is torn'],
      ['broken', false, 'its table is torn'],
      ['whole', true, undefined],
      ['whole', true, undefined],
    ]);
  });

  it('read only what is new', async () => {
    const history = new Metered({ old: 20 });
    const { forecasts } = serviceOf(history);
    await forecasts.forecast([site('old')], NOW_MS);
    const read = history.asked;
    await forecasts.forecast([site('old')], NOW_MS + SLOT_MS);
    expect(history.asked - read).toBeLessThan(DAY_MS);
    forecasts.historyChanged();
    await forecasts.forecast([site('old')], NOW_MS + SLOT_MS);
    expect(history.asked - read).toBeGreaterThan(20 * DAY_MS);
  });

  it('are forgotten after eight days', async () => {
    const { forecasts } = serviceOf(new Metered({}));
    await forecasts.forecast([site('new')], NOW_MS - 9 * DAY_MS);
    await forecasts.forecast([site('new')], NOW_MS);
    expect(await forecasts.issuedDuring({ startMs: 0, endMs: NOW_MS + 1 }, 'new')).toHaveLength(1);
  });
});
