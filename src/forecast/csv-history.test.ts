import { describe, expect, it } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { HOUR_MS } from '../kernel/units.js';
import { BRAIN_NETS } from './adapters/brain-network.js';
import { backtest, scoreDays, testDays } from './backtest.js';
import { seriesFromCsv, weatherFromCsv } from './csv-history.js';
import type { PowerSeries } from './history.js';
import { EFFORT } from './market.fixture.js';
import { scoreOf } from './score.js';

const faultsOf = (text: string, column = 'load_w'): readonly string[] => {
  try {
    seriesFromCsv(text, column, 'home.csv');
  } catch (error) {
    if (error instanceof BadInput) return error.faults;
    throw error;
  }
  return [];
};

describe('history from CSV', () => {
  it('is even, with what is not there unknown', () => {
    const text =
      'start_utc,load_w\n2024-05-01T00:00:00Z,100\n2024-05-01T01:00:00Z,\n2024-05-01T03:00:00+00:00,-2\n2024-05-01T04:00:00Z,7.5\n';
    const { startMs, stepMs, values } = seriesFromCsv(text, 'load_w', 'home.csv');
    expect({ startMs, stepMs }).toEqual({ startMs: Date.UTC(2024, 4, 1), stepMs: HOUR_MS });
    expect(values).toEqual([100, undefined, undefined, 0, 7.5]);
  });

  it('names every bad row by its line', () => {
    const text =
      'start_utc,load_w\n2024-05-01T00:00:00Z,100\nyesterday,3\n2024-05-01T01:00:00Z,many\n2024-04-30T01:00:00Z,5\n2024-05-01 02:00,5\n';
    expect(faultsOf(text)).toEqual([
      'home.csv:3: "yesterday" is no time such as 2024-05-01T13:00:00Z',
      'home.csv:4: "many" is no number of watts',
      'home.csv:5: 2024-04-30T01:00:00Z does not come after the row before',
      'home.csv:6: "2024-05-01 02:00" is no time such as 2024-05-01T13:00:00Z',
    ]);
  });

  it.each([
    ['', 'start_utc'],
    ['time,load_w\n', 'start_utc'],
    ['start_utc,pv_w\n2024-05-01T00:00:00Z,1\n', 'there is start_utc, pv_w'],
    ['start_utc,load_w\n2024-05-01T00:00:00Z,1\n', 'too few rows'],
    ['start_utc,load_w\n"2024-05-01T00:00:00Z,1\n', 'is no CSV'],
    ['start_utc,load_w\n2024-05-01T00:00:00Z,1\n2024-05-01T00:07:00Z,1\n2024-05-01T00:14:00Z,1\n', 'do not divide a day'],
    [
      'start_utc,load_w\n2024-05-01T00:00:00Z,1\n2024-05-01T01:00:00Z,1\n2024-05-01T02:00:00Z,1\n2024-05-01T02:20:00Z,1\n',
      'whole number of',
    ],
    ['start_utc,load_w\n2024-05-01T00:00:00Z,1\n2024-05-01T01:00:00Z,2\n9999-01-01T00:00:00Z,5\n', 'home.csv:4: 9999'],
    ['start_utc,load_w\n2024-02-29T00:00:00Z,1\n2024-02-30T00:00:00Z,2\n', 'home.csv:3: "2024-02-30T00:00:00Z" is no time'],
    ['start_utc,load_w\n2024-05-01T00:00:00Z,1\n2024-05-01T01:00:00Z,1e302\n', 'home.csv:3: "1e302" is no number'],
    ['start_utc,load_w\n2024-05-01T00:00:00Z,\n2024-05-01T01:00:00Z,\n', 'no value in the column "load_w"'],
  ])('refuses %j', (text, says) => {
    expect(faultsOf(text).join()).toContain(says);
  });
});

describe('weather from CSV', () => {
  it('is what columns there are, below zero too', () => {
    const text = 'start_utc,temperature_c\n2024-05-01T00:00:00Z,-3\n2024-05-01T01:00:00Z,\n2024-05-01T02:00:00Z,4\n';
    expect(weatherFromCsv(text, 'w.csv')).toEqual({
      startMs: Date.UTC(2024, 4, 1),
      stepMs: HOUR_MS,
      temperatureC: [-3, undefined, 4],
      irradianceWm2: [],
      cloudPct: [],
    });
    expect(() => weatherFromCsv('start_utc,rain\n', 'w.csv')).toThrow('none of the columns temperature_c');
  });
});

describe('a backtest', () => {
  const series: PowerSeries = {
    startMs: Date.UTC(2024, 2, 1),
    stepMs: HOUR_MS,
    values: Array.from({ length: 24 * 40 }, (_, slot) => 100 * Math.floor(slot / 24) + (slot % 24)),
  };
  const task = { quantity: 'load', series, zone: 'UTC', seed: 1, effort: EFFORT } as const;

  it('tests on the last whole local days, 23 hours long where the clocks go forward', () => {
    const days = testDays(series, 'Europe/Berlin', 10);
    expect(days.map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS)).toEqual([23, 24, 24, 24, 24, 24, 24, 24, 24, 24]);
    expect(days.at(-1)!.endMs).toBe(Date.UTC(2024, 3, 9, 22));
    expect(() => testDays(series, 'Europe/Berlin', 20)).toThrow('it takes 28');
  });

  it('scores what was forecast against what came', () => {
    const days = testDays(series, 'UTC', 5);
    const { models, mixture } = backtest(task, days, BRAIN_NETS);
    const yesterday = scoreDays(series, 'UTC', days, models.get('yesterday')!);
    expect(yesterday).toMatchObject({ mae: 100, rmse: 100, mase: 100 / 700, top2: 100, bias: -100, eveningWh: 400, slots: 120 });
    expect(scoreDays(series, 'UTC', days, mixture).mae).toBeLessThan(100);
  });

  it('never shows a model what came later', () => {
    const days = testDays(series, 'UTC', 3);
    const cut = { ...series, values: series.values.slice(0, -24) };
    const short = backtest({ ...task, series: cut }, days.slice(0, 2), BRAIN_NETS);
    const { mixture } = backtest(task, days, BRAIN_NETS);
    expect(mixture.slice(0, 2)).toEqual(short.mixture);
  });

  it('looks at hours, whatever the slots', () => {
    const sure = (mean: number) => ({ mean, p10: mean, p50: mean, p90: mean });
    const actualW = [100, 0, 0, 0, 30, 30, 30, 30, 40, 40, 40, 40];
    const day = { forecasts: actualW.map((_, slot) => sure(slot < 4 ? 25 : 20)), actualW, hours: actualW.map((_, slot) => slot >> 2) };
    expect(scoreOf([day], 1, HOUR_MS / 4).top2).toBe(15);
  });

  it('looks at the two highest hours of each day, and at what lay inside the band', () => {
    const sure = (p50: number) => ({ mean: p50, p10: p50, p50, p90: p50 + 1 });
    const days = [{ forecasts: [sure(0), sure(5), undefined, sure(1)], actualW: [4, 5, 9, 2], hours: [0, 18, 19, 20] }];
    expect(scoreOf(days, 2, HOUR_MS)).toMatchObject({ mae: 5 / 3, mase: 5 / 6, top2: 2, coverage: 2 / 3, eveningWh: 1, slots: 3 });
  });
});
