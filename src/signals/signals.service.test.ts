import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plant } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { databaseOptions } from '../platform/database.js';
import { EVENT_RAMP_MS, followedAt } from './event-ramp.js';
import { type EventChange, EventService } from './event.service.js';
import type { EventRequest } from './event-rules.js';
import { EventOptOutEntity, GridEventEntity } from './grid-event.entity.js';
import { GridSignals } from './grid-signals.service.js';
import { LimitService } from './limit.service.js';
import { ManualOverrideEntity, OperatorLimitEntity } from './order.entity.js';
import { OverrideService } from './override.service.js';
import { SignalsSettings } from './signals-settings.js';
import { DEMO_TARIFF } from './tariff.js';

const NOW = Date.parse('2026-05-04T10:00:00Z');
const ENTITIES = [GridEventEntity, EventOptOutEntity, OperatorLimitEntity, ManualOverrideEntity];
const settings = new SignalsSettings(MINUTE_MS, DEMO_TARIFF);

class OneHome extends PlantDirectory {
  plant(): Plant {
    const battery = { id: 'b1', siteId: 'home-01', role: 'battery' };
    const loads = [{ kind: 'battery', ratedW: 5_000 }];
    const site = { id: 'home-01', safeLimits: { exportW: 500 }, controllableLoads: loads, devices: [battery] };
    const sun = { id: 's1', siteId: 'home-02', role: 'pv', ratedW: 8_000, pvPeakW: 10_000 };
    const roof = { id: 'home-02', safeLimits: { sunW: 0 }, devices: [sun] };
    return { name: 'p', zone: 'UTC', currency: 'EUR', households: [], sites: [site, roof] } as unknown as Plant;
  }
}

let database: DataSource;
let events: EventService;
let changes: EventChange[];

const request = (change: Partial<EventRequest> = {}): EventRequest => ({
  direction: 'up',
  powerW: 10_000,
  startMs: NOW + 10 * MINUTE_MS,
  durationMs: 10 * MINUTE_MS,
  priceMicroPerKwh: 350_000,
  ...change,
});

beforeEach(async () => {
  database = await new DataSource({ ...databaseOptions({ kind: 'sqlite', file: ':memory:' }), entities: ENTITIES }).initialize();
  await database.runMigrations();
  events = new EventService(database.getRepository(GridEventEntity), database.getRepository(EventOptOutEntity), settings);
  changes = [];
  events.changes.subscribe((change) => changes.push(change));
});
afterEach(() => database.destroy());

it('has entities that agree with the migrated tables', async () => {
  const differences = (await database.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
  const tables = /grid_events|event_opt_outs|operator_limits|manual_overrides/;
  expect(differences.filter((query) => tables.test(query))).toEqual([]);
});

describe('grid events', () => {
  it('numbers announcements and tells them', async () => {
    const first = await events.announce(request(), 'dso', NOW);
    const second = await events.announce(request({ startMs: NOW + HOUR_MS }), 'dso', NOW);
    expect([first, second]).toMatchObject([
      { kind: 'announced', event: { id: 'EV-0001', state: 'announced', announcedBy: 'dso' } },
      { kind: 'announced', event: { id: 'EV-0002' } },
    ]);
    expect(changes.map(({ kind, event }) => `${kind} ${event.id}`)).toEqual(['announced EV-0001', 'announced EV-0002']);
    expect((await events.announced(NOW)).map(({ id }) => id)).toEqual(['EV-0001', 'EV-0002']);
    expect((await events.list(NOW)).map(({ id }) => id)).toEqual(['EV-0002', 'EV-0001']);
  });

  it('refuses an overlap as a value, also when both are announced at once', async () => {
    const [a, b] = await Promise.all([
      events.announce(request(), 'dso', NOW),
      events.announce(request({ startMs: NOW + 19 * MINUTE_MS, direction: 'down' }), 'dso', NOW),
    ]);
    expect(a.kind).toBe('announced');
    expect(b).toMatchObject({ kind: 'overlap', with: { id: 'EV-0001' } });
    expect(await events.announce(request({ startMs: NOW + 20 * MINUTE_MS }), 'dso', NOW)).toMatchObject({ kind: 'announced' });
  });

  it('is active between its ends, and unsettled until it is marked', async () => {
    await events.announce(request(), 'dso', NOW);
    expect(await events.active(NOW + 9 * MINUTE_MS)).toBeUndefined();
    expect(await events.active(NOW + 10 * MINUTE_MS)).toMatchObject({ id: 'EV-0001', state: 'active' });
    expect(await events.active(NOW + 20 * MINUTE_MS)).toBeUndefined();
    const over = NOW + 20 * MINUTE_MS;
    expect(await events.unsettled(over)).toMatchObject([{ id: 'EV-0001', state: 'ended' }]);
    await events.markSettled('EV-0001', over);
    await events.markSettled('EV-0001', over + 1);
    expect(await events.unsettled(over)).toEqual([]);
    expect(await events.find('EV-0001', over)).toMatchObject({ state: 'settled' });
    expect(changes.filter(({ kind }) => kind === 'settled')).toHaveLength(1);
  });

  it('amends, and makes room by cancelling', async () => {
    await events.announce(request(), 'dso', NOW);
    expect(await events.amend('EV-0001', { powerW: 5_000, durationMs: 5 * MINUTE_MS }, 'dso', NOW)).toMatchObject({
      kind: 'amended',
      event: { id: 'EV-0001', powerW: 5_000, endMs: NOW + 15 * MINUTE_MS },
    });
    expect(await events.amend('EV-0001', { powerW: 1 }, 'dso', NOW + 15 * MINUTE_MS)).toEqual({ kind: 'too-late', state: 'ended' });
    expect(await events.amend('EV-0009', {}, 'dso', NOW)).toEqual({ kind: 'unknown-event' });
    expect(await events.cancel('EV-0001', 'dso', NOW)).toMatchObject({ kind: 'cancelled', event: { state: 'cancelled' } });
    expect(await events.announce(request(), 'dso', NOW)).toMatchObject({ kind: 'announced', event: { id: 'EV-0002' } });
  });

  it('changes the power of one that runs at once, and lets it end sooner', async () => {
    await events.announce(request({ powerW: 3_000 }), 'dso', NOW);
    const nowMs = NOW + 12 * MINUTE_MS + 5_000;
    expect(await events.amend('EV-0001', { powerW: 9_000 }, 'dso', nowMs)).toMatchObject({
      kind: 'amended',
      event: { powerW: 9_000, endMs: NOW + 20 * MINUTE_MS, state: 'active' },
    });
    expect(await events.around(nowMs)).toMatchObject([{ powerW: 9_000, changed: { atMs: nowMs, fromW: 3_000 } }]);
    expect(await events.amend('EV-0001', { durationMs: 5 * MINUTE_MS }, 'dso', nowMs)).toMatchObject({
      event: { endMs: NOW + 15 * MINUTE_MS },
    });
    expect(await events.amend('EV-0001', { durationMs: MINUTE_MS }, 'dso', nowMs)).toMatchObject({
      event: { endMs: NOW + 13 * MINUTE_MS },
      note: expect.stringContaining('it ends at 2026-05-04T10:13Z'),
    });
  });

  it('changes nothing of one that runs that homes were told, or that it is measured by', async () => {
    await events.announce(request(), 'dso', NOW);
    const nowMs = NOW + 12 * MINUTE_MS;
    const amended = (change: Partial<EventRequest>) => events.amend('EV-0001', change, 'dso', nowMs);
    const { direction } = request();
    await expect(amended({ direction: direction === 'up' ? 'down' : 'up' })).rejects.toThrow(/direction: the event has begun/);
    await expect(amended({ priceMicroPerKwh: 1 })).rejects.toThrow(/priceMicroPerKwh: the event has begun/);
    await expect(amended({ startMs: NOW })).rejects.toThrow(/startMs: the event has begun/);
    await expect(amended({ durationMs: HOUR_MS })).rejects.toThrow(/does not get longer/);
    await expect(amended({ powerW: 0 })).rejects.toThrow(/1 W to 1 GW/);
    expect(await amended({ direction, powerW: 2_000 })).toMatchObject({ kind: 'amended' });
  });

  it('of one that runs asks nothing more once it is cancelled, and settles it to the end of the running interval', async () => {
    await events.announce(request(), 'dso', NOW);
    const nowMs = NOW + 13 * MINUTE_MS + 5_000;
    expect(await events.cancel('EV-0001', 'dso', nowMs)).toMatchObject({
      kind: 'cut-short',
      event: { endMs: NOW + 14 * MINUTE_MS, state: 'ended' },
    });
    expect(await events.active(nowMs)).toBeUndefined();
    expect(followedAt(await events.around(nowMs + 15_000), nowMs + 15_000)).toMatchObject({ powerW: request().powerW / 2 });
    expect(followedAt(await events.around(nowMs + EVENT_RAMP_MS), nowMs + EVENT_RAMP_MS)).toBeUndefined();
    expect(await events.unsettled(nowMs)).toEqual([]);
    expect(await events.unsettled(NOW + 14 * MINUTE_MS)).toMatchObject([{ id: 'EV-0001', state: 'ended' }]);
    expect(await events.cancel('EV-0001', 'dso', NOW + 14 * MINUTE_MS)).toEqual({ kind: 'too-late', state: 'ended' });
  });

  it('keeps the first opt-out, and takes it back only before the start', async () => {
    await events.announce(request(), 'dso', NOW);
    await events.optOut('EV-0001', 'home-01', 'anna', NOW);
    await events.optOut('EV-0001', 'home-01', 'anna', NOW + 1);
    expect(await events.optedOut('EV-0001')).toEqual([{ siteId: 'home-01', atMs: NOW, byUser: 'anna' }]);
    expect(await events.optIn('EV-0001', 'home-01', NOW + 2)).toEqual({ kind: 'done' });
    expect(await events.optedOut('EV-0001')).toEqual([]);
    const running = NOW + 12 * MINUTE_MS;
    expect(await events.optOut('EV-0001', 'home-01', 'anna', running)).toEqual({ kind: 'done' });
    expect(await events.optIn('EV-0001', 'home-01', running)).toEqual({ kind: 'too-late', state: 'active' });
    expect(await events.optOut('EV-0001', 'home-02', 'ben', NOW + HOUR_MS)).toEqual({ kind: 'too-late', state: 'ended' });
  });
});

describe('orders', () => {
  it('of a receiver last as long as it goes on saying them, and a lost signal means the safe limit', async () => {
    const limits = new LimitService(database.getRepository(OperatorLimitEntity), new OneHome());
    const signals = new GridSignals(limits, new OneHome());
    const sunW = (atMs: number) => limits.at('home-02', 'sun', atMs);
    const word = { siteId: 'home-02', validMs: MINUTE_MS };
    const first = await signals.ripple(word, [60], 'rse', NOW);
    expect(sunW(NOW)).toMatchObject({ kind: 'set', valueW: 6_000 });
    expect(await signals.ripple(word, [60], 'rse', NOW + 50_000)).toMatchObject({ id: first!.id, endMs: NOW + 110_000 });
    expect(sunW(NOW + 110_000)).toEqual({ kind: 'safe', valueW: 0 });
    await signals.ripple(word, [60, 30], 'rse', NOW + 60_000);
    expect([limits.list(NOW + 60_000).length, sunW(NOW + 60_000)]).toMatchObject([1, { kind: 'set', valueW: 3_000 }]);
    expect(await signals.ripple(word, [], 'rse', NOW + 61_000)).toBeUndefined();
    expect(sunW(NOW + 61_000)).toEqual({ kind: 'safe', valueW: 0 });
    expect(() => signals.ripple({ ...word, siteId: 'home-01' }, [60], 'rse', NOW)).toThrow(/no sun to limit/);
  });

  it('dim the loads that a site names, to no less than the law leaves them, until the signal ends', async () => {
    const limits = new LimitService(database.getRepository(OperatorLimitEntity), new OneHome());
    const signals = new GridSignals(limits, new OneHome());
    const word = { siteId: 'home-01', validMs: MINUTE_MS };
    expect(await signals.dim(word, true, 'vnb', NOW)).toMatchObject({ kind: 'dimming', valueW: 4_200, setBy: 'vnb' });
    expect(await signals.dim(word, false, 'vnb', NOW + 1)).toBeUndefined();
    expect(limits.at('home-01', 'dimming', NOW + 1)).toEqual({ kind: 'none' });
    expect(() => signals.dim({ ...word, siteId: 'home-02' }, true, 'vnb', NOW)).toThrow(/names no controllableLoads/);
    const ask = { scope: 'home-01', kind: 'dimming' as const, valueW: 1_000, startMs: NOW, endMs: NOW + MINUTE_MS, reason: 'x' };
    await expect(limits.set(ask, 'vnb', NOW)).rejects.toThrow(/keep 4200 W at least/);
  });

  it('name what sites owe that nobody speaks for', async () => {
    const limits = new LimitService(database.getRepository(OperatorLimitEntity), new OneHome());
    const ask = { scope: 'home-01', kind: 'export' as const, valueW: 0, startMs: NOW, endMs: NOW + MINUTE_MS, reason: 'line work' };
    const held = (atMs: number) => limits.inForce(atMs).map(({ scope, kind, valueW, setBy }) => [scope, kind, valueW, setBy]);
    const roof = ['home-02', 'sun', 0, 'the fleet file'];
    expect(held(NOW)).toEqual([['home-01', 'export', 500, 'the fleet file'], roof]);
    await limits.set(ask, 'dso', NOW);
    expect(held(NOW)).toEqual([['home-01', 'export', 0, 'dso'], roof]);
  });

  it('holds limits over a restart, and falls to the safe limit when they are withdrawn', async () => {
    const limits = () => new LimitService(database.getRepository(OperatorLimitEntity), new OneHome());
    const ask = { scope: 'home-01', kind: 'export', valueW: 2_000, startMs: NOW, endMs: NOW + HOUR_MS, reason: 'feeder work' } as const;
    const { id } = await limits().set(ask, 'dso', NOW);
    const restarted = limits();
    await restarted.load(NOW + 1);
    expect(restarted.at('home-01', 'export', NOW + 1)).toMatchObject({ kind: 'set', valueW: 2_000 });
    expect(restarted.at('fleet', 'export', NOW + 1)).toEqual({ kind: 'none' });
    expect(await restarted.withdraw(id, 'dso', NOW + 2)).toBe(true);
    expect(restarted.at('home-01', 'export', NOW + 3)).toEqual({ kind: 'safe', valueW: 500 });
    await expect(restarted.set({ ...ask, scope: 'fleet', kind: 'generation' }, 'dso', NOW)).rejects.toThrow(/set at a site/);
    await expect(restarted.set({ ...ask, scope: 'home-77', valueW: -1, reason: ' ' }, 'dso', NOW)).rejects.toThrow(
      /home-77[\s\S]*valueW[\s\S]*reason/,
    );
  });

  it('holds an override over a restart until it is withdrawn, and refuses what a device cannot do', async () => {
    const overrides = () => new OverrideService(database.getRepository(ManualOverrideEntity), new OneHome());
    const ask = { deviceId: 'b1', setpoint: { kind: 'battery-power', powerW: -500 }, endMs: NOW + HOUR_MS, reason: 'trial' } as const;
    await overrides().set(ask, 'anna', NOW);
    const restarted = overrides();
    await restarted.load(NOW + 1);
    expect(restarted.at(NOW + 1).get('b1')).toMatchObject({ setpoint: { powerW: -500 }, setBy: 'anna' });
    expect(await restarted.withdraw('b1', 'anna', NOW + 2)).toBe(true);
    expect(restarted.at(NOW + 3).size).toBe(0);
    const wrong = restarted.set({ ...ask, setpoint: { kind: 'pv-limit', maxW: 0 }, endMs: NOW + 25 * HOUR_MS }, 'anna', NOW);
    await expect(wrong).rejects.toThrow(/takes no limit on sun[\s\S]*24 hours/);
  });
});
