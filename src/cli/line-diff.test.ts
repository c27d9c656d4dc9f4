import { describe, expect, it } from 'vitest';
import { lineDiff } from './line-diff.js';

describe('the lines in which two texts differ', () => {
  it('are those that changed, went and came', () => {
    expect(lineDiff('a\nb\nc\nd', 'a\nB\nc\nd\ne')).toEqual(['    2 - b', '    2 + B', '    5 + e']);
    expect(lineDiff('a\nb\nc', 'a\nc')).toEqual(['    2 - b']);
    expect(lineDiff('a\na', 'a')).toEqual(['    2 - a']);
    expect(lineDiff('', 'a\nb')).toEqual(['    1 - ', '    1 + a', '    2 + b']);
  });

  it('are none where nothing differs', () => {
    expect(lineDiff('a\nb', 'a\nb')).toEqual([]);
  });
});
