import { fc, test } from '../../../test/prop.js';
import { describe, expect, it } from 'vitest';

import { SLOT_MS } from '../../kernel/interval.js';
import { MINUTE_MS } from '../../kernel/units.js';
import type { PowerSeries } from '../api/types.js';
import { bandAt, bandsOf, columnsOf, lastMeasuredMs, missingSpans, rowsOf, traceFor, tracesOf, valueAt } from './series.js';

const FIVE = 5 * MINUTE_MS;

const series = (over: Partial<PowerSeries> = {}): PowerSeries => ({
  stepMs: FIVE,
  fromMs: 0,
  toMs: 4 * SLOT_MS,
  actual: [],
  forecast: [],
  plan: [],
  forecastModel: 'brain.js',
  ...over,
});

describe('the lines of a day', () => {
  it('expects what nobody commands by forecast, and what the plant commands by plan', () => {
    const traces = tracesOf(
      series({
        forecast: [{ atMs: 0, loadW: 900, pvW: 2_000 }],
        plan: [{ atMs: 0, loadW: 900, pvW: 2_000, batteryW: -1_000, gridW: -100, generatorW: 0 }],
      }),
    );
    expect(traces.map(({ flow, kind }) => `${flow} ${kind}`)).toEqual([
      'load forecast',
      'pv forecast',
      'battery plan',
      'grid plan',
      'generator plan',
    ]);
  });

  it('draws planned sun only where the plan curtails it', () => {
    const traces = tracesOf(
      series({
        forecast: [
          { atMs: 0, loadW: 900, pvW: 4_000 },
          { atMs: SLOT_MS, loadW: 900, pvW: 4_000 },
        ],
        plan: [
          { atMs: 0, pvW: 4_000 },
          { atMs: SLOT_MS, pvW: 2_500 },
        ],
      }),
    );
    const planned = traceFor(traces, 'pv', 'plan');
    expect(valueAt(planned, 0)).toBeUndefined();
    expect(valueAt(planned, SLOT_MS)).toBe(2_500);
  });

  it('breaks a line where a reading is missing and never bridges it with a number', () => {
    const traces = tracesOf(
      series({
        actual: [{ atMs: 0, gridW: 100 }, { atMs: FIVE }, { atMs: 2 * FIVE, gridW: 300 }, { atMs: 5 * FIVE, gridW: 400 }],
      }),
    );
    const [momentsMs, gridW] = columnsOf(traces);
    expect(momentsMs).toEqual([0.5 * FIVE, 1.5 * FIVE, 2.5 * FIVE, 3 * FIVE, 5.5 * FIVE, 6 * FIVE]);
    expect(gridW).toEqual([100, null, 300, null, 400, null]);
    expect(valueAt(traces[0], FIVE)).toBeUndefined();
    expect(valueAt(traces[0], 2 * FIVE + 1)).toBe(300);
    expect(valueAt(traces[0], 4 * FIVE)).toBeUndefined();
  });

  it('holds a planned value to the end of its slot', () => {
    const traces = tracesOf(
      series({
        plan: [
          { atMs: 0, batteryW: 1 },
          { atMs: SLOT_MS, batteryW: 2 },
        ],
      }),
    );
    expect(columnsOf(traces)).toEqual([
      [0, SLOT_MS, 2 * SLOT_MS, 2 * SLOT_MS + 1],
      [1, 2, 2, null],
    ]);
  });

  it('holds a plan whose steps grow longer until the next begins', () => {
    const grown = series({
      plan: [
        { atMs: 0, pvW: 4_000, gridW: 1 },
        { atMs: SLOT_MS, pvW: 2_050, gridW: 2 },
        { atMs: 3 * SLOT_MS, pvW: 900, gridW: 3 },
      ],
      forecast: [4_000, 3_100, 1_000, 900].map((pvW, slot) => ({ atMs: slot * SLOT_MS, loadW: 0, pvW })),
    });
    const grid = traceFor(tracesOf(grown), 'grid', 'plan');
    expect(valueAt(grid, 3 * SLOT_MS - 1)).toBe(2);
    expect(grid?.endsMs).toEqual([SLOT_MS, 3 * SLOT_MS, 4 * SLOT_MS]);
    // Half an hour of 2,050 W is what 3,100 W and 1,000 W are on average: nothing is curtailed.
    expect(traceFor(tracesOf(grown), 'pv', 'plan')).toBeUndefined();
    expect(rowsOf(grown).map(({ expectedW }) => expectedW.grid)).toEqual([1, 2, 2, 3]);
  });

  it('reads the latest step of which anything was measured', () => {
    expect(lastMeasuredMs(series({ actual: [{ atMs: 0, gridW: 1 }, { atMs: FIVE }] }))).toBe(0);
    expect(lastMeasuredMs(series())).toBeUndefined();
  });

  it('names the stretches of the past of which nothing is known', () => {
    const holes = series({ actual: [0, 1, 2, 6, 7].map((step) => ({ atMs: step * FIVE, gridW: 1 })) });
    expect(missingSpans(holes, 10 * FIVE)).toEqual([{ startMs: 3 * FIVE, endMs: 6 * FIVE }]);
    expect(missingSpans(series(), 10 * FIVE)).toEqual([{ startMs: 0, endMs: 8 * FIVE }]);
    expect(missingSpans(series(), 0)).toEqual([]);
  });

  it('reads as a table by quarter-hours', () => {
    const rows = rowsOf(
      series({
        actual: [
          { atMs: 0, gridW: 100, loadW: 10 },
          { atMs: FIVE, gridW: 200 },
        ],
        forecast: [{ atMs: SLOT_MS, loadW: 5, pvW: 6 }],
        plan: [{ atMs: SLOT_MS, gridW: 7, loadW: 99 }],
      }),
    );
    expect(rows.map(({ startMs }) => startMs)).toEqual([0, SLOT_MS]);
    expect(rows[0]!.actualW).toMatchObject({ grid: 150, load: 10 });
    expect(rows[0]!.actualW.pv).toBeUndefined();
    expect(rows[1]!.expectedW).toMatchObject({ load: 5, pv: 6, grid: 7 });
  });
});

const anyPoints = fc
  .uniqueArray(fc.record({ step: fc.nat(300), gridW: fc.option(fc.integer({ min: -9_000, max: 9_000 }), { nil: undefined }) }), {
    selector: ({ step }) => step,
  })
  .map((points) => points.sort((a, b) => a.step - b.step).map(({ step, gridW }) => ({ atMs: step * FIVE, gridW })));

test.prop([anyPoints])('every reading is found again at its own time, and nothing else is', (actual) => {
  const trace = traceFor(tracesOf(series({ actual })), 'grid', 'actual');
  const known = new Map(actual.map(({ atMs, gridW }) => [atMs, gridW]));
  for (let step = 0; step <= 301; step += 1) expect(valueAt(trace, step * FIVE + 17)).toBe(known.get(step * FIVE));
});

test.prop([anyPoints])('the columns are all of one length and rise in time', (actual) => {
  const [momentsMs, ...columns] = columnsOf(tracesOf(series({ actual, plan: [{ atMs: SLOT_MS, batteryW: 5 }] })));
  for (const column of columns) expect(column).toHaveLength(momentsMs.length);
  expect(momentsMs.every((atMs, index) => index === 0 || atMs > momentsMs[index - 1]!)).toBe(true);
});

describe('the band of a forecast', () => {
  it('stands in the middle of its slots, and only where a forecast has one', () => {
    const forecast = [
      { atMs: 0, loadW: 900, pvW: 0, loadP10W: 500, loadP90W: 1_400 },
      { atMs: SLOT_MS, loadW: 950, pvW: 0, loadP10W: 550, loadP90W: 1_500 },
    ];
    const [load, ...others] = bandsOf(series({ forecast }));
    expect(others).toEqual([]);
    expect(load).toEqual({
      flow: 'load',
      points: [
        { atMs: SLOT_MS / 2, lowW: 500, highW: 1_400 },
        { atMs: 1.5 * SLOT_MS, lowW: 550, highW: 1_500 },
      ],
    });
    expect(bandAt(load, SLOT_MS + 1)!.highW).toBe(1_500);
    expect(bandAt(load, 4 * SLOT_MS)).toBeUndefined();
  });
});
