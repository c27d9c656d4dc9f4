import { expect, it } from 'vitest';
import type { PointReport } from '../field/commissioning.js';
import { shown } from './device-read.js';
import { watchedPoints } from './device-watch.js';

const point = (value: number): PointReport => ({ value, unit: '', quality: 'good', ageMs: 0 });
const namesOf = (values: Record<string, number>): string[] =>
  watchedPoints(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, point(value)]))).map(([name]) => name);

it('watch shows a limit and a battery’s bounds while they are in force, and no longer', () => {
  const values = { '123.WMaxLimPct': 30, '124.OutWRte': 0, '124.InWRte': 50 };
  expect(namesOf({ ...values, '123.WMaxLim_Ena': 0, '124.StorCtl_Mod': 0 })).toEqual(['124.StorCtl_Mod']);
  expect(namesOf({ ...values, '123.WMaxLim_Ena': 1, '124.StorCtl_Mod': 3 })).toEqual([
    '123.WMaxLimPct',
    '124.OutWRte',
    '124.InWRte',
    '124.StorCtl_Mod',
  ]);
  expect(namesOf({ '704.WMaxLimPct': 60, '704.WMaxLimPctEna': 1 })).toEqual(['704.WMaxLimPct']);
});

it('a number has the digits that it was measured with', () => {
  expect(shown({ ...point(229.7386474609375), unit: 'V' })).toBe('229.7386 V');
  expect(shown({ ...point(1_234_567_891), unit: 'Wh' })).toBe('1234567891 Wh');
});
