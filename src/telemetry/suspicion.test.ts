import { expect, it } from 'vitest';
import type { SampleValues } from '../field/sample.js';
import { MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { suspect, type SuspicionState } from './suspicion.js';

const T0 = Date.UTC(2026, 4, 1, 10);

/** What stands against a device after a time of polling it, once a second where nothing else is said. */
const after = (durationMs: number, role: 'grid-meter' | 'pv', at: (ms: number) => SampleValues, pollPeriodMs = SECOND_MS): string[] => {
  let state: SuspicionState | undefined;
  for (let ms = 0; ms <= durationMs; ms += pollPeriodMs)
    state = suspect({ deviceId: 'd', atMs: T0 + ms, values: at(ms) }, { role, pollPeriodMs }, state);
  return [...state!.suspected];
};

it('reports a meter that repeats itself to the last digit under load', () => {
  const frozen = () => ({ 'grid.powerW': 812.4, 'grid.voltageV': 231.2 });
  expect(after(14 * MINUTE_MS, 'grid-meter', frozen)).toEqual([]);
  expect(after(15 * MINUTE_MS, 'grid-meter', frozen)).toEqual(['frozen']);
});

it('reports a frozen meter that is asked every five minutes, and not before it has repeated itself a few times', () => {
  const frozen = () => ({ 'grid.powerW': 2_400, 'grid.toBusCounterWh': 5_003, 'grid.fromBusCounterWh': 7 });
  expect(after(10 * MINUTE_MS, 'grid-meter', frozen, 5 * MINUTE_MS)).toEqual([]);
  expect(after(15 * MINUTE_MS, 'grid-meter', frozen, 5 * MINUTE_MS)).toEqual(['frozen']);
});

it('leaves alone a meter without load, and one whose counter goes on', () => {
  expect(after(60 * MINUTE_MS, 'grid-meter', () => ({ 'grid.powerW': 0, 'grid.voltageV': 230 }))).toEqual([]);
  const steady = (ms: number) => ({
    'grid.powerW': 600,
    'grid.toBusCounterWh': Math.floor((600 * ms) / 3_600_000),
    'grid.fromBusCounterWh': 0,
  });
  expect(after(60 * MINUTE_MS, 'grid-meter', steady)).toEqual([]);
});

it('takes the word back when the meter moves again', () => {
  const thawed = (ms: number) => ({ 'grid.powerW': ms > 20 * MINUTE_MS ? 500 : 812.4 });
  expect(after(21 * MINUTE_MS, 'grid-meter', thawed)).toEqual([]);
});

it('reports a power that its own counter contradicts: a scale factor off by ten', () => {
  const offByTen = (ms: number) => ({ 'pv.powerW': 300, 'pv.toBusCounterWh': (3_000 * ms) / 3_600_000 });
  expect(after(16 * MINUTE_MS, 'pv', offByTen)).toEqual(['power-contradicts-counter']);
  const right = (ms: number) => ({ 'pv.powerW': 3_000, 'pv.toBusCounterWh': (3_000 * ms) / 3_600_000 });
  expect(after(16 * MINUTE_MS, 'pv', right)).toEqual([]);
});

it('reports a meter whose sign is the wrong way round', () => {
  const reversed = (ms: number) => ({ 'grid.powerW': -2_000, 'grid.toBusCounterWh': (2_000 * ms) / 3_600_000, 'grid.fromBusCounterWh': 7 });
  expect(after(16 * MINUTE_MS, 'grid-meter', reversed)).toEqual(['power-contradicts-counter']);
});
