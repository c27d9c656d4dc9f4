import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { askedRange, parseMoment, parseStep } from './asked-time.js';

describe('a moment that is asked for', () => {
  it('is written in milliseconds, with an offset, or as a local date', () => {
    const atMs = Date.UTC(2026, 2, 29, 10);
    expect(parseMoment(String(atMs))).toEqual({ kind: 'moment', atMs });
    for (const text of ['2026-03-29T10:00:00Z', '2026-03-29T12:00+02:00', '2026-03-29T12:00:00.000 02:00'])
      expect([text, parseMoment(text)]).toEqual([text, { kind: 'moment', atMs }]);
    expect(parseMoment('2026-03-29')).toEqual({ kind: 'date', date: '2026-03-29' });
    expect(parseMoment('0')).toEqual({ kind: 'moment', atMs: 0 });
  });

  it.each([
    ['yesterday', /is no time; write epoch milliseconds, a date-time/],
    ['', /is no time/],
    ['2026-02-30', /is no time/],
    ['2026-03-29T25:00:00Z', /is no time/],
    ['-5', /is no time/],
    ['9'.repeat(20), /is no time/],
    ['2026-03-29T12:00:00', /has no offset; write Z/],
    ['1774742400', /looks like seconds; write milliseconds/],
  ])('is not "%s"', (text, fault) => {
    expect(parseMoment(text)).toMatch(fault);
  });

  test.prop([fc.string()])('is one, or is told what is wrong with it', (text) => {
    const moment = parseMoment(text);
    expect(typeof moment === 'string' ? moment.includes(text) : moment.kind).toBeTruthy();
  });
});

describe('a range that is asked for', () => {
  const date = (text: string) => ({ kind: 'date', date: text }) as const;

  it('of a local day has the hours of that day', () => {
    const hours = ({ startMs, endMs }: { startMs: number; endMs: number }) => (endMs - startMs) / 3_600_000;
    expect(hours(askedRange(date('2026-03-29'), date('2026-03-30'), 'Europe/Berlin'))).toBe(23);
    expect(hours(askedRange(date('2026-10-25'), date('2026-10-26'), 'Europe/Berlin'))).toBe(25);
    expect(hours(askedRange(date('2026-03-29'), date('2026-03-30'), 'UTC'))).toBe(24);
  });

  it('runs forwards', () => {
    const at = (atMs: number) => ({ kind: 'moment', atMs }) as const;
    expect(() => askedRange(at(5), at(5), 'UTC')).toThrow(new BadInput('to: must be after from'));
    expect(() => askedRange(date('2026-03-29'), date('2026-03-29'), 'Europe/Berlin')).toThrow(
      /the midnight it begins with in Europe\/Berlin/,
    );
  });
});

describe('a step', () => {
  it('is written in three ways', () => {
    expect(['15m', 'PT15M', '900000', '900s'].map(parseStep)).toEqual(Array(4).fill(900_000));
    expect(['1h', 'PT1H', '1d', 'P1D', '1s'].map(parseStep)).toEqual([3_600_000, 3_600_000, 86_400_000, 86_400_000, 1_000]);
  });

  it.each([
    ['fast', /is no step; write 15m/],
    ['-15m', /is no step/],
    ['1.5h', /is no step/],
    ['0', /is too small; a step is a second at least/],
    ['500', /is too small/],
    ['2d', /a step is a day at most/],
    ['90s', /whole minutes from one minute up/],
    ['1500', /whole seconds/],
  ])('is not "%s"', (text, fault) => {
    expect(parseStep(text)).toMatch(fault);
  });
});
