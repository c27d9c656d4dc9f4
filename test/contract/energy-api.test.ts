import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnergyAnswer, EnergyRow } from '../../src/grid/energy-query.js';
import { SLOT_MS, slotsOf } from '../../src/kernel/interval.js';
import { localDay, localMonth } from '../../src/kernel/local-day.js';
import { ManualClock } from '../../src/platform/clock.js';
import type { IntervalEnergy } from '../../src/telemetry/interval-energy.js';
import { IntervalService } from '../../src/telemetry/interval.service.js';
import { listeningHomes, type ListeningHomes } from './listening-homes.js';

const ZONE = 'Europe/Berlin';
const MARCH = localMonth(ZONE, '2026-03');
const SPRING = localDay(ZONE, '2026-03-29');
const AUTUMN = localDay(ZONE, '2026-10-25');
let homes: ListeningHomes;

/** Anna's meter, roof and battery in one slot: 100 Wh in, 40 out; 250 from the roof; 10 discharged, 60 charged. Her loads draw 260. */
const slotOfAnna = (startMs: number): IntervalEnergy[] => {
  const slot = { startMs, endMs: startMs + SLOT_MS, siteId: 'anna-home', quality: 'measured' as const, commanded: false };
  return [
    { ...slot, deviceId: 'anna-meter', flow: 'grid', toBusWh: 100, fromBusWh: 40 },
    { ...slot, deviceId: 'anna-pv', flow: 'pv', toBusWh: 250, fromBusWh: 0 },
    { ...slot, deviceId: 'anna-battery', flow: 'battery', toBusWh: 10, fromBusWh: 60, quality: 'estimated' },
  ];
};
/** The nth slots of the two days on which the clocks change are special. */
const special = (row: IntervalEnergy): IntervalEnergy => {
  const [spring, autumn] = [SPRING, AUTUMN].map(({ startMs }) => (row.startMs - startMs) / SLOT_MS);
  if (row.flow === 'pv' && spring === 10) return { ...row, quality: 'missing', toBusWh: undefined, fromBusWh: undefined };
  if (row.flow === 'battery' && spring! >= 20 && spring! < 24) return { ...row, commanded: true };
  if (row.flow === 'grid' && autumn! >= 0 && autumn! < 8) return { ...row, imported: true };
  if (row.flow === 'grid' && autumn! >= 8 && autumn! < 12) return { ...row, clockUnsure: true };
  return row;
};

beforeAll(async () => {
  homes = await listeningHomes(new ManualClock(Date.UTC(2026, 10, 1)));
  const intervals = homes.app.get(IntervalService);
  // March, and October up to half past ten of the 26th, in minutes in the end.
  const halfPastTen = AUTUMN.endMs + 10.5 * 3_600_000;
  const slots = [...slotsOf(MARCH), ...slotsOf({ startMs: localMonth(ZONE, '2026-10').startMs, endMs: halfPastTen })];
  await intervals.storeAll(slots.flatMap(({ startMs }) => slotOfAnna(startMs)).map(special));
  await intervals.storeAll(
    slotOfAnna(halfPastTen).flatMap((row) =>
      Array.from({ length: 5 }, (_, i) => ({ ...row, startMs: halfPastTen + i * 60_000, endMs: halfPastTen + (i + 1) * 60_000 })),
    ),
  );
}, 60_000);
afterAll(() => homes?.stop());

const energy = async (parameters: Record<string, string>): Promise<EnergyRow[]> => {
  const { unit, rows } = await homes.json<EnergyAnswer>(`/api/energy?${new URLSearchParams(parameters).toString()}`);
  expect(unit).toBe('Wh');
  return rows;
};
const anna = { sites: 'anna-home' };

describe('energy per local day', () => {
  it('of 92 slots: by flow and what the loads drew, with the gap where it is', async () => {
    const rows = await energy({ ...anna, per: 'day', from: '2026-03-29', to: '2026-03-30' });
    expect(rows.map(({ flow }) => flow)).toEqual(['grid', 'pv', 'battery', 'load']);
    const [grid, pv, battery, load] = rows;
    expect(grid).toEqual({
      siteId: 'anna-home',
      flow: 'grid',
      ...SPRING,
      start: '2026-03-29T00:00:00+01:00',
      end: '2026-03-30T00:00:00+02:00',
      toBusWh: 9_200,
      fromBusWh: 92 * 40,
      quality: 'measured',
      slots: 92,
      missingSlots: 0,
      commandedSlots: 0,
      importedSlots: 0,
      clockUnsureSlots: 0,
    });
    expect(pv).toMatchObject({ toBusWh: 91 * 250, quality: 'missing', slots: 92, missingSlots: 1 });
    expect(battery).toMatchObject({ toBusWh: 920, fromBusWh: 92 * 60, quality: 'estimated', commandedSlots: 4 });
    expect(load).toMatchObject({ fromBusWh: 91 * 260, quality: 'missing', missingSlots: 1, commandedSlots: 4 });
    expect(load!.toBusWh).toBeUndefined();
  });

  it('of 100 slots, with what was imported and what is unsure counted', async () => {
    const [grid, , , load] = await energy({ ...anna, per: 'day', from: '2026-10-25', to: '2026-10-26' });
    expect(grid).toMatchObject({ toBusWh: 10_000, slots: 100, importedSlots: 8, clockUnsureSlots: 4 });
    expect(load).toMatchObject({ fromBusWh: 26_000, slots: 100, quality: 'estimated', importedSlots: 8, clockUnsureSlots: 4 });
  });

  it('of another zone, where that is asked', async () => {
    const rows = await energy({ ...anna, per: 'day', from: '2026-10-25', to: '2026-10-26', zone: 'Asia/Kathmandu' });
    expect(rows[0]).toMatchObject({ slots: 96, toBusWh: 9_600, start: '2026-10-25T00:00:00+05:45' });
  });

  it('of the day that runs, up to its last closed slot', async () => {
    const rows = await energy({ ...anna, per: 'day', from: '2026-10-26', to: '2026-11-05' });
    expect(rows.map(({ flow, slots, running }) => [flow, slots, running])).toEqual(
      ['grid', 'pv', 'battery', 'load'].map((flow) => [flow, 42, true]),
    );
    expect(rows[0]).toMatchObject({ end: '2026-10-26T10:30:00+01:00', toBusWh: 4_200, missingSlots: 0 });
  });

  it('of whole days, wherever in them the question begins and ends; of days between that nobody measured, nothing but gaps', async () => {
    const rows = await energy({ ...anna, per: 'day', from: '2026-03-31T17:00:00+02:00', to: '2026-04-01T09:00:00Z' });
    const grid = rows.filter(({ flow }) => flow === 'grid');
    expect(grid.map(({ slots, missingSlots, toBusWh }) => [slots, missingSlots, toBusWh])).toEqual([
      [96, 0, 9_600],
      [96, 96, undefined],
    ]);
  });
});

describe('energy per hour, month and interval', () => {
  const starts = (rows: readonly EnergyRow[]): string[] => rows.filter(({ flow }) => flow === 'grid').map(({ start }) => start.slice(11));

  it('has 23 hours on one day and 25 on the other', async () => {
    const spring = await energy({ ...anna, per: 'hour', from: '2026-03-29', to: '2026-03-30' });
    expect(starts(spring)).toHaveLength(23);
    expect(starts(spring).slice(1, 3)).toEqual(['01:00:00+01:00', '03:00:00+02:00']);
    const autumn = await energy({ ...anna, per: 'hour', from: '2026-10-25', to: '2026-10-26' });
    expect(starts(autumn)).toHaveLength(25);
    expect(starts(autumn).slice(2, 4)).toEqual(['02:00:00+02:00', '02:00:00+01:00']);
    expect(autumn.every(({ slots }) => slots === 4)).toBe(true);
    const summed = autumn.filter(({ flow }) => flow === 'load').reduce((sum, { fromBusWh }) => sum + fromBusWh!, 0);
    expect(summed).toBe(26_000);
  });

  it('has months that are an hour short or long, and the one that runs', async () => {
    const rows = await energy({ ...anna, per: 'month', from: '2026-01-01', to: '2026-12-31' });
    const grid = rows.filter(({ flow }) => flow === 'grid');
    expect(
      grid.map(({ start, slots, missingSlots, toBusWh, running }) => [start.slice(0, 7), slots, missingSlots, toBusWh, running]),
    ).toEqual([
      ['2026-03', 2_972, 0, 297_200, undefined],
      ...['04', '05', '06', '07', '08', '09'].map((month, i) => [
        `2026-${month}`,
        [30, 31, 30, 31, 31, 30][i]! * 96,
        [30, 31, 30, 31, 31, 30][i]! * 96,
        undefined,
        undefined,
      ]),
      ['2026-10', 25 * 96 + 4 + 42, 0, (25 * 96 + 4 + 42) * 100, true],
    ]);
    expect(rows.find(({ flow }) => flow === 'load')).toMatchObject({ fromBusWh: 2_971 * 260, missingSlots: 1 });
  });

  it('has the closed intervals of each device as they are kept', async () => {
    const rows = await energy({ ...anna, per: 'interval', from: '2026-10-26T10:15:00+01:00', to: '2026-10-26T10:31:30+01:00' });
    expect(rows.map(({ deviceId, start, slots }) => [deviceId, start.slice(11, 16), slots])).toEqual(
      ['10:15', '10:30', '10:31'].flatMap((at) => ['anna-battery', 'anna-meter', 'anna-pv'].map((id) => [id, at, 1])),
    );
    const [row] = await energy({ devices: 'anna-pv', per: 'interval', from: '2026-03-29T03:30:00+02:00', to: '2026-03-29T03:45:00+02:00' });
    expect(row).toMatchObject({ deviceId: 'anna-pv', quality: 'missing', missingSlots: 1 });
  });

  it('has single devices, which say nothing of the loads', async () => {
    const rows = await energy({ devices: 'anna-pv,anna-meter', per: 'day', from: '2026-03-29', to: '2026-03-30' });
    expect(rows.map(({ deviceId, flow, missingSlots }) => [deviceId, flow, missingSlots])).toEqual([
      ['anna-pv', 'pv', 1],
      ['anna-meter', 'grid', 0],
    ]);
  });

  it('has nothing of a site that has closed nothing', async () => {
    expect(await energy({ sites: 'bert-home', per: 'day', from: '2026-03-29', to: '2026-03-30' })).toEqual([]);
  });
});

describe('a long answer', () => {
  it('is refused in one piece, and streamed in lines or as a table', async () => {
    const path = '/api/energy?sites=anna-home&per=interval&from=2026-03-01&to=2026-12-01';
    const refused = await homes.get(path);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      detail: 'to: more than 10,000 rows; ask for longer periods (per=hour), or for a stream (Accept: application/x-ndjson or text/csv)',
    });
    const lines = (await (await homes.get(path, { accept: 'application/x-ndjson' })).text()).trimEnd().split('\n');
    expect(lines).toHaveLength((2_972 + 25 * 96 + 4 + 42 + 5) * 3);
    expect(JSON.parse(lines[0]!)).toMatchObject({ deviceId: 'anna-battery', startMs: MARCH.startMs, quality: 'estimated' });
    const table = (await (await homes.get(path, { accept: 'text/csv' })).text()).trimEnd().split('\n');
    expect(table).toHaveLength(lines.length + 1);
    expect(table[0]).toMatch(/^siteId,deviceId,flow,startMs,endMs,start,end,toBusWh,fromBusWh,quality,slots,missingSlots,/);
    expect(table[2]).toBe(
      `anna-home,anna-meter,grid,${MARCH.startMs},${MARCH.startMs + SLOT_MS},2026-03-01T00:00:00+01:00,2026-03-01T00:15:00+01:00,100,40,measured,1,0,0,0,0,`,
    );
  });
});

describe('a bad question', () => {
  const good = { ...anna, per: 'day', from: '2026-03-29', to: '2026-03-30' };
  it.each([
    ['an unknown site', { sites: 'carls-home' }, 404, /^There is no site "carls-home"\.$/],
    ['sites and devices', { devices: 'anna-pv' }, 400, /^sites: name sites or devices, and not both$/],
    ['an unknown period', { per: 'week' }, 400, /^per: is the text "week", and must be one of interval, hour, day, month$/],
    ['an unknown zone', { zone: 'Mars/Base' }, 400, /^zone: not an IANA time zone, such as Europe\/Berlin$/],
    ['a backwards range', { to: '2026-03-29' }, 400, /^to: must be after from; a date is the midnight it begins with in Europe\/Berlin$/],
  ])('of %s is a problem of one clear line', async (_, change, status, detail) => {
    const answer = await homes.get(`/api/energy?${new URLSearchParams({ ...good, ...change }).toString()}`);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({ status, detail: expect.stringMatching(detail) });
  });
});
