import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FleetService } from '../fleet/fleet.service.js';
import { addDays, localDay, momentOf } from '../kernel/local-day.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { ManualClock } from '../platform/clock.js';
import type { GridEvent } from '../signals/grid-event.js';
import { SettledBaselines } from './settled-baselines.js';
import { SettlementJobs } from './settlement.jobs.js';
import { metered, meteredRun, settlementRig, type SettlementRig } from './testing/settlement-rig.js';
import { homeEventSchema, type StatementLine, statementSchema } from './views.js';

const ZONE = 'Europe/Berlin';
const QUARTER_MS = 15 * MINUTE_MS;
/** A Monday. */
const DATE = '2026-05-04';
const START = momentOf(ZONE, DATE, 18);
const END = START + 10 * MINUTE_MS;
const MORNING = momentOf(ZONE, DATE, 9);
const AFTER_MIDNIGHT = localDay(ZONE, DATE).endMs + 5 * MINUTE_MS;
const request = { direction: 'up', startMs: START, durationMs: 10 * MINUTE_MS, priceMicroPerKwh: 350_000 } as const;

let rig: SettlementRig;
beforeEach(async () => {
  rig = await settlementRig({ homes: 2 });
});
afterEach(() => rig.database.destroy());

/** Quarter-hours of whole days before the event's: 3 kW drawn in the evening, 1 kW given at noon. */
const history = async (days: number, home = 1, from = rig) => {
  for (let back = days; back >= 1; back -= 1) await feedDay(addDays(DATE, -back), home, from);
};
const usualW = (atMs: number, dayStartMs: number) => (atMs - dayStartMs < 17 * HOUR_MS ? -1_000 : 3_000);
const feedDay = (date: string, home = 1, from = rig) => {
  const { startMs, endMs } = localDay(ZONE, date);
  return from.intervals.storeAll(meteredRun(home, startMs, endMs, QUARTER_MS, (at) => usualW(at, startMs)));
};
/** The event's day: minutes round the event, in which the home gives 1 kW, and quarter-hours else. */
const feedEventDay = (home = 1, from = rig) => {
  const { startMs, endMs } = localDay(ZONE, DATE);
  const quarters = meteredRun(home, startMs, endMs, QUARTER_MS, (at) => usualW(at, startMs)).filter(
    (one) => one.endMs <= START || one.startMs >= START + QUARTER_MS,
  );
  return from.intervals.storeAll([...quarters, ...meteredRun(home, START, START + QUARTER_MS, MINUTE_MS, () => -1_000)]);
};
const now = async (event: GridEvent, nowMs: number, from = rig) => (await from.events.find(event.id, nowMs))!;
const settle = async (event: GridEvent, nowMs: number, from = rig) => from.settlement.settleEvent(await now(event, nowMs, from), nowMs);
const fixed = async (from = rig) => {
  const event = await from.announce(request, MORNING);
  await from.settlement.fixBaselines(event, from.allSites, MORNING);
  return event;
};

it('has entities that agree with the migrated tables', async () => {
  const differences = (await rig.database.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
  expect(differences.filter((query) => /baselines|event_results|statements|adjustments/.test(query))).toEqual([]);
});

it('goes the whole way from history over an event to a statement, once however often it is run', async () => {
  await history(21);
  const event = await rig.announce(request, MORNING);
  const outcome = await rig.settlement.fixBaselines(event, rig.allSites, MORNING);
  const baseline = outcome.kind === 'fixed' ? outcome.baselines.get('home-1')! : undefined;
  expect(baseline!.days).toHaveLength(10);
  expect(baseline!.days[0]).toBe('2026-05-01');
  expect(baseline!.slots.map(({ baselineWh }) => baselineWh)).toEqual(Array.from({ length: 10 }, () => 50));

  await feedEventDay();
  await feedEventDay(2);
  const first = await settle(event, END);
  expect(first).toMatchObject({ kind: 'settled', result: { settled: true, participants: 2, paidMicro: 233_345 } });
  // 10 minutes × (3 kW + 1 kW); the other home has no history, so no baseline.
  expect(first.kind === 'settled' && first.result.sites.map(({ deliveredWh }) => deliveredWh)).toEqual([666.7, 0]);
  const delivered = new SettledBaselines(rig.baselines, rig.store, rig.plant);
  const after = (startMs: number) => delivered.deliveredBefore({ ...event, startMs }).then((all) => all.get('home-1'));
  expect([await after(END), await after(START), await after(END + 31 * DAY_MS)]).toEqual([666.7, undefined, undefined]);
  expect(await settle(event, END + HOUR_MS)).toEqual(first);
  expect(await rig.settlement.settleEvent(event, END + HOUR_MS)).toEqual(first);

  const closed = await Promise.all([1, 2, 3].map(() => rig.settlement.closeDay(ZONE, DATE, AFTER_MIDNIGHT)));
  expect(closed.map((one) => one.kind === 'closed' && one.statements.length)).toEqual([2, 0, 0]);
  const [statement] = await rig.settlement
    .statementsOf('household-1', 2, AFTER_MIDNIGHT)
    .then((all) => all.filter(({ state }) => state === 'issued'));
  expect(statementSchema.parse(statement)).toEqual(statement);
  expect(statement!.lines.map(({ kind, amountMicro }) => [kind, amountMicro])).toEqual([
    ['feed-in', 17 * 80_000 + 20_000],
    ['event', 233_345],
  ]);
  expect(statement!.totalMicro).toBe(17 * 80_000 + 20_000 + 233_345);
  expect(statement!.lines[1]!.text).toContain('You earned 0.23 EUR.');
});

describe('baselines', () => {
  it('come too late once the event has begun', async () => {
    await history(3);
    const event = await rig.announce(request, MORNING);
    expect(await rig.settlement.fixBaselines(event, ['home-1'], START + 1)).toEqual({ kind: 'too-late', startMs: START });
    expect((await rig.settlement.eventResult(await now(event, START + 1))).participants).toBe(0);
  });

  it('use the days there are, and stay as they were fixed', async () => {
    await history(4);
    const event = await fixed();
    await history(21);
    const again = await rig.settlement.fixBaselines(event, ['home-1'], MORNING + 1);
    const baseline = again.kind === 'fixed' ? again.baselines.get('home-1')! : undefined;
    // 2026-05-02 and 03 are a weekend.
    expect(baseline).toMatchObject({ days: ['2026-05-01', '2026-04-30'], fixedAtMs: MORNING });
  });

  it('pass over days with an event at that time', async () => {
    await history(6);
    const friday = momentOf(ZONE, '2026-05-01', 18, 5);
    await rig.announce({ ...request, startMs: friday }, friday - HOUR_MS);
    const cancelled = await rig.announce({ ...request, startMs: friday - 24 * HOUR_MS }, friday - 48 * HOUR_MS);
    await rig.events.cancel(cancelled.id, 'dso', friday - 47 * HOUR_MS);
    const event = await fixed();
    expect((await rig.store.baselinesOf(event)).get('home-1')!.days).toEqual(['2026-04-30', '2026-04-29', '2026-04-28']);
  });

  it('are fixed anew for an event that is moved, and kept for one that is cut short', async () => {
    await history(4);
    const event = await fixed();
    const moved = await rig.events.amend(event.id, { startMs: START + HOUR_MS }, 'dso', MORNING + 1);
    const later = moved.kind === 'amended' ? moved.event : event;
    expect((await rig.store.baselinesOf(later)).size).toBe(0);
    await rig.settlement.fixBaselines(later, rig.allSites, MORNING + 2);
    expect((await rig.store.baselinesOf(later)).size).toBe(2);
    await rig.events.cancel(event.id, 'dso', START + HOUR_MS + 90_000);
    const cut = await now(later, START + HOUR_MS + 3 * MINUTE_MS);
    expect(cut.endMs - cut.startMs).toBe(2 * MINUTE_MS);
    expect((await rig.store.baselinesOf(cut)).get('home-1')!.slots).toHaveLength(10);
    await rig.intervals.storeAll([1, 2].flatMap((home) => meteredRun(home, cut.startMs, cut.endMs, MINUTE_MS, () => 0)));
    expect(await settle(cut, cut.endMs)).toMatchObject({ kind: 'settled', result: { deliveredWh: 100 } });
  });
});

describe('settling', () => {
  it('waits for intervals that are not closed yet, but not for ever', async () => {
    await history(4);
    const event = await fixed();
    await rig.intervals.storeAll(meteredRun(1, START, END - MINUTE_MS, MINUTE_MS, () => 0));
    expect(await settle(event, END - 1)).toEqual({ kind: 'not-over', endMs: END });
    expect(await settle(event, END)).toMatchObject({ kind: 'waiting', siteIds: ['home-1'] });
    expect(await rig.settlement.eventResult(await now(event, END))).toMatchObject({ settled: false, deliveredWh: 450 });
    const late = await settle(event, END + 2 * MINUTE_MS);
    expect(late).toMatchObject({ kind: 'settled', result: { deliveredWh: 450 } });
    expect(late.kind === 'settled' && late.result.sites[0]).toMatchObject({ slotsPaid: 9, slotsUnpaid: 1 });
  });

  it('leaves out a home that stepped out before, and pays one that stepped out midway until then', async () => {
    await history(4);
    await history(4, 2);
    const event = await fixed();
    await rig.events.optOut(event.id, 'home-1', 'anna', MORNING);
    await rig.events.optOut(event.id, 'home-2', 'ben', START + 4 * MINUTE_MS);
    await rig.intervals.storeAll([1, 2].flatMap((home) => meteredRun(home, START, END, MINUTE_MS, () => 0)));
    expect(await settle(event, END)).toMatchObject({
      kind: 'settled',
      result: { participants: 1, deliveredWh: 200, sites: [{ siteId: 'home-2', slotsPaid: 4 }] },
    });
    const [first] = await rig.settlement.homeEvents('household-1', END);
    expect(first).toMatchObject({ id: event.id, state: 'settled', takesPart: false, slots: [] });
    const [second] = await rig.settlement.homeEvents('household-2', END);
    expect(homeEventSchema.parse(second)).toMatchObject({ takesPart: true, deliveredWh: 200, earnedMicro: 70_000, baselineDays: 2 });
  });

  it('shows a home its event while it runs', async () => {
    await history(4);
    const event = await fixed();
    expect((await rig.settlement.homeEvents('household-1', MORNING))[0]).toMatchObject({ state: 'announced', takesPart: true });
    await rig.intervals.storeAll(meteredRun(1, START, START + 3 * MINUTE_MS, MINUTE_MS, () => 0));
    const [running] = await rig.settlement.homeEvents('household-1', START + 3 * MINUTE_MS);
    expect(running).toMatchObject({ id: event.id, state: 'active', deliveredWh: 150 });
    expect(running!.earnedMicro).toBeUndefined();
    await expect(Promise.resolve().then(() => rig.settlement.homeEvents('household-9', START))).rejects.toThrow('household-9');
  });
});

describe('days', () => {
  it('are not closed early, nor where nothing is known', async () => {
    expect(await rig.settlement.closeDay(ZONE, DATE, MORNING)).toMatchObject({ kind: 'too-early' });
    expect(await rig.settlement.closeDay(ZONE, DATE, AFTER_MIDNIGHT)).toEqual({ kind: 'no-data' });
    const { startMs, endMs } = localDay(ZONE, DATE);
    await rig.intervals.storeAll(meteredRun(1, startMs, endMs - QUARTER_MS, QUARTER_MS, () => -1_000));
    expect(await rig.settlement.closeDay(ZONE, DATE, endMs + 1)).toMatchObject({ kind: 'too-early' });
    expect(await rig.settlement.closeDay(ZONE, DATE, endMs + 2 * MINUTE_MS)).toMatchObject({
      kind: 'closed',
      statements: [{}, { totalMicro: 0 }],
    });
  });

  it('have a running account until they are stated', async () => {
    const { startMs } = localDay(ZONE, DATE);
    await rig.intervals.storeAll(meteredRun(1, startMs, startMs + 2 * HOUR_MS, QUARTER_MS, () => -1_000));
    const open = await rig.settlement.openStatement('household-1', startMs + 2 * HOUR_MS + 30_000);
    expect(open).toMatchObject({ state: 'open', date: DATE, totalMicro: 160_000, lines: [{ slotsUnpaid: 0 }] });
    expect(await rig.settlement.statementsOf('household-1', 7, startMs + 2 * HOUR_MS + 30_000)).toEqual([open]);
  });

  it.each([
    ['2026-03-29', 17 * 80_000 - 80_000],
    ['2026-10-25', 17 * 80_000 + 80_000],
  ])('of changing clocks (%s) are stated with the hours they have', async (date, amountMicro) => {
    const { startMs, endMs } = localDay(ZONE, date);
    const seventeen = momentOf(ZONE, date, 17);
    await rig.intervals.storeAll(meteredRun(1, startMs, endMs, QUARTER_MS, (at) => (at < seventeen ? -1_000 : 0)));
    expect(await rig.settlement.closeDay(ZONE, date, endMs + HOUR_MS)).toMatchObject({
      kind: 'closed',
      statements: [{ totalMicro: amountMicro, lines: [{ slotsUnpaid: 0 }] }, {}],
    });
  });

  it('that are stated already pass a late event on to the next', async () => {
    await history(4);
    const event = await fixed();
    await feedEventDay();
    await rig.settlement.closeDay(ZONE, DATE, AFTER_MIDNIGHT);
    await settle(event, AFTER_MIDNIGHT + HOUR_MS);
    const next = addDays(DATE, 1);
    await feedDay(next);
    const outcome = await rig.settlement.closeDay(ZONE, next, localDay(ZONE, next).endMs + HOUR_MS);
    const statement = outcome.kind === 'closed' ? outcome.statements[0]! : undefined;
    expect(statement!.lines.map(({ kind }) => kind)).toEqual(['feed-in', 'event']);
  });
});

describe('later data', () => {
  const gap = metered(1, localDay(ZONE, DATE).startMs + 12 * HOUR_MS, QUARTER_MS, 0, 'missing');

  it('gives one adjustment on the next statement, and leaves the issued one as it is', async () => {
    await rig.intervals.storeAll([gap]);
    await feedEventDay();
    await rig.settlement.closeDay(ZONE, DATE, AFTER_MIDNIGHT);
    const before = await rig.store.statement('household-1', DATE);
    expect(before!.lines[0]).toMatchObject({ slotsUnpaid: 1 });

    await rig.database.query(
      `UPDATE interval_energies SET to_bus_wh = 0, from_bus_wh = 250, quality = 'estimated' WHERE quality = 'missing'`,
    );
    const adjustments: StatementLine[][] = [];
    for (const days of [1, 2, 3]) {
      const date = addDays(DATE, days);
      await feedDay(date);
      const outcome = await rig.settlement.closeDay(ZONE, date, localDay(ZONE, date).endMs + HOUR_MS);
      adjustments.push(outcome.kind === 'closed' ? outcome.statements[0]!.lines.filter(({ kind }) => kind === 'adjustment') : []);
    }
    expect(adjustments.map(({ length }) => length)).toEqual([1, 0, 0]);
    expect(adjustments[0]![0]).toMatchObject({ energyWh: 250, amountMicro: 20_000, text: expect.stringContaining(DATE) as string });
    expect(await rig.store.statement('household-1', DATE)).toEqual(before);
  });

  it('puts an event right too, in either direction', async () => {
    await history(4);
    const event = await fixed();
    await feedEventDay();
    await settle(event, END);
    await rig.settlement.closeDay(ZONE, DATE, AFTER_MIDNIGHT);
    await rig.database.query(`UPDATE interval_energies SET quality = 'estimated' WHERE start_ms = ${START}`);
    const date = addDays(DATE, 1);
    await feedDay(date);
    const outcome = await rig.settlement.closeDay(ZONE, date, localDay(ZONE, date).endMs + HOUR_MS);
    const lines = outcome.kind === 'closed' ? outcome.statements[0]!.lines : [];
    expect(lines.at(-1)).toMatchObject({ kind: 'adjustment', eventId: event.id, energyWh: -66.7, amountMicro: -23_345 });
    expect((await rig.store.resultsOf(event.id))[0]).toMatchObject({ deliveredWh: 666.7 });
  });
});

describe('a process that dies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'settlement-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('pays each event and each day once, wherever it died', async () => {
    const file = join(folder, 'plant.sqlite');
    let plant = await settlementRig({ file });
    const restart = async () => {
      await plant.database.destroy();
      plant = await settlementRig({ file });
    };
    await history(4, 1, plant);
    const event = await fixed(plant);
    await feedEventDay(1, plant);
    await restart();
    plant.events.markSettled = () => Promise.reject(new Error('died after the results'));
    await expect(settle(event, END, plant)).rejects.toThrow('died');
    await restart();
    expect(await plant.events.unsettled(END)).toHaveLength(1);
    await settle(event, END, plant);
    plant.store.issue = () => Promise.reject(new Error('died before the statement'));
    await expect(plant.settlement.closeDay(ZONE, DATE, AFTER_MIDNIGHT)).rejects.toThrow('died');
    await restart();
    await plant.settlement.closeDay(ZONE, DATE, AFTER_MIDNIGHT);
    await restart();
    await plant.settlement.closeDay(ZONE, DATE, AFTER_MIDNIGHT);
    expect(await plant.database.query('SELECT COUNT(*) AS n, SUM(total_micro) AS total FROM statements')).toEqual([
      { n: 1, total: 17 * 80_000 + 20_000 + 233_345 },
    ]);
    expect(await plant.database.query('SELECT COUNT(*) AS n FROM event_results')).toEqual([{ n: 1 }]);
    await plant.database.destroy();
  });
});

describe('jobs', () => {
  it('fix baselines when an event is announced, settle it when it is over, and state the day after midnight', async () => {
    await history(4);
    const clock = new ManualClock(MORNING);
    const fleet = {
      plant: () => rig.plant.plant(),
      consentOf: (id: string) => ({ reserveFloorPct: 0, optedOut: id === 'home-2' }),
    } as unknown as FleetService;
    const jobs = new SettlementJobs(rig.settlement, rig.events, fleet, clock, pino({ level: 'silent' }));
    jobs.leaveBefore(localDay(ZONE, DATE).startMs);
    jobs.onModuleInit();
    const event = await rig.announce(request, MORNING);
    expect(await jobs.runOnce(MORNING)).toEqual({ settledEventIds: [], closedDays: [] });
    expect([...(await rig.store.baselinesOf(event)).keys()]).toEqual(['home-1']);
    await feedEventDay();
    const runs = await Promise.all([jobs.runOnce(END), jobs.runOnce(END)]);
    expect(runs.flatMap(({ settledEventIds }) => settledEventIds)).toEqual([event.id]);
    expect((await jobs.runOnce(AFTER_MIDNIGHT + HOUR_MS)).closedDays).toEqual([`${ZONE} ${DATE}`]);
    expect((await jobs.runOnce(AFTER_MIDNIGHT + 2 * HOUR_MS)).closedDays).toEqual([]);
    // The days before were left to whoever fills the history in.
    expect(await rig.store.statements('household-1', '2026-01-01')).toHaveLength(1);
    await jobs.onModuleDestroy();
  });
});
