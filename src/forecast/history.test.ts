import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { SLOT_MS } from '../kernel/interval.js';
import { localTime, momentOf } from '../kernel/local-day.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { calendarOf, historyOf, joined, knownDays, minuteOfDay, slotDaysBefore, weekdayOf } from './history.js';

const START_MS = Date.UTC(2024, 4, 1);
const period = { startMs: START_MS, endMs: START_MS + HOUR_MS };

const energy = (
  deviceId: string,
  flow: IntervalEnergy['flow'],
  minute: number,
  lengthMin: number,
  more: Partial<IntervalEnergy> = {},
): IntervalEnergy => ({
  siteId: 'home',
  deviceId,
  flow,
  startMs: START_MS + minute * MINUTE_MS,
  endMs: START_MS + (minute + lengthMin) * MINUTE_MS,
  toBusWh: 0,
  fromBusWh: 0,
  quality: 'measured',
  commanded: false,
  ...more,
});

const hourOf = (deviceId: string, flow: IntervalEnergy['flow'], more: Partial<IntervalEnergy>): IntervalEnergy[] =>
  [0, 15, 30, 45].map((minute) => energy(deviceId, flow, minute, 15, more));

describe('a site’s history', () => {
  it('is what flowed into the bus less what flowed out of it', () => {
    const intervals = [
      ...hourOf('meter', 'grid', { fromBusWh: 250 }),
      ...hourOf('roof', 'pv', { toBusWh: 1_000 }),
      ...hourOf('battery', 'battery', { fromBusWh: 500 }),
    ];
    const { load, pv } = historyOf(intervals, period);
    expect(load.values).toEqual([1_000, 1_000, 1_000, 1_000]);
    expect(pv.values).toEqual([4_000, 4_000, 4_000, 4_000]);
  });

  it('leaves out what a flexible load drew that is planned apart, and no other', () => {
    const intervals = [...hourOf('meter', 'grid', { toBusWh: 1_000 }), ...hourOf('wallbox', 'flexible', { fromBusWh: 800 })];
    const wallbox = { id: 'wallbox', role: 'flexible-load' } as const;
    const rating = { kind: 'charger', minW: 4_140, phases: 3 } as const;
    const known = { ...rating, need: { energyWh: 10_000, from: '18:00', by: '07:00' } };
    expect(historyOf(intervals, period, [{ ...wallbox, flexibleLoad: known }]).load.values).toEqual([800, 800, 800, 800]);
    expect(historyOf(intervals, period, [{ ...wallbox, flexibleLoad: rating }]).load.values).toEqual([4_000, 4_000, 4_000, 4_000]);
    const silent = [...hourOf('meter', 'grid', { toBusWh: 1_000, imported: true })];
    expect(historyOf(silent, period, [{ ...wallbox, flexibleLoad: known }]).load.values[0]).toBeUndefined();
    expect(historyOf(silent, period, [{ ...wallbox, flexibleLoad: rating }]).load.values[0]).toBe(4_000);
  });

  it('adds up minutes, and does not know a slot that lacks many', () => {
    const minutes = Array.from({ length: 60 }, (_, minute) => energy('meter', 'grid', minute, 1, { toBusWh: 10 }));
    const { load } = historyOf(
      minutes.filter((_, minute) => minute < 15 || minute > 20),
      period,
    );
    expect(load.values[0]).toBeCloseTo(600, 6);
    expect(load.values[1]).toBeUndefined();
    expect(load.values[2]).toBeCloseTo(600, 6);
  });

  it('does not know the load while one of its meters is silent', () => {
    const roof = hourOf('roof', 'pv', { toBusWh: 100 });
    roof[2] = { ...roof[2]!, quality: 'missing', toBusWh: undefined, fromBusWh: undefined };
    const { load, pv } = historyOf([...hourOf('meter', 'grid', { toBusWh: 100 }), ...roof], period);
    expect(load.values).toEqual([800, 800, undefined, 800]);
    expect(pv.values).toEqual([400, 400, undefined, 400]);
  });

  it('knows no sun where we held the inverter back, but the load all the same', () => {
    const roof = hourOf('roof', 'pv', { toBusWh: 100 });
    roof[1] = { ...roof[1]!, commanded: true };
    const { load, pv } = historyOf([...hourOf('meter', 'grid', { toBusWh: 100 }), ...roof], period);
    expect(pv.values).toEqual([400, undefined, 400, 400]);
    expect(load.values).toEqual([800, 800, 800, 800]);
  });

  it('keeps the sun of a hybrid inverter that is commanded for its battery', () => {
    const hybrid = [...hourOf('hybrid', 'pv', { toBusWh: 100 }), ...hourOf('hybrid', 'battery', { commanded: true })];
    expect(historyOf(hybrid, period).pv.values).toEqual([400, 400, 400, 400]);
    const limited = [...hourOf('hybrid', 'pv', { toBusWh: 100, commanded: true }), ...hourOf('hybrid', 'battery', {})];
    expect(historyOf(limited, period).pv.values).toEqual(Array(4).fill(undefined));
  });

  it('takes for the sun what the inverter says it allowed, under a limit too', () => {
    const limited = hourOf('roof', 'pv', { toBusWh: 0, availableWh: 500, commanded: true });
    const battery = hourOf('roof', 'battery', { fromBusWh: 0, commanded: true });
    for (const devices of [limited, [...limited, ...battery]]) {
      const { load, pv } = historyOf([...hourOf('meter', 'grid', { toBusWh: 100 }), ...devices], period);
      expect([pv.values, load.values]).toEqual([Array(4).fill(2_000), Array(4).fill(400)]);
    }
  });

  it('knows neither load nor sun of hours that were imported of the meter alone', () => {
    const tellers = [
      { id: 'meter', role: 'grid-meter' as const },
      { id: 'roof', role: 'pv' as const },
    ];
    const meter = hourOf('meter', 'grid', { toBusWh: 100, imported: true });
    const none = Array(4).fill(undefined);
    const alone = historyOf(meter, period, tellers);
    expect([alone.load.values, alone.pv.values]).toEqual([none, none]);
    const both = historyOf([...meter, ...hourOf('roof', 'pv', { toBusWh: 50, imported: true })], period, tellers);
    expect([both.load.values, both.pv.values]).toEqual([Array(4).fill(600), Array(4).fill(200)]);
    expect(historyOf(meter, period, tellers.slice(0, 1)).load.values).toEqual(Array(4).fill(400));
  });

  it('does not know an hour of which the clock was unsure', () => {
    const [first, ...rest] = hourOf('meter', 'grid', { toBusWh: 100 });
    expect(historyOf([{ ...first!, clockUnsure: true }, ...rest], period).load.values).toEqual([undefined, 400, 400, 400]);
  });

  it('has no sun where none was ever metered', () => {
    expect(historyOf(hourOf('meter', 'grid', { toBusWh: 100 }), period).pv.values).toEqual([0, 0, 0, 0]);
  });

  it('expects a new meter only from its first interval on', () => {
    const late = hourOf('battery', 'battery', { fromBusWh: 50 }).slice(2);
    expect(historyOf([...hourOf('meter', 'grid', { toBusWh: 100 }), ...late], period).load.values).toEqual([400, 400, 200, 200]);
  });

  it('goes on where it stopped, the later word standing', () => {
    const earlier = { startMs: START_MS, stepMs: SLOT_MS, values: [1, 2, 3, undefined] };
    const later = { startMs: START_MS + 3 * SLOT_MS, stepMs: SLOT_MS, values: [4, 5] };
    expect(joined(earlier, later, DAY_MS).values).toEqual([1, 2, 3, 4, 5]);
    expect(joined(earlier, later, 2 * SLOT_MS)).toEqual({ startMs: START_MS + 3 * SLOT_MS, stepMs: SLOT_MS, values: [4, 5] });
    expect(joined(earlier, { ...later, startMs: START_MS + 5 * SLOT_MS }, DAY_MS).values).toEqual([1, 2, 3, undefined, undefined, 4, 5]);
    expect(knownDays(earlier)).toBeCloseTo(3 / 96, 9);
  });
});

describe('the calendar of slots', () => {
  const zones = fc.constantFrom('Europe/Berlin', 'America/Los_Angeles', 'Australia/Lord_Howe', 'Asia/Kolkata');
  const starts = fc.integer({ min: Date.UTC(2023, 0, 1) / SLOT_MS, max: Date.UTC(2024, 11, 1) / SLOT_MS }).map((slot) => slot * SLOT_MS);

  test.prop([zones, starts])('shows what a clock on the wall shows', (zone, startMs) => {
    const calendar = calendarOf(zone, startMs, SLOT_MS, 400);
    for (const slot of [0, 95, 233, 399]) {
      const wall = localTime(zone, startMs + slot * SLOT_MS);
      expect(minuteOfDay(calendar, slot)).toBe(wall.hour * 60 + wall.minute);
      expect(weekdayOf(calendar, slot)).toBe(wall.weekday);
    }
  });

  it.each([
    ['2024-03-31', 92],
    ['2024-10-27', 100],
    ['2024-06-01', 96],
  ])('finds yesterday at the same time on the wall, also across the day %s of %i slots', (date, slots) => {
    const startMs = momentOf('Europe/Berlin', date, 12);
    const calendar = calendarOf('Europe/Berlin', startMs - 2 * DAY_MS, SLOT_MS, 400);
    const noon = 192;
    expect(noon - slotDaysBefore(calendar, noon, 1)).toBe(slots);
  });
});
