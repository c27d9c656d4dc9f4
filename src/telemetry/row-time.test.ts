import { describe, expect, it } from 'vitest';
import { LocalTimes, parseRowTime } from './row-time.js';

const BERLIN = 'Europe/Berlin';
const wall = (text: string): number => Date.parse(`${text}Z`);

/** The moments that rows get, one by one; what is refused stands there by its reason. */
const placed = (times: readonly string[], zone = BERLIN): string[] => {
  const local = new LocalTimes<number>(zone);
  const rows = [...times.flatMap((text, row) => local.place(row, wall(text))), ...local.end()];
  return rows
    .sort((a, b) => a.row - b.row)
    .map((row) => (row.kind === 'placed' ? new Date(row.atMs).toISOString().slice(0, 16) : row.reason));
};

describe('the time of a row', () => {
  it.each([
    ['2026-05-01T12:00:00Z', '2026-05-01T12:00:00.000Z'],
    ['2026-05-01 12:00+02:00', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T12:00:00.5-0330', '2026-05-01T15:30:00.500Z'],
    ['1777636800', '2026-05-01T12:00:00.000Z'],
    ['1777636800.25', '2026-05-01T12:00:00.250Z'],
    ['1777636800123', '2026-05-01T12:00:00.123Z'],
  ])('%s is a moment', (text, iso) => {
    const time = parseRowTime(text);
    expect(time.kind === 'moment' && new Date(time.atMs).toISOString()).toBe(iso);
  });

  it('is local without an offset', () => {
    expect(parseRowTime('2026-05-01 12:15')).toEqual({ kind: 'local', wallMs: wall('2026-05-01T12:15') });
  });

  it.each(['', 'soon', '2026-02-30T00:00Z', '2026-05-01T24:00Z', '2026-05-01', '01.05.2026 12:00', '12', '2026-13-01T00:00Z'])(
    '"%s" is none',
    (text) => {
      expect(parseRowTime(text)).toEqual({ kind: 'unreadable' });
    },
  );
});

describe('local times', () => {
  it('are refused where the clocks jump over them', () => {
    expect(placed(['2026-03-29T01:45', '2026-03-29T02:15', '2026-03-29T03:00'])).toEqual([
      '2026-03-29T00:45',
      'no-such-time',
      '2026-03-29T01:00',
    ]);
  });

  const autumn = ['01:30', '02:00', '02:30', '02:00', '02:30', '03:00'].map((time) => `2026-10-25T${time}`);
  const moments = ['2026-10-24T23:30', '2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00'];

  it('of a doubled hour are told apart by their order, whichever way the file goes', () => {
    expect(placed(autumn)).toEqual(moments);
    expect(placed(autumn.toReversed())).toEqual(moments.toReversed());
    expect(placed(autumn.slice(0, 5))).toEqual(moments.slice(0, 5));
    expect(placed(autumn.slice(1))).toEqual(moments.slice(1));
  });

  it('of a doubled hour that the file has once are not guessed', () => {
    expect(placed([...autumn.slice(0, 3), autumn[5]!])).toEqual([moments[0], 'ambiguous-time', 'ambiguous-time', moments[5]]);
    expect(placed(['02:00', '02:30', '02:15', '02:00', '02:45'].map((time) => `2026-10-25T${time}`))).toEqual(
      Array.from({ length: 5 }, () => 'ambiguous-time'),
    );
  });

  it('are told apart where a row a pass is all there is', () => {
    expect(placed(['2026-10-25T01:00', '2026-10-25T02:00', '2026-10-25T02:00', '2026-10-25T03:00'])).toEqual([
      '2026-10-24T23:00',
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
    ]);
  });
});
