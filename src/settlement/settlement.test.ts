import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { localDay, momentOf } from '../kernel/local-day.js';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { amountText, kwhText, priceText } from './arithmetic.js';
import type { Baseline } from './baseline.js';
import { deliveryOf } from './delivered.js';
import { feedInOf, feedInPrices } from './feed-in.js';
import { meteredSite } from './grid-meter.js';
import { adjustmentOf, eventLine, feedInLine, linesOf, totalOf } from './statement.js';
import { metered, meteredRun } from './testing/settlement-rig.js';

const ZONE = 'Europe/Berlin';
const QUARTER_MS = 15 * MINUTE_MS;
const T0 = momentOf(ZONE, '2026-05-04', 18);
const site = (intervals: IntervalEnergy[]) => meteredSite(intervals, ['meter-1']);
const slot = (index: number, stepMs = MINUTE_MS) => ({ startMs: T0 + index * stepMs, endMs: T0 + (index + 1) * stepMs });

const baselineOfW = (powerW: number, count: number): Baseline => ({
  siteId: 'home-1',
  fixedAtMs: T0 - HOUR_MS,
  days: ['2026-04-30'],
  slots: Array.from({ length: count }, (_, index) => ({ ...slot(index), baselineWh: powerW / 60 })),
});
const event = { id: 'EV-0001', direction: 'up', startMs: T0, endMs: T0 + 4 * MINUTE_MS, priceMicroPerKwh: 350_000 } as const;

describe('delivered energy', () => {
  it('pays what lies below the baseline, and never takes back what lies above', () => {
    const powers = [1_000, -2_000, 4_000, 3_000];
    const delivery = deliveryOf(
      event,
      baselineOfW(3_000, 4),
      site(powers.map((netW, index) => metered(1, slot(index).startMs, MINUTE_MS, netW))),
    );
    expect(delivery.slots.map(({ deliveredWh }) => Math.round(deliveredWh! * 60))).toEqual([2_000, 5_000, 0, 0]);
    expect(delivery).toMatchObject({ deliveredWh: 116.7, amountMicro: 40_845, slotsPaid: 4, slotsUnpaid: 0 });
  });

  it('counts the other way when the grid asks for more load', () => {
    const delivery = deliveryOf(
      { ...event, direction: 'down' },
      baselineOfW(0, 4),
      site(meteredRun(1, T0, event.endMs, MINUTE_MS, () => 6_000)),
    );
    expect(delivery.deliveredWh).toBe(400);
  });

  it('pays nothing for slots that are estimated, missing, cut out of a longer one, or after stepping out, and names them', () => {
    const intervals = [
      metered(1, T0, MINUTE_MS, 0, 'estimated'),
      metered(1, slot(1).startMs, MINUTE_MS, 0, 'missing'),
      metered(1, slot(3).startMs, MINUTE_MS, 0),
    ];
    const delivery = deliveryOf(event, baselineOfW(3_000, 4), site(intervals), slot(3).startMs + 10_000);
    expect(delivery.slots.map(({ quality }) => quality)).toEqual(['estimated', 'missing', 'missing', 'opted-out']);
    expect(delivery).toMatchObject({ deliveredWh: 0, amountMicro: 0, slotsPaid: 0, slotsUnpaid: 4 });
    const spread = deliveryOf(event, baselineOfW(3_000, 4), site([metered(1, T0, QUARTER_MS, 0)]));
    expect(spread.slots.map(({ quality }) => quality)).toEqual(['estimated', 'estimated', 'estimated', 'estimated']);
  });

  it('leaves out what lies behind the end of an event that was cut short', () => {
    const delivery = deliveryOf(
      { ...event, endMs: T0 + 2 * MINUTE_MS },
      baselineOfW(3_000, 4),
      site(meteredRun(1, T0, event.endMs, MINUTE_MS, () => 0)),
    );
    expect(delivery).toMatchObject({ deliveredWh: 100, slotsPaid: 2 });
  });

  it('pays what was delivered until an event on quarter-hours was cut short within one', () => {
    const baseline: Baseline = { ...baselineOfW(3_000, 1), slots: [{ startMs: T0, endMs: T0 + QUARTER_MS, baselineWh: 750 }] };
    const minutes = site(meteredRun(1, T0, T0 + QUARTER_MS, MINUTE_MS, () => 0));
    const delivery = deliveryOf({ ...event, endMs: T0 + 14 * MINUTE_MS }, baseline, minutes);
    expect(delivery).toMatchObject({ deliveredWh: 700, slotsPaid: 1, slotsUnpaid: 0 });
    expect(delivery.slots[0]).toMatchObject({ startMs: T0, endMs: T0 + 14 * MINUTE_MS, baselineWh: 700 });
  });

  test.prop([
    fc.array(fc.integer({ min: -10_000, max: 10_000 }), { minLength: 4, maxLength: 4 }),
    fc.integer({ min: -10_000, max: 10_000 }),
    fc.nat(23),
  ])(
    'is the same for intervals in any order, conserves the sum of its slots, and up minus down is the whole difference',
    (powers, baseW, turn) => {
      const intervals = powers.map((netW, index) => metered(1, slot(index).startMs, MINUTE_MS, netW));
      const turned = [...intervals.slice(turn % 4), ...intervals.slice(0, turn % 4)].reverse();
      const up = deliveryOf(event, baselineOfW(baseW, 4), site(intervals));
      expect(deliveryOf(event, baselineOfW(baseW, 4), site(turned))).toEqual(up);
      expect(Math.abs(up.slots.reduce((sum, { deliveredWh }) => sum + deliveredWh!, 0) - up.deliveredWh)).toBeLessThanOrEqual(0.0501);
      const down = deliveryOf({ ...event, direction: 'down' }, baselineOfW(baseW, 4), site(intervals));
      const difference = powers.reduce((sum, netW) => sum + (baseW - netW) / 60, 0);
      expect(Math.abs(up.deliveredWh - down.deliveredWh - difference)).toBeLessThanOrEqual(0.11);
    },
  );
});

describe('statement', () => {
  const day = localDay(ZONE, '2026-05-04');
  const flat = [{ ...day, priceMicroPerKwh: 80_000 }];

  it('writes quantities so that the arithmetic can be done again', () => {
    expect([kwhText(1_250), kwhText(83.3), kwhText(0), kwhText(-0)]).toEqual(['1.250 kWh', '0.0833 kWh', '0.000 kWh', '0.000 kWh']);
    expect([priceText(80_000, 'EUR'), priceText(81_234, 'EUR')]).toEqual(['0.0800 EUR/kWh', '0.081234 EUR/kWh']);
    expect([amountText(100_000, 'EUR'), amountText(6_664, 'EUR'), amountText(-10_000, 'EUR')]).toEqual([
      '0.10 EUR',
      '0.006664 EUR',
      '-0.01 EUR',
    ]);
  });

  it('states feed-in in one sentence and one product', () => {
    const noon = meteredRun(1, day.startMs, day.endMs, QUARTER_MS, (at) => (at >= T0 && at < T0 + HOUR_MS ? -1_250 : 400));
    const line = feedInLine(feedInOf(day, site(noon), flat, QUARTER_MS), 'EUR');
    expect(line).toEqual({
      kind: 'feed-in',
      text: 'Your home sent 1.25 kWh to the grid. You earned 0.10 EUR.',
      arithmetic: '1.250 kWh × 0.0800 EUR/kWh = 0.10 EUR',
      energyWh: 1_250,
      priceMicroPerKwh: 80_000,
      amountMicro: 100_000,
      slotsPaid: 96,
      slotsUnpaid: 0,
    });
  });

  it('names what is missing and what is estimated', () => {
    const run = meteredRun(1, day.startMs, day.endMs, QUARTER_MS, () => -1_000);
    run[3] = metered(1, run[3]!.startMs, QUARTER_MS, 0, 'missing');
    run[4] = metered(1, run[4]!.startMs, QUARTER_MS, -1_000, 'estimated');
    run.splice(50, 2);
    const line = feedInLine(feedInOf(day, site(run), flat, QUARTER_MS), 'EUR');
    expect(line).toMatchObject({ energyWh: 23_250, slotsPaid: 93, slotsUnpaid: 3 });
    expect(line.text).toContain('Readings were missing while 0.25 kWh of it flowed');
    expect(line.text).toContain('Nothing is known of 45 minutes');
  });

  it('shows each price of a day with several', () => {
    const prices = [
      { startMs: day.startMs, endMs: T0, priceMicroPerKwh: 80_000 },
      { startMs: T0, endMs: day.endMs, priceMicroPerKwh: 120_000 },
    ];
    const line = feedInLine(
      feedInOf(day, site(meteredRun(1, T0 - HOUR_MS, T0 + HOUR_MS, QUARTER_MS, () => -1_000)), prices, QUARTER_MS),
      'EUR',
    );
    expect(line.arithmetic).toBe('1.000 kWh × 0.1200 EUR/kWh = 0.12 EUR; 1.000 kWh × 0.0800 EUR/kWh = 0.08 EUR; together 0.20 EUR');
    expect(line).toMatchObject({ energyWh: 2_000, priceMicroPerKwh: 100_000, amountMicro: 200_000 });
  });

  it('joins neighbouring prices that are the same', () => {
    const price = (index: number, exportMicroPerKwh: number) => ({ ...slot(index), importMicroPerKwh: index, exportMicroPerKwh });
    expect(
      feedInPrices([price(0, 8), price(1, 8), price(2, 9), price(3, 8)]).map(({ endMs, startMs }) => (endMs - startMs) / MINUTE_MS),
    ).toEqual([2, 1, 1]);
  });

  it('pays days of 23 and 25 hours for the hours they have', () => {
    for (const [date, hours] of [
      ['2026-03-29', 23],
      ['2026-10-25', 25],
    ] as const) {
      const period = localDay(ZONE, date);
      const run = meteredRun(1, period.startMs, period.endMs, QUARTER_MS, () => -1_000);
      const feedIn = feedInOf(period, site(run), [{ ...period, priceMicroPerKwh: 80_000 }], QUARTER_MS);
      expect(feedIn).toMatchObject({ energyWh: hours * 1_000, amountMicro: hours * 80_000, slotsPaid: hours * 4, slotsUnpaid: 0 });
    }
  });

  const settled = (powerW: number, baselineDays = 10) => ({
    ...deliveryOf(event, baselineOfW(3_000, 4), site(meteredRun(1, T0, event.endMs, MINUTE_MS, () => powerW))),
    event,
    baselineDays,
  });

  it('tells a household in plain words what an event brought', () => {
    const line = eventLine(settled(-33_000), ZONE, 'EUR');
    expect(line.text).toBe(
      'Your home helped the grid from 18:00 to 18:04 on 2026-05-04: it took 2.40 kWh less from the grid than on like days. You earned 0.84 EUR.',
    );
    expect(line.arithmetic).toBe('2.400 kWh × 0.3500 EUR/kWh = 0.84 EUR');
    expect(eventLine(settled(0, 1), ZONE, 'EUR').text).toContain('It was compared with 1 like day; usually it is 10.');
    expect(eventLine(settled(9_000), ZONE, 'EUR').text).toContain('Your home could not add to it. You earned nothing.');
    const none = { ...deliveryOf(event, { ...baselineOfW(0, 0), days: [] }, site([])), event, baselineDays: 0 };
    expect(eventLine(none, ZONE, 'EUR')).toMatchObject({
      amountMicro: 0,
      text: expect.stringContaining('without one nothing is paid') as string,
    });
  });

  it('says how much later data changes, and nothing where it changes nothing', () => {
    const about = { householdId: 'household-1', kind: 'feed-in', subject: '2026-05-03', date: '2026-05-03' } as const;
    const known = { energyWh: 12_500, amountMicro: 1_000_000, priceMicroPerKwh: 80_000 };
    const stated = { energyWh: 12_000, amountMicro: 960_000, revisions: 1 };
    expect(adjustmentOf(about, known, stated, 'EUR')).toMatchObject({
      revision: 2,
      energyWh: 500,
      amountMicro: 40_000,
      text: 'Later readings change your feed-in on 2026-05-03. You get 0.04 EUR more.',
      arithmetic: '12.500 kWh earn 1.00 EUR; stated before: 12.000 kWh, 0.96 EUR; difference 0.04 EUR',
    });
    expect(adjustmentOf(about, known, { ...stated, amountMicro: 1_100_000 }, 'EUR')?.text).toContain('0.10 EUR is taken back.');
    expect(adjustmentOf(about, known, { ...stated, amountMicro: 1_000_000 }, 'EUR')).toBeUndefined();
  });

  test.prop([
    fc.array(fc.record({ w: fc.integer({ min: -9_000, max: 9_000 }), quality: fc.constantFrom('measured', 'estimated', 'missing') }), {
      minLength: 96,
      maxLength: 96,
    }),
    fc.array(fc.integer({ min: -50_000, max: 400_000 }), { minLength: 4, maxLength: 4 }),
    fc.integer({ min: -20_000, max: 3_000 }),
    fc.nat(95),
  ])('adds its lines up exactly, whatever the prices and the order of the intervals', (slots, prices, eventW, turn) => {
    const run = slots.map(({ w, quality }, index) => metered(1, day.startMs + index * QUARTER_MS, QUARTER_MS, w, quality as 'measured'));
    const spans = prices.map((priceMicroPerKwh, index) => ({
      startMs: day.startMs + index * 6 * HOUR_MS,
      endMs: day.startMs + (index + 1) * 6 * HOUR_MS,
      priceMicroPerKwh,
    }));
    const turned = [...run.slice(turn), ...run.slice(0, turn)];
    const feedIn = feedInOf(day, site(run), spans, QUARTER_MS);
    expect(feedInOf(day, site(turned), spans, QUARTER_MS)).toEqual(feedIn);
    const knownWh = run.reduce((sum, { fromBusWh }) => sum + (fromBusWh ?? 0), 0);
    expect(Math.abs(feedIn.energyWh - knownWh)).toBeLessThanOrEqual(0.21);
    expect(feedIn.slotsPaid + feedIn.slotsUnpaid).toBe(96);
    const lines = linesOf(feedIn, [settled(eventW)], [], ZONE, 'EUR');
    expect(totalOf(lines)).toBe(lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0));
    for (const { amountMicro } of lines) expect(Number.isSafeInteger(amountMicro)).toBe(true);
    for (const term of feedIn.terms)
      expect(Math.abs((term.energyWh * term.priceMicroPerKwh) / 1_000 - term.amountMicro)).toBeLessThanOrEqual(0.5001);
  });
});
