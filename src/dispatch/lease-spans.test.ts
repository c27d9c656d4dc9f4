import { describe, expect, it } from 'vitest';
import { LeaseSpans } from './lease-spans.js';

describe('lease spans', () => {
  it('tell which devices were under command in an interval, also while they still are', () => {
    const spans = new LeaseSpans();
    spans.note(new Set(['a', 'b']), 1_000);
    spans.note(new Set(['b']), 5_000);
    expect(
      spans
        .within({ startMs: 0, endMs: 2_000 })
        .map(({ deviceId }) => deviceId)
        .sort(),
    ).toEqual(['a', 'b']);
    expect(spans.within({ startMs: 6_000, endMs: 9_000 }).map(({ deviceId }) => deviceId)).toEqual(['b']);
    expect(spans.within({ startMs: 0, endMs: 1_000 })).toEqual([]);
  });

  it('forget what nobody asks about any more', () => {
    const spans = new LeaseSpans();
    spans.note(new Set(['a']), 1_000);
    spans.note(new Set(), 2_000);
    spans.forgetBefore(3_000);
    expect(spans.within({ startMs: 0, endMs: 9_000 })).toEqual([]);
  });
});
