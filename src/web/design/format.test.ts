import { fc, test } from '../../../test/prop.js';
import { describe, expect, it } from 'vitest';

import { formatIn, MISSING, powerUnitFor, readingOf, roughSpan } from './format.js';

const english = formatIn('en', 'Europe/Berlin', 'EUR');
const german = formatIn('de', 'Europe/Berlin', 'EUR');
const SUMMER_NOON = Date.UTC(2026, 5, 10, 10, 0, 5);

describe('figures', () => {
  it('writes them as their reader does', () => {
    expect(english.power(-12_449)).toBe('\u221212.4');
    expect(german.power(-12_449)).toBe('\u221212,4');
    expect(english.power(23_400_000, 'MW', 2)).toBe('23.40');
    expect(english.energy(1_250, 3)).toBe('1.250');
    expect(english.money(840_000)).toBe('€0.84');
    expect(german.money(-840_000)).toBe('\u22120,84\u00a0€');
    expect(english.money(-1_000)).toBe('€0.00');
  });

  it('writes no number where there is none', () => {
    for (const text of [english.power(undefined), english.energy(undefined), english.money(undefined), english.percent(undefined)])
      expect(text).toBe(MISSING);
  });

  it('keeps one unit for figures side by side', () => {
    expect(powerUnitFor([2_000, -50_000])).toBe('kW');
    expect(powerUnitFor([2_000, -50_000_000])).toBe('MW');
    expect(powerUnitFor([])).toBe('kW');
  });

  it('shows the time of the site, not of the reader', () => {
    expect(english.time(SUMMER_NOON, true)).toBe('12:00:05');
    expect(formatIn('en', 'Asia/Kolkata', 'EUR').time(SUMMER_NOON)).toBe('15:30');
    expect(english.date('2026-06-10', 'long')).toContain('Wednesday');
    expect(german.date('2026-06-10', 'long')).toContain('Mittwoch');
  });

  it('says a small power in watts', () => {
    expect(english.plainPower(97.4)).toBe('97 W');
    expect(english.plainPower(-999.6)).toBe('\u22121.00 kW');
    expect(english.plainPower(4_230)).toBe('4.23 kW');
    expect(english.plainPower(undefined)).toBe('– kW');
  });

  it('says lengths of time roughly', () => {
    expect(roughSpan(9_400)).toEqual({ value: 9, unit: 'second' });
    expect(roughSpan(-600_000)).toEqual({ value: 10, unit: 'minute' });
    expect(roughSpan(7_200_000)).toEqual({ value: 2, unit: 'hour' });
    expect(roughSpan(-158.4 * 86_400_000)).toEqual({ value: 158, unit: 'day' });
  });

  it('takes the unit of a reading from its name', () => {
    expect(readingOf('powerW')).toEqual({ label: 'Power', unit: 'W', scale: 1 });
    expect(readingOf('importCounterWh')).toEqual({ label: 'Import counter', unit: 'kWh', scale: 0.001 });
    expect(readingOf('grid.powerW').label).toBe('Grid power');
    expect(readingOf('pv.availableW').label).toBe('PV available');
    expect(readingOf('battery.socPct').label).toBe('Battery SoC');
    expect(readingOf('device.limitPct')).toEqual({ label: 'Limit', unit: '%', scale: 1 });
    expect(readingOf('socPct')).toEqual({ label: 'SoC', unit: '%', scale: 1 });
    expect(readingOf('state')).toEqual({ label: 'State', unit: '', scale: 1 });
  });
});

test.prop([fc.integer({ min: -99_949, max: 99_949 })])('a figure is never longer than its field', (powerW) => {
  expect(english.power(powerW).length).toBeLessThanOrEqual(5);
  expect(english.power(powerW)).not.toBe('\u22120.0');
});
