import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { slotsOf } from '../kernel/interval.js';
import { localDay, momentOf } from '../kernel/local-day.js';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { readPrices } from './price-file.js';
import { DEMO_TARIFF, priceAt, pricesOf, tariffSchema } from './tariff.js';

const ZONE = 'Europe/Berlin';
const at = (hour: number, minute = 0, date = '2026-05-04') => momentOf(ZONE, date, hour, minute);

describe('tariff', () => {
  it('asks the night, day and evening price of the demo on the site’s clock', () => {
    const imports = [0, 5.75, 6, 16.75, 17, 20.75, 21, 22].map(
      (hour) => priceAt(DEMO_TARIFF, ZONE, at(Math.floor(hour), (hour % 1) * 60)).importMicroPerKwh,
    );
    expect(imports).toEqual([220_000, 220_000, 300_000, 300_000, 420_000, 420_000, 300_000, 220_000]);
    expect(priceAt(DEMO_TARIFF, ZONE, at(12)).exportMicroPerKwh).toBe(80_000);
  });

  it('keeps a window over midnight with the weekday it began on', () => {
    const tariff = tariffSchema.parse({
      import: { pricePerKwh: 0.3, windows: [{ from: '22:00', to: '06:00', weekdays: [5], pricePerKwh: 0.1 }] },
      export: 0,
    });
    // 2026-05-08 is a Friday.
    expect(priceAt(tariff, ZONE, at(23, 0, '2026-05-08')).importMicroPerKwh).toBe(100_000);
    expect(priceAt(tariff, ZONE, at(5, 45, '2026-05-09')).importMicroPerKwh).toBe(100_000);
    expect(priceAt(tariff, ZONE, at(5, 45, '2026-05-08')).importMicroPerKwh).toBe(300_000);
    expect(priceAt(tariff, ZONE, at(23, 0, '2026-05-09')).importMicroPerKwh).toBe(300_000);
  });

  it('follows the clock on days of 23 and 25 hours', () => {
    for (const [date, slots] of [
      ['2026-03-29', 92],
      ['2026-10-25', 100],
    ] as const) {
      const prices = pricesOf(DEMO_TARIFF, ZONE, localDay(ZONE, date), 15 * MINUTE_MS);
      expect(prices).toHaveLength(slots);
      const evening = prices.filter(({ importMicroPerKwh }) => importMicroPerKwh === 420_000);
      expect(evening).toHaveLength(16);
      expect(evening[0]!.startMs).toBe(at(17, 0, date));
    }
  });

  it('gives a slot in which the price changes the mean of its parts', () => {
    const tariff = tariffSchema.parse({
      import: { pricePerKwh: 0.2, windows: [{ from: '17:15', to: '18:00', pricePerKwh: 0.4 }] },
      export: 0.08,
    });
    expect(pricesOf(tariff, ZONE, { startMs: at(17), endMs: at(18) }, HOUR_MS)[0]!.importMicroPerKwh).toBe(350_000);
  });

  it('lets published prices hold where they reach, one side alone too', () => {
    const known = readPrices(
      'start_utc,import_per_kwh,export_per_kwh\n2026-05-04T10:00:00Z,0.11,\n2026-05-04T11:00:00Z,,-0.01\n',
      'day-ahead.csv',
    );
    const start = Date.parse('2026-05-04T09:00:00Z');
    const prices = pricesOf(DEMO_TARIFF, ZONE, { startMs: start, endMs: start + 4 * HOUR_MS }, HOUR_MS, known);
    expect(prices.map(({ importMicroPerKwh }) => importMicroPerKwh)).toEqual([300_000, 110_000, 300_000, 300_000]);
    expect(prices.map(({ exportMicroPerKwh }) => exportMicroPerKwh)).toEqual([80_000, 80_000, -10_000, 80_000]);
  });

  it('refuses what cannot be a tariff', () => {
    const bad = (value: unknown) => expect(tariffSchema.safeParse(value).success).toBe(false);
    bad({ import: 0.3 });
    bad({ import: '0.3', export: 0.08 });
    bad({ import: { pricePerKwh: 0.3, windows: [{ from: '17:10', to: '21:00', pricePerKwh: 0.4 }] }, export: 0.08 });
    bad({ import: { pricePerKwh: 0.3, windows: [{ from: '17:00', to: '17:00', pricePerKwh: 0.4 }] }, export: 0.08 });
    bad({ import: 0.3, export: 0.08, imports: 1 });
  });

  test.prop([
    fc.constantFrom(1, 5, 15, 30, 60),
    fc.constantFrom('Europe/Berlin', 'Australia/Adelaide', 'America/St_Johns'),
    fc.integer({ min: 0, max: 364 }),
  ])('covers every interval without a hole, between its cheapest and dearest price', (minutes, zone, day) => {
    const date = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
    const period = localDay(zone, date);
    const prices = pricesOf(DEMO_TARIFF, zone, period, minutes * MINUTE_MS);
    expect(prices.length).toBeGreaterThanOrEqual(slotsOf(period, minutes * MINUTE_MS).length);
    prices.forEach((price, index) => {
      if (index > 0) expect(price.startMs).toBe(prices[index - 1]!.endMs);
      expect(price.importMicroPerKwh).toBeGreaterThanOrEqual(220_000);
      expect(price.importMicroPerKwh).toBeLessThanOrEqual(420_000);
    });
  });
});

describe('price file', () => {
  it('names every bad row with its line', () => {
    const csv =
      'start_utc,import_per_kwh,export_per_kwh\n2026-05-04T10:00:00Z,0.1,0.1\n2026-05-04 11:00,0.1,\n2026-05-04T09:00:00Z,0.1,\n2026-05-04T12:00:00Z,cheap,\n';
    expect(() => readPrices(csv, 'p.csv')).toThrow(
      /p\.csv:3: start_utc[\s\S]*p\.csv:4: rows must be in order[\s\S]*p\.csv:5: a price must be/,
    );
  });

  it('leaves a gap in the file a gap, and cuts a row at the next', () => {
    const csv =
      'start_utc,import_per_kwh,export_per_kwh\n2026-05-04T10:00:00Z,0.1,\n2026-05-04T10:30:00Z,0.2,\n2026-05-04T14:00:00Z,0.3,\n';
    const lengths = readPrices(csv, 'p.csv').map(({ startMs, endMs }) => endMs - startMs);
    expect(lengths).toEqual([30 * MINUTE_MS, HOUR_MS, HOUR_MS]);
  });

  it('wants its header, and an even table', () => {
    expect(() => readPrices('a,b\n1,2\n', 'p.csv')).toThrow('p.csv:1: the first line must be');
    expect(() => readPrices('start_utc,import_per_kwh,export_per_kwh\n2026-05-04T10:00:00Z,0.1\n', 'p.csv')).toThrow(/p\.csv/);
  });
});
