import { describe, expect, it } from 'vitest';
import type { Sample } from '../../field/sample.js';
import { QuarterBook } from './quarter-book.js';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const at = (minute: number, deviceId = 'pv-1'): Sample => ({ deviceId, atMs: minute * MINUTE, values: { 'pv.powerW': minute } });

const take = (book: QuarterBook, ...samples: Sample[]): number[] => {
  const newlyDue = book.newlyDue(samples);
  book.took(samples, newlyDue);
  return newlyDue;
};

describe('the book of due quarter-hours', () => {
  it('notes a quarter-hour once, sums it up as it comes, and gives it out a minute after it is over', () => {
    const book = new QuarterBook([], -Infinity);
    expect(take(book, at(1), at(2))).toEqual([0]);
    expect(take(book, at(14), at(1, 'pv-2'))).toEqual([]);
    take(book, at(15.5));
    expect(book.over()).toEqual([]);
    take(book, at(16));
    const [over] = book.over();
    expect(over!.complete).toBe(true);
    expect([...over!.running.keys()]).toEqual(['pv-1', 'pv-2']);
    expect(over!.running.get('pv-1')!.summaries.get('pv.powerW')).toEqual({ n: 3, total: 17, low: 1, high: 14, last: 14 });
    book.close([0]);
    expect(book.due()).toEqual([QUARTER]);
    expect(book.takeUnclear()).toBeUndefined();
  });

  it('leaves to the readings what comes twice or out of order, and only that device', () => {
    const book = new QuarterBook([], -Infinity);
    take(book, at(1), at(1, 'pv-2'), at(2), at(2), at(20));
    const [over] = book.over();
    expect([over!.complete, [...over!.running.keys()]]).toEqual([false, ['pv-2']]);
    expect(book.takeUnclear()).toBeUndefined();
    book.close([0]);
    expect(book.due()).toEqual([0, QUARTER]);
    expect(book.takeUnclear()).toEqual({ quarters: [0], devices: new Set(['pv-1']) });
    expect(book.clear([0])).toEqual([0]);
    book.settle([0]);
    expect(book.due()).toEqual([QUARTER]);
  });

  it('does not settle a quarter-hour that something came to meanwhile', () => {
    const book = new QuarterBook([], -Infinity);
    take(book, at(1), at(20));
    book.close([0]);
    expect(take(book, at(3, 'pv-2'))).toEqual([0]);
    const stretch = book.takeUnclear()!;
    take(book, at(4, 'pv-3'));
    expect(book.clear([0])).toEqual([]);
    book.putBack(stretch);
    expect(book.takeUnclear()).toEqual({ quarters: [0], devices: new Set(['pv-2', 'pv-3']) });
  });

  it('knows nothing of what was due before it was opened, and nothing of what was there', () => {
    const book = new QuarterBook([0, QUARTER, 3 * QUARTER], 3 * QUARTER);
    take(book, at(46), at(62));
    expect(book.takeUnclear()).toEqual({ quarters: [0, QUARTER], devices: 'all' });
    expect(book.takeUnclear()).toEqual({ quarters: [3 * QUARTER], devices: 'all' });
    expect(take(book, at(31))).toEqual([2 * QUARTER]);
    expect(book.takeUnclear()).toEqual({ quarters: [2 * QUARTER], devices: new Set(['pv-1']) });
    expect(book.over()).toEqual([]);
  });

  it('gives out what is not over where it is told to', () => {
    const book = new QuarterBook([], -Infinity);
    take(book, at(1));
    book.doubt([0]);
    expect(book.takeUnclear()).toBeUndefined();
    expect(book.takeUnclear(QUARTER)).toEqual({ quarters: [0], devices: 'all' });
  });
});
