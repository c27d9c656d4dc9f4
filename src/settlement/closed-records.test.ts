import { appendFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DispatchService } from '../dispatch/dispatch.service.js';
import type { Lease, LeaseOutcome } from '../field/setpoint.js';
import { addDays, localDay, momentOf } from '../kernel/local-day.js';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { ManualClock } from '../platform/clock.js';
import { PLANT_SITE } from '../proof/log-entry.js';
import { DecisionJournal } from '../proof/decision-journal.js';
import { ProofFeeds } from '../proof/proof-feeds.service.js';
import { freshDir, ORIGIN, type ProofPlant, removeDir, startProof } from '../proof/proof-plant.fixture.js';
import { ProofSettings } from '../proof/proof-settings.js';
import { parseRecord, type ProofRecord } from '../proof/record.js';
import { ClosedRecords } from './closed-records.service.js';
import { SettledRecords } from './settled-records.service.js';
import { metered, meteredRun, settlementRig, type SettlementRig } from './testing/settlement-rig.js';

const ZONE = 'Europe/Berlin';
const DATE = '2026-05-04';
const START = momentOf(ZONE, DATE, 18);
const MORNING = momentOf(ZONE, DATE, 9);
const request = { direction: 'up', startMs: START, durationMs: 10 * MINUTE_MS, priceMicroPerKwh: 350_000 } as const;

describe('what goes into the log when an interval closes', () => {
  let dir: string;
  let rig: SettlementRig;
  let plant: ProofPlant;
  let settled: SettledRecords;
  let feeds: ProofFeeds;
  let records: ClosedRecords;
  const asking = new Subject<{ atMs: number; leases: Lease[] }>();
  const told = new Subject<{ atMs: number; outcomes: LeaseOutcome[] }>();
  const dispatch = { asking, told } as unknown as DispatchService;

  /** The rooms beside each other, as after a start. */
  const start = (): void => {
    settled = new SettledRecords(rig.store, plant.recorder, plant.proof, rig.plant, pino({ level: 'silent' }));
    feeds = new ProofFeeds(
      plant.recorder,
      rig.events,
      dispatch,
      new ProofSettings(ORIGIN, MINUTE_MS),
      new DecisionJournal(join(dir, 'told.jsonl')),
      plant.clock,
    );
    records = new ClosedRecords(rig.intervals, plant.recorder, feeds, settled, plant.proof);
  };
  const listen = (): void => {
    settled.onModuleInit();
    feeds.onModuleInit();
  };
  const stop = async (): Promise<void> => {
    await settled.onModuleDestroy();
    feeds.onModuleDestroy();
  };
  beforeEach(async () => {
    dir = freshDir();
    rig = await settlementRig({ homes: 2 });
    plant = await startProof(dir, new ManualClock(MORNING));
    start();
  });
  afterEach(async () => {
    await stop();
    await plant.stop();
    await rig.database.destroy();
    removeDir(dir);
  });

  const recorded = async (siteId: string): Promise<ProofRecord[]> =>
    (await plant.log.find({ siteId, limit: 100 })).map(({ record }) => parseRecord(record!)!).toReversed();
  const typesOf = async (siteId: string): Promise<string[]> => (await recorded(siteId)).map(({ type }) => type);

  /** Days before the event, and the event announced with its baselines. */
  const announced = async () => {
    for (let back = 4; back >= 1; back -= 1) {
      const { startMs, endMs } = localDay(ZONE, addDays(DATE, -back));
      await rig.intervals.storeAll(meteredRun(1, startMs, endMs, 15 * MINUTE_MS, () => 3_000));
    }
    const event = await rig.announce(request, MORNING);
    await rig.settlement.fixBaselines(event, rig.allSites, MORNING);
    return event;
  };

  it('has an event and its baselines under an anchor before the event begins', async () => {
    listen();
    const event = await announced();
    await stop();
    expect(await typesOf(PLANT_SITE)).toEqual(['grid-event']);
    const [baseline] = await recorded('home-1');
    expect(baseline).toMatchObject({ type: 'baseline', eventId: event.id, fixedAtMs: MORNING, days: 2 });
    const [row] = await plant.proof.proofsOf('home-1', { kind: 'baseline', limit: 1 });
    expect(row!.anchor!.atMs).toBeLessThan(event.startMs);
  });

  it('has each statement once, with amounts that add up', async () => {
    listen();
    const { startMs, endMs } = localDay(ZONE, DATE);
    await rig.intervals.storeAll([1, 2].flatMap((home) => meteredRun(home, startMs, endMs, 15 * MINUTE_MS, () => -1_000)));
    for (const _ of [0, 1]) await rig.settlement.closeDay(ZONE, DATE, endMs + HOUR_MS);
    await stop();
    const [statement, ...more] = await recorded('home-2');
    expect(more).toEqual([]);
    expect(statement).toMatchObject({ type: 'statement', date: DATE, currency: 'EUR', totalMicro: 24 * 80_000 });
  });

  it('makes up after a start for what the process died before recording', async () => {
    await announced();
    expect(plant.log.size).toBe(0);
    start();
    await records.anchor(MORNING, MORNING);
    expect([await typesOf(PLANT_SITE), await typesOf('home-1'), await typesOf('home-2')]).toEqual([['grid-event'], ['baseline'], []]);
    await records.anchor(MORNING, MORNING + MINUTE_MS);
    expect(plant.log.size, 'a home without like days has no baseline').toBe(2);
    expect((await plant.proof.status()).anchoredLeaves).toBe(2);
  });

  it('corrects a gap that was filled late, also where the process died in between', async () => {
    const gap = metered(1, MORNING, MINUTE_MS, 0, 'missing');
    const [first, second] = [gap, metered(2, MORNING, MINUTE_MS, 0, 'missing')];
    const filled = { ...metered(1, MORNING, MINUTE_MS, 3_000), quality: 'estimated' } as const;
    await records.intervals([first, second]);
    await rig.intervals.storeAll([filled]);
    // What `fillGaps` answered was lost: the log is held against the stored intervals.
    await records.corrections([], MORNING + HOUR_MS);
    expect(await recorded('home-1')).toEqual([
      expect.objectContaining({ type: 'interval-reading', quality: 'missing' }),
      expect.objectContaining({ type: 'correction', quality: 'estimated', toBusWh: 50, reason: 'late-readings' }),
    ]);
    const late = { ...metered(2, MORNING, MINUTE_MS, -1_500), quality: 'estimated' } as const;
    await records.corrections([late], MORNING + HOUR_MS);
    await records.corrections([filled, late], MORNING + 2 * HOUR_MS);
    expect(await typesOf('home-2')).toEqual(['interval-reading', 'correction']);
    expect(plant.log.size).toBe(4);
  });

  describe('of what devices were told', () => {
    const lease = (powerW: number): Lease => ({
      deviceId: 'battery-1',
      owner: 'plan',
      setpoint: { kind: 'battery-power', powerW },
      expiresAtMs: MORNING + HOUR_MS,
    });
    const tell = (atMs: number, powerW: number): void => {
      asking.next({ atMs, leases: [lease(powerW)] });
      told.next({ atMs, outcomes: [{ kind: 'confirmed', lease: lease(powerW) }] });
    };
    /** The process is killed: nobody says goodbye, and what it had in memory is gone. */
    const killed = (): void => {
      feeds.onModuleDestroy();
      start();
      feeds.onModuleInit();
    };
    const decisions = async (atMs = MORNING + MINUTE_MS) => {
      await records.anchor(atMs, atMs);
      return (await recorded('home-1')).filter(({ type }) => type === 'decision');
    };
    const one = (facts: object): unknown[] => [expect.objectContaining(facts)];

    it('in an interval in which the process was killed', async () => {
      feeds.onModuleInit();
      tell(MORNING + 1_000, 2_000);
      tell(MORNING + 3_000, -500);
      killed();
      tell(MORNING + 9_000, 700);
      killed();
      expect(await decisions()).toEqual(one({ told: 3, confirmed: 3, lowestW: -500, highestW: 2_000, powerW: 700, readback: 'confirmed' }));
      killed();
      expect(await decisions(), 'and not again').toHaveLength(1);
    });

    it('as unknown where the process was killed while it told it', async () => {
      feeds.onModuleInit();
      tell(MORNING + 1_000, 2_000);
      asking.next({ atMs: MORNING + 3_000, leases: [lease(-500)] });
      killed();
      const facts = { told: 2, confirmed: 1, atMs: MORNING + 3_000, powerW: -500, lowestW: -500, highestW: 2_000, readback: 'unknown' };
      expect(await decisions()).toEqual(one(facts));
    });

    it('and nothing of what was put off', async () => {
      feeds.onModuleInit();
      asking.next({ atMs: MORNING, leases: [lease(1)] });
      told.next({ atMs: MORNING, outcomes: [{ kind: 'deferred', lease: lease(1) }] });
      killed();
      expect(await decisions()).toEqual([]);
    });

    it('waits for an answer that comes after the interval', async () => {
      feeds.onModuleInit();
      tell(MORNING + 1_000, 2_000);
      asking.next({ atMs: MORNING + 59_000, leases: [lease(-500)] });
      expect(await decisions()).toEqual([]);
      told.next({ atMs: MORNING + 59_000, outcomes: [{ kind: 'confirmed', lease: lease(-500) }] });
      expect(await decisions()).toEqual(one({ told: 2, confirmed: 2, powerW: -500 }));
    });

    it('also where the log could not be written at first, a line is torn, or the file is gone', async () => {
      feeds.onModuleInit();
      tell(MORNING + 1_000, 2_000);
      const append = vi.spyOn(plant.log, 'append').mockRejectedValueOnce(new Error('disk full'));
      await expect(decisions()).rejects.toThrow(/disk full/);
      append.mockRestore();
      appendFileSync(join(dir, 'told.jsonl'), '{"told":[{"deviceId":"batt');
      killed();
      expect(await decisions()).toEqual(one({ told: 1, powerW: 2_000 }));
      rmSync(join(dir, 'told.jsonl'));
      killed();
      tell(MORNING + MINUTE_MS, 900);
      killed();
      expect(await decisions(MORNING + 2 * MINUTE_MS)).toHaveLength(2);
    });

    it('in a file that does not grow for ever', async () => {
      feeds.onModuleInit();
      for (let at = 0; at < 3_000; at += 1) tell(MORNING + at, at);
      const file = join(dir, 'told.jsonl');
      expect(statSync(file).size).toBeLessThan(300_000);
      killed();
      expect(await decisions()).toEqual(one({ told: 3_000, highestW: 2_999 }));
      expect(statSync(file).size).toBeLessThan(100);
    });
  });
});
