import { describe, expect, it } from 'vitest';
import { SLOT_MS } from '../kernel/interval.js';
import { momentOf } from '../kernel/local-day.js';
import { DAY_MS, HOUR_MS } from '../kernel/units.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { BRAIN_NETS } from './adapters/brain-network.js';
import type { Distribution } from './distribution.js';
import { historyOf, type PowerSeries, seriesEndMs } from './history.js';
import { learn } from './learning.js';
import { hasDrifted, mixedForecasts } from './market.js';
import { home, learnt, START_MS, taskOf, ZONE } from './market.fixture.js';
import { predictSlots } from './prediction.js';
import type { SeriesModels } from './series-models.js';

const changed = (series: PowerSeries, change: (value: number, slot: number) => number | undefined): PowerSeries => ({
  ...series,
  values: series.values.map((value, slot) => change(value!, slot)),
});
const ahead = (series: PowerSeries, models: SeriesModels, slots = 24, atMs = seriesEndMs(series)): Distribution[] =>
  predictSlots({ series, zone: ZONE, models }, { issuedAtMs: atMs, startMs: atMs, slots }, BRAIN_NETS.run)!;
const meanW = (slots: readonly Distribution[]): number => slots.reduce((sum, { mean }) => sum + mean, 0) / slots.length;

describe('a forecast', () => {
  const usual = home(50);
  const models = learnt(usual);

  it('goes on through gaps: lost hours, and a week without a reading', () => {
    const gaps = changed(usual, (value, slot) => (slot % 7 === 3 || (slot > 42 * 24 && slot < 49 * 24) ? undefined : value));
    const taught = learnt(gaps);
    const slots = ahead(gaps, taught);
    expect(meanW(slots)).toBeGreaterThan(0.75 * meanW(ahead(usual, models)));
    expect(meanW(slots)).toBeLessThan(1.25 * meanW(ahead(usual, models)));
    expect(slots.every(({ p10, p90 }) => Number.isFinite(p10) && p90 > p10)).toBe(true);
  });

  it.each([
    ['2024-03-31', 92],
    ['2024-10-27', 100],
    ['2024-06-01', 96],
  ])('of %s has its %i quarter-hours, with the evening at the time on the wall', (date, count) => {
    const startMs = momentOf(ZONE, date) - 40 * DAY_MS;
    const past = home(40, 1, SLOT_MS, startMs);
    const taught = learnt(past, { effort: { nets: 1, hidden: 6, epochs: 4, warmEpochs: 2, maxRows: 1_000 } });
    const slots = ahead(past, taught, count);
    expect(slots).toHaveLength(count);
    const peak = slots.reduce((best, { mean }, slot) => (mean > slots[best]!.mean ? slot : best), 0);
    const eveningMs = past.startMs + (40 * 96 + peak) * SLOT_MS;
    expect(Math.abs(eveningMs - momentOf(ZONE, date, 19))).toBeLessThan(2 * HOUR_MS);
    expect(slots.every(({ mean, p10, p90 }) => Number.isFinite(mean) && p10 <= p90)).toBe(true);
  });

  it('outlives a meter swap: what two meters told one after the other is one history', () => {
    const swapMs = START_MS + 2 * DAY_MS;
    const told = (deviceId: string, fromMs: number, toMs: number): IntervalEnergy[] =>
      Array.from({ length: (toMs - fromMs) / SLOT_MS }, (_, slot) => ({
        siteId: 'home',
        deviceId,
        flow: 'grid',
        startMs: fromMs + slot * SLOT_MS,
        endMs: fromMs + (slot + 1) * SLOT_MS,
        toBusWh: 250,
        fromBusWh: 0,
        quality: 'measured',
        commanded: false,
      }));
    const both = [...told('old', START_MS, swapMs), ...told('new', swapMs + HOUR_MS, START_MS + 4 * DAY_MS)];
    const { load } = historyOf(both, { startMs: START_MS, endMs: START_MS + 4 * DAY_MS });
    expect(load.values.filter((value) => value === undefined)).toHaveLength(4);
    expect(load.values.filter((value) => value !== undefined).every((value) => value === 1_000)).toBe(true);
  });

  it('falls with a home that has gone on holiday, and comes back with it within days', () => {
    const away = (fromDay: number, days: number): PowerSeries =>
      changed(home(fromDay + days + 3), (value, slot) => (slot >= fromDay * 24 && slot < (fromDay + days) * 24 ? 150 : value));
    const series = away(50, 6);
    const upTo = (day: number): PowerSeries => ({ ...series, values: series.values.slice(0, day * 24) });
    const during = learn({ ...taskOf(upTo(54)), models }, BRAIN_NETS);
    const home2 = learn({ ...taskOf(upTo(59)), models: during }, BRAIN_NETS);
    const usualW = meanW(ahead(usual, models));
    expect(meanW(ahead(upTo(54), during))).toBeLessThan(0.75 * usualW);
    expect(meanW(ahead(upTo(59), home2))).toBeGreaterThan(0.6 * usualW);
  });

  it('notices a new heat pump at once as drift, and has learnt most of it after a week', () => {
    const series = changed(home(57), (value, slot) => (slot >= 50 * 24 ? value + 2_000 : value));
    const firstDay = ahead(usual, models);
    const error = firstDay.reduce((sum, { p50 }, hour) => sum + Math.abs(p50 - series.values[50 * 24 + hour]!), 0) / 24;
    expect(hasDrifted(models, error)).toBe(true);
    expect(hasDrifted(models, models.errorW.usual)).toBe(false);
    const taught = learn({ ...taskOf(series), models }, BRAIN_NETS);
    expect(meanW(ahead(series, taught)) - meanW(firstDay)).toBeGreaterThan(1_100);
  });

  it('says nothing where there is no past, and mixes no opinions into none', () => {
    const empty = { ...usual, values: [] };
    const at = { issuedAtMs: START_MS, startMs: START_MS, slots: 24 };
    expect(predictSlots({ series: empty, zone: ZONE }, at, BRAIN_NETS.run)).toBeUndefined();
    expect(predictSlots({ series: empty, zone: ZONE, models }, at, BRAIN_NETS.run)).toBeUndefined();
    expect(mixedForecasts(models, [{}])).toEqual([undefined]);
  });
});
