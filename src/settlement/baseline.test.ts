import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { momentOf } from '../kernel/local-day.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { baselineOf, eventSlots, hadEvent, likeDay, likeDays, slotsOnDay } from './baseline.js';
import { isClosed, meteredSite, netImportWh, slotEnergy } from './grid-meter.js';
import { metered, meteredRun } from './testing/settlement-rig.js';

const ZONE = 'Europe/Berlin';
const QUARTER_MS = 15 * MINUTE_MS;
const T0 = momentOf(ZONE, '2026-05-04', 18);
const site = (intervals: IntervalEnergy[]) => meteredSite(intervals, ['meter-1']);
const slot = (index: number, stepMs = MINUTE_MS) => ({ startMs: T0 + index * stepMs, endMs: T0 + (index + 1) * stepMs });

describe('grid meter', () => {
  it('gives a minute out of a quarter-hour its mean power, and says that it was spread', () => {
    const energy = slotEnergy(slot(3), site([metered(1, T0, QUARTER_MS, 1_200)]));
    expect(energy).toMatchObject({ quality: 'measured', spread: true });
    expect(netImportWh(energy)).toBeCloseTo(20, 9);
  });

  it('adds minutes up to a quarter-hour, as bad as the worst of them', () => {
    const minutes = meteredRun(1, T0, T0 + QUARTER_MS, MINUTE_MS, () => -600);
    expect(netImportWh(slotEnergy(slot(0, QUARTER_MS), site(minutes)))).toBeCloseTo(-150, 9);
    minutes[4] = metered(1, minutes[4]!.startMs, MINUTE_MS, 0, 'estimated');
    expect(slotEnergy(slot(0, QUARTER_MS), site(minutes)).quality).toBe('estimated');
    minutes[5] = metered(1, minutes[5]!.startMs, MINUTE_MS, 0, 'missing');
    expect(slotEnergy(slot(0, QUARTER_MS), site(minutes)).quality).toBe('missing');
  });

  it('is missing where a part is not covered, and where there is no meter', () => {
    const energy = slotEnergy(slot(0, QUARTER_MS), site(meteredRun(1, T0, T0 + 14 * MINUTE_MS, MINUTE_MS, () => 100)));
    expect(energy.quality).toBe('missing');
    expect(netImportWh(energy)).toBeUndefined();
    expect(slotEnergy(slot(0), meteredSite([], [])).quality).toBe('missing');
  });

  it('counts no time twice where history meets live intervals', () => {
    const mixed = [metered(1, T0, QUARTER_MS, 1_000), ...meteredRun(1, T0 + 10 * MINUTE_MS, T0 + 30 * MINUTE_MS, MINUTE_MS, () => 1_000)];
    expect(netImportWh(slotEnergy({ startMs: T0, endMs: T0 + 30 * MINUTE_MS }, site(mixed)))).toBeCloseTo(500, 9);
  });

  it('goes by what was measured here, never by what was imported', () => {
    const brought = meteredRun(1, T0, T0 + QUARTER_MS, MINUTE_MS, () => -5_000).map((one) => ({ ...one, imported: true as const }));
    expect(slotEnergy(slot(0, QUARTER_MS), site(brought)).quality).toBe('missing');
    const seen = metered(1, T0, QUARTER_MS, -400);
    expect(netImportWh(slotEnergy(slot(0, QUARTER_MS), site([...brought, seen])))).toBeCloseTo(-100, 9);
  });

  it('knows when nothing more is to be waited for: a missing interval is closed too', () => {
    expect(isClosed(slot(0), site([metered(1, T0, MINUTE_MS, 0, 'missing')]))).toBe(true);
    expect(isClosed(slot(0), site([]))).toBe(false);
  });
});

describe('like days', () => {
  it('takes working days for a working day, weekends and holidays for a weekend', () => {
    // 2026-05-04 is a Monday; 2026-05-01 a holiday.
    const holidays = new Set(['2026-05-01']);
    expect(likeDays('2026-05-04', holidays, 7)).toEqual(['2026-04-30', '2026-04-29', '2026-04-28', '2026-04-27']);
    expect(likeDays('2026-05-03', holidays, 8)).toEqual(['2026-05-02', '2026-05-01', '2026-04-26', '2026-04-25']);
  });

  it('keeps to the wall clock when the clocks have changed in between', () => {
    const event = { startMs: momentOf(ZONE, '2026-03-30', 18), endMs: momentOf(ZONE, '2026-03-30', 19) };
    const before = slotsOnDay(ZONE, eventSlots(event, QUARTER_MS), '2026-03-27')!;
    expect(before).toHaveLength(4);
    expect(before[0]!.startMs).toBe(momentOf(ZONE, '2026-03-27', 18));
    expect(event.startMs - before[0]!.startMs).toBe(3 * DAY_MS - HOUR_MS);
  });

  it('passes over a day whose clocks jumped over the time, and takes the first showing of an hour shown twice', () => {
    const night = eventSlots({ startMs: momentOf(ZONE, '2026-04-05', 2, 30), endMs: momentOf(ZONE, '2026-04-05', 3) }, QUARTER_MS);
    expect(slotsOnDay(ZONE, night, '2026-03-29')).toBeUndefined();
    const autumn = eventSlots({ startMs: momentOf(ZONE, '2026-11-01', 2), endMs: momentOf(ZONE, '2026-11-01', 3) }, QUARTER_MS);
    expect(slotsOnDay(ZONE, autumn, '2026-10-25')![0]!.startMs).toBe(Date.parse('2026-10-25T00:00:00Z'));
  });

  it('maps both showings of the repeated hour to the one hour of other days', () => {
    const twice = eventSlots({ startMs: momentOf(ZONE, '2026-10-25', 2), endMs: momentOf(ZONE, '2026-10-25', 3) }, HOUR_MS);
    expect(twice).toHaveLength(2);
    const mapped = slotsOnDay(ZONE, twice, '2026-10-24')!;
    expect(mapped.map(({ startMs }) => startMs)).toEqual([momentOf(ZONE, '2026-10-24', 2), momentOf(ZONE, '2026-10-24', 2)]);
  });

  it('carries an event over midnight into the next day of the like day', () => {
    const slots = eventSlots({ startMs: momentOf(ZONE, '2026-05-04', 23, 30), endMs: momentOf(ZONE, '2026-05-05', 0, 30) }, 30 * MINUTE_MS);
    expect(slotsOnDay(ZONE, slots, '2026-04-30')!.map(({ startMs }) => startMs)).toEqual([
      momentOf(ZONE, '2026-04-30', 23, 30),
      momentOf(ZONE, '2026-05-01', 0),
    ]);
  });

  it('does not take a day on which an event ran at that time', () => {
    expect(hadEvent([slot(0), slot(1)], [{ startMs: T0 + 90_000, endMs: T0 + 100_000 }])).toBe(true);
    expect(hadEvent([slot(0), slot(1)], [{ startMs: T0 + 2 * MINUTE_MS, endMs: T0 + 3 * MINUTE_MS }])).toBe(false);
  });
});

describe('baseline', () => {
  const slots = [slot(0), slot(1)];
  const day = (date: string, ...netImport: number[]) => ({ date, netImportWh: netImport });

  it('is the mean of the ten newest like days, slot by slot', () => {
    const days = Array.from({ length: 12 }, (_, index) => day(`2026-04-${String(index + 10)}`, index, -index));
    const baseline = baselineOf('home-1', slots, days, T0);
    expect(baseline.days).toHaveLength(10);
    expect(baseline.days[0]).toBe('2026-04-21');
    expect(baseline.slots.map(({ baselineWh }) => baselineWh)).toEqual([6.5, -6.5]);
  });

  it('says that there is none when no day serves', () => {
    expect(baselineOf('home-1', slots, [], T0)).toMatchObject({ days: [], slots: [] });
  });

  it('takes no day with a part that was estimated', () => {
    expect(likeDay('2026-04-30', slots, site([metered(1, T0, QUARTER_MS, 600)]))!.netImportWh).toEqual([10, 10]);
    expect(likeDay('2026-04-30', slots, site([metered(1, T0, QUARTER_MS, 600, 'estimated')]))).toBeUndefined();
  });

  test.prop([fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 1, maxLength: 10 }), fc.infiniteStream(fc.nat())])(
    'lies between the least and the most of its days, in whatever order they are found',
    (netImports, shuffle) => {
      const days = netImports.map((net, index) => day(`2026-04-${String(index + 10)}`, net, net));
      const shuffled = days.map((one) => ({ one, at: shuffle.next().value as number })).sort((a, b) => a.at - b.at);
      const baseline = baselineOf('home-1', slots, days, T0);
      expect(
        baselineOf(
          'home-1',
          slots,
          shuffled.map(({ one }) => one),
          T0,
        ),
      ).toEqual(baseline);
      expect(baseline.slots[0]!.baselineWh).toBeGreaterThanOrEqual(Math.min(...netImports));
      expect(baseline.slots[0]!.baselineWh).toBeLessThanOrEqual(Math.max(...netImports));
    },
  );
});
