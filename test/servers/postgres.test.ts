import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devicesOf } from '../../src/fleet/plant.js';
import { FleetService } from '../../src/fleet/fleet.service.js';
import { addDays, localDay, momentOf } from '../../src/kernel/local-day.js';
import { energyWh, MINUTE_MS } from '../../src/kernel/units.js';
import { AlarmService } from '../../src/platform/alarm.service.js';
import { AuthService } from '../../src/platform/auth.service.js';
import { ManualClock } from '../../src/platform/clock.js';
import { ProofRecorder } from '../../src/proof/proof-recorder.service.js';
import { ProofService } from '../../src/proof/proof.service.js';
import { verifyBundle } from '../../src/proof/verifier.js';
import { SettlementService } from '../../src/settlement/settlement.service.js';
import { EventService } from '../../src/signals/event.service.js';
import type { IntervalEnergy } from '../../src/telemetry/interval-energy.js';
import { IntervalService } from '../../src/telemetry/interval.service.js';
import { migrationContract } from '../contract/migrations.js';
import { twoHomesPlant } from '../contract/two-homes.js';
import { PostgresServer } from './postgres-server.js';

const ZONE = 'Europe/Berlin';
/** A Monday. */
const DATE = '2026-05-04';
const START_MS = momentOf(ZONE, DATE, 18);
const END_MS = START_MS + 10 * MINUTE_MS;
const MORNING_MS = momentOf(ZONE, DATE, 9);

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server?.stop());

migrationContract('PostgreSQL', async () => ({ kind: 'postgres', url: await server.database('migrations') }));

/** Anna's meter at every quarter of `[startMs, endMs)`: what it drew, with counters beyond 32 bits. */
const meterRun = (startMs: number, endMs: number, stepMs: number, powerW: number): IntervalEnergy[] => {
  const run: IntervalEnergy[] = [];
  for (let at = startMs; at < endMs; at += stepMs) {
    const netWh = energyWh(powerW, stepMs);
    run.push({
      startMs: at,
      endMs: at + stepMs,
      siteId: 'anna-home',
      deviceId: 'anna-meter',
      flow: 'grid',
      toBusWh: Math.max(0, netWh),
      fromBusWh: Math.max(0, -netWh),
      toBusCounterWh: 9_007_199_254_740 + at / 1_000,
      quality: 'measured',
      commanded: false,
    });
  }
  return run;
};

describe('the plant on PostgreSQL', () => {
  let homes: Awaited<ReturnType<typeof twoHomesPlant>> | undefined;
  const clock = new ManualClock(MORNING_MS);
  beforeAll(async () => {
    homes = await twoHomesPlant(clock, { DATABASE_URL: await server.database('plant') });
  });
  afterAll(() => homes?.stop());
  const room = <T>(service: new (...args: never[]) => T): T => homes!.plant.app.get(service);

  it('gives intervals back as they were stored, and keeps the first of two', async () => {
    const intervals = room(IntervalService);
    const [row] = meterRun(MORNING_MS, MORNING_MS + MINUTE_MS, MINUTE_MS, 3_000);
    const missing: IntervalEnergy = {
      ...row!,
      flow: 'pv',
      deviceId: 'anna-pv',
      toBusWh: undefined,
      fromBusWh: undefined,
      quality: 'missing',
    };
    await intervals.storeAll([row!, missing]);
    await intervals.storeAll([{ ...row!, toBusWh: 1 }]);
    const stored = await intervals.intervalsOf({ fromMs: MORNING_MS, toMs: MORNING_MS + MINUTE_MS });
    expect(stored.find(({ deviceId }) => deviceId === 'anna-meter')).toEqual(row);
    expect(stored.find(({ deviceId }) => deviceId === 'anna-pv')).toMatchObject({ quality: 'missing', toBusWh: undefined });
    expect(await intervals.lastClosed(MORNING_MS + MINUTE_MS)).toEqual({ startMs: MORNING_MS, endMs: MORNING_MS + MINUTE_MS });
  });

  it('records and anchors an interval once, and hands out a proof that holds', async () => {
    const proof = room(ProofService);
    const closed = await room(IntervalService).intervalsOf({ fromMs: MORNING_MS, toMs: MORNING_MS + MINUTE_MS });
    expect(await room(ProofRecorder).recordIntervals([...closed, ...closed])).toEqual({ added: 2, alreadyRecorded: 2 });
    expect(await room(ProofRecorder).recordIntervals(closed)).toEqual({ added: 0, alreadyRecorded: 2 });
    for (let tries = 0; tries < 20 && (await proof.status()).anchoredLeaves < 2; tries += 1) await proof.anchorNow();
    expect(await proof.status()).toMatchObject({ leaves: 2, anchoredLeaves: 2 });
    expect(await proof.anchorNow()).toEqual({ kind: 'up-to-date' });
    const bundle = await proof.bundle(0);
    expect(bundle.kind === 'bundle' && verifyBundle(bundle.file)).toMatchObject({ ok: true });
    expect(await proof.proofsOf('anna-home', { limit: 10 })).toHaveLength(2);
  });

  it('fixes a baseline, settles an event and issues a statement, each once', async () => {
    const [intervals, events, settlement] = [room(IntervalService), room(EventService), room(SettlementService)];
    for (let back = 21; back >= 1; back -= 1) {
      const { startMs, endMs } = localDay(ZONE, addDays(DATE, -back));
      await intervals.storeAll(meterRun(startMs, endMs, 15 * MINUTE_MS, 3_000));
    }
    const announced = await events.announce(
      { direction: 'up', powerW: 5_000, startMs: START_MS, durationMs: 10 * MINUTE_MS, priceMicroPerKwh: 350_000 },
      'dso',
      MORNING_MS,
    );
    if (announced.kind !== 'announced') throw new Error(announced.kind);
    const { event } = announced;
    const fixed = await settlement.fixBaselines(event, ['anna-home'], MORNING_MS);
    expect(fixed.kind === 'fixed' && fixed.baselines.get('anna-home')).toMatchObject({ fixedAtMs: MORNING_MS });
    const again = await settlement.fixBaselines(event, ['anna-home'], MORNING_MS + 1);
    expect(again).toEqual(fixed);

    const { startMs, endMs } = localDay(ZONE, DATE);
    await intervals.storeAll(meterRun(startMs, START_MS, 15 * MINUTE_MS, 3_000).filter((row) => row.startMs !== MORNING_MS));
    await intervals.storeAll(meterRun(START_MS, END_MS, MINUTE_MS, -1_000));
    await intervals.storeAll(meterRun(END_MS + 5 * MINUTE_MS, endMs, 15 * MINUTE_MS, 3_000));
    const over = (await events.find(event.id, END_MS))!;
    const settled = await settlement.settleEvent(over, END_MS + MINUTE_MS);
    // Ten minutes of 3 kW not drawn and 1 kW given.
    expect(settled).toMatchObject({ kind: 'settled', result: { deliveredWh: 666.7, paidMicro: 233_345 } });
    expect(await settlement.settleEvent((await events.find(event.id, endMs))!, endMs)).toEqual(settled);

    const nightMs = endMs + 5 * MINUTE_MS;
    const first = await settlement.closeDay(ZONE, DATE, nightMs);
    expect(first.kind === 'closed' && first.statements.map(({ id }) => id)).toEqual([
      expect.stringContaining('anna'),
      expect.stringContaining('bert'),
    ]);
    expect(await settlement.closeDay(ZONE, DATE, nightMs)).toEqual({ kind: 'closed', statements: [] });
    const [statement] = (await settlement.statementsOf('anna', 2, nightMs)).filter(({ state }) => state === 'issued');
    expect(statement).toMatchObject({ date: DATE, currency: 'EUR' });
    expect(statement!.lines.find(({ kind }) => kind === 'event')).toMatchObject({ amountMicro: 233_345, eventId: event.id });
    expect(statement!.totalMicro).toBe(statement!.lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0));
  });

  it('keeps logins, consents and alarms', async () => {
    const auth = room(AuthService);
    await auth.putUser({ name: 'olga', role: 'operator', password: 'a good password' });
    const login = await auth.login('olga', 'a good password');
    expect(typeof login === 'object' && (await auth.callerOf(login.token))).toEqual({ name: 'olga', role: 'operator' });
    expect([await auth.hasOperator(), await auth.hasDemoUsers()]).toEqual([true, false]);
    const fleet = room(FleetService);
    await fleet.setConsent('anna-home', { optedOut: true, reserveFloorPct: 35.5 });
    await fleet.load();
    expect(fleet.consentOf('anna-home')).toEqual({ optedOut: true, reserveFloorPct: 35.5 });
    const alarms = room(AlarmService);
    await alarms.raise({ subject: 'anna-pv', kind: 'silent', severity: 'warning', message: 'does not answer' });
    await alarms.clear('anna-pv', 'silent');
    expect(await alarms.newest(5)).toEqual([
      expect.objectContaining({ subject: 'anna-pv', raisedAtMs: MORNING_MS, clearedAtMs: MORNING_MS }),
    ]);
  });

  it('knows the devices of its fleet file', () => {
    expect(devicesOf(room(FleetService).plant()).map(({ id }) => id)).toContain('bert-hybrid');
  });
});
