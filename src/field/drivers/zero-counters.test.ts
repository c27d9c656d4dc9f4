import { describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../kernel/units.js';
import type { SampleValues } from '../sample.js';
import { ZeroCounters } from './zero-counters.js';

/** Exports at 3.6 kW, and so a watt-hour a second. */
const EXPORT: SampleValues = { 'grid.powerW': -3_600, 'grid.toBusCounterWh': 500 };

describe('a counter that says 0', () => {
  const told = (zeros: ZeroCounters, atMs: number, values: SampleValues): SampleValues => zeros.withoutNone({ ...EXPORT, ...values }, atMs);

  it('is told while nothing has flowed that it should have counted: a new meter, a home that never exports', () => {
    const zeros = new ZeroCounters('grid-meter');
    const importing = { 'grid.powerW': 9_000, 'grid.fromBusCounterWh': 0 };
    for (let minute = 0; minute < 60; minute += 1)
      expect(told(zeros, minute * MINUTE_MS, importing)).toMatchObject({ 'grid.fromBusCounterWh': 0, 'grid.toBusCounterWh': 500 });
  });

  it('is left out once a tenth of a kilowatt-hour has gone past it', () => {
    const zeros = new ZeroCounters('grid-meter');
    expect(told(zeros, 0, { 'grid.fromBusCounterWh': 0 })).toHaveProperty(['grid.fromBusCounterWh'], 0);
    expect(told(zeros, 50 * SECOND_MS, { 'grid.fromBusCounterWh': 0 })).toHaveProperty(['grid.fromBusCounterWh'], 0);
    expect(told(zeros, 100 * SECOND_MS, { 'grid.fromBusCounterWh': 0 })).toEqual(EXPORT);
    const importing = { 'grid.powerW': 900, 'grid.fromBusCounterWh': 0 };
    expect(told(zeros, 101 * SECOND_MS, importing)).not.toHaveProperty(['grid.fromBusCounterWh']);
  });

  it('is one again as soon as it counts', () => {
    const zeros = new ZeroCounters('grid-meter');
    for (let second = 0; second < 200; second += 20) told(zeros, second * SECOND_MS, { 'grid.fromBusCounterWh': 0 });
    expect(told(zeros, 200 * SECOND_MS, { 'grid.fromBusCounterWh': 1_000 })).toHaveProperty(['grid.fromBusCounterWh'], 1_000);
  });

  it('is left out after it has counted: it was reset, or the device is asleep', () => {
    const zeros = new ZeroCounters('pv');
    zeros.withoutNone({ 'pv.powerW': 0, 'pv.toBusCounterWh': 7 }, 0);
    expect(zeros.withoutNone({ 'pv.powerW': 0, 'pv.toBusCounterWh': 0 }, 1_000)).toEqual({ 'pv.powerW': 0 });
    const after = new ZeroCounters('pv', { 'pv.powerW': 0, 'pv.toBusCounterWh': 7 });
    expect(after.withoutNone({ 'pv.toBusCounterWh': 0 }, 0)).toEqual({});
  });

  it('stays left out where it was in an earlier run', () => {
    expect(told(new ZeroCounters('grid-meter', EXPORT), 0, { 'grid.fromBusCounterWh': 0 })).toEqual(EXPORT);
  });

  it('is accused by nothing that was not seen', () => {
    const zeros = new ZeroCounters('grid-meter');
    told(zeros, 0, { 'grid.fromBusCounterWh': 0 });
    expect(told(zeros, 10 * MINUTE_MS, { 'grid.fromBusCounterWh': 0 })).toHaveProperty(['grid.fromBusCounterWh'], 0);
  });
});
